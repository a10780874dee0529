/* KEKs that two cards agree on (XKEK): who belongs to a group of cards, and the agreement. A group
 * is known by its UID, the public key that signs for it. */
#ifndef TWINHSM_EMU_KEY_XKEK_H
#define TWINHSM_EMU_KEY_XKEK_H

#include "core/core.h"
#include "p15/cvc.h"

/* What makes a card a member; views borrowed from the bytes. */
struct xkek_membership {
	struct cvc group;    /* request of the key that signs for the group */
	struct rd uid;       /* X and Y of that key */
	struct rd signature; /* over 54 and X of the card's own public key */
};

/* Parses body (7F4E) and signature (5F37) of the request, then the signature of the membership
 * (54). HSM_E_BAD_DATA; HSM_E_BAD_ALG for anything but ECDSA with SHA-256 on a known curve of 256
 * bits.
 */
HSM_MUST hsm_rc xkek_membership_parse(struct rd data, struct xkek_membership *out);

/* Both signatures, for this card. HSM_E_UNTRUSTED. */
HSM_MUST hsm_rc xkek_membership_verify(
        const struct emu_image *image, const struct xkek_membership *m);

/* Writes the extension (73) that names the group in the request of a key that may be used to agree;
 * nothing for others. */
void xkek_extension_put(
        const struct emu_image *image, const struct emu_key_meta *meta, struct wr *out);

/* The UID in extensions (contents of 65); empty when there is none. */
struct rd xkek_extension_uid(struct rd extensions);

/* The key of an agreement that is still to come, borrowed from the image. HSM_E_NO_REF: no such
 * key, or not in the domain of an XKEK; HSM_E_BAD_ALG: not on brainpoolP256r1; HSM_E_KEY_REFUSED:
 * its list does not name the algorithm; HSM_E_NOT_ALLOWED: the domain has its KEK. */
HSM_MUST hsm_rc xkek_key(const struct emu_image *image, uint8_t kid, struct emu_key **out);

/* The KEK that such a key and that of another card's authenticated request (67, or its contents)
 * come to. The request must be of the same group and signed by the device key that is selected
 * (core/trust.h). HSM_E_BAD_DATA, HSM_E_BAD_ALG: the request; HSM_E_NO_REF: none selected;
 * HSM_E_UNTRUSTED: a signature. */
HSM_MUST hsm_rc xkek_agree(
        struct emu_lane *lane, struct emu_key *key, struct rd request, struct secret *kek);

#endif
