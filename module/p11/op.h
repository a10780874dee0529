/* Operations and mechanisms: one row per mechanism, one engine per kind of operation. */
#ifndef TWINHSM_P11_OP_H
#define TWINHSM_P11_OP_H

#include "p11/p11.h"

enum mech_key { MECH_KEY_NONE, MECH_KEY_RSA, MECH_KEY_EC };

struct mech_ops;

/* What a mechanism is; answers C_GetMechanismInfo and the check of every Init. */
struct mech {
	CK_MECHANISM_TYPE type;
	enum mech_key key;
	const char *hash;            /* digest done on the host first, or NULL */
	CK_ULONG min_bits, max_bits; /* 0 for digests */
	CK_FLAGS flags;              /* CKF_SIGN, CKF_VERIFY, ... */
	const struct mech_ops *ops;
};

size_t mech_count(void);
const struct mech *mech_at(size_t i);
const struct mech *mech_find(CK_MECHANISM_TYPE type); /* NULL: unknown */

/* Ends an operation and wipes what it held. Accepts NULL. */
void op_free(struct p11_op *op);

#endif
