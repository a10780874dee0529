/* Outcomes: one type for every layer, the compiler refuses to let one drop. */
#ifndef TWINHSM_BASE_RC_H
#define TWINHSM_BASE_RC_H

typedef enum {
	HSM_OK = 0,
#define X(name, ckr, sw, text) HSM_E_##name,
#include "base/rc.def"
#undef X
	HSM_RC_COUNT
} hsm_rc;

#define HSM_MUST __attribute__((warn_unused_result))

/* Leaves the function with the outcome of `expr` unless it is HSM_OK. */
#define TRY(expr)                                                                                  \
	do {                                                                                       \
		hsm_rc rc_ = (expr);                                                               \
		if (rc_ != HSM_OK)                                                                 \
			return rc_;                                                                \
	} while (0)

/* The text of an outcome for people; never NULL, never freed. */
const char *rc_text(hsm_rc rc);

/* The name of an outcome as in rc.def ("NOT_AUTH"); never NULL, never freed. */
const char *rc_name(hsm_rc rc);

#endif
