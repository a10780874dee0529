/* The template of GENERATE ASYMMETRIC KEY PAIR: the body of a CV request without its header. */
#ifndef TWINHSM_EMU_KEY_TEMPLATE_H
#define TWINHSM_EMU_KEY_TEMPLATE_H

#include "core/image.h"

/* Views borrowed from the command. */
struct key_template {
	struct emu_key_meta meta; /* its kid is the caller's to set */
	struct rd car;            /* inner; empty: none */
	struct rd chr;
	struct rd outer_car; /* empty: the device's */
};

/* Does the card have RSA keys of this size? */
bool key_rsa_size(uint16_t bits);

/* Tags 90 to 93, which set what a key may be used for. HSM_E_BAD_DATA when they are malformed,
 * HSM_E_BAD_ALG for a rule that the card does not have, HSM_E_NO_REF for such a key domain. */
HSM_MUST hsm_rc key_rules_parse(
        const struct emu_image *image, struct rd rules, struct emu_key_meta *meta);

/* HSM_E_BAD_DATA when it is malformed, HSM_E_BAD_ALG for a size, curve or rule the card does not
 * have, HSM_E_NO_REF for such a key domain. */
HSM_MUST hsm_rc key_template_parse(
        const struct emu_image *image, struct rd bytes, struct key_template *out);

#endif
