/* Secure messaging (ISO/IEC 7816-4 section 10) with AES-128-CBC and CMAC, after chip authentication
 * (BSI TR-03110-2 section 3.4 and -3 annex F, in the dialect of the SmartCard-HSM). A channel that
 * answered anything but HSM_OK must not be used any more. */
#ifndef TWINHSM_APDU_SM_H
#define TWINHSM_APDU_SM_H

#include "apdu/capdu.h"

/* id-CA-ECDH-AES-CBC-CMAC-128 */
#define SM_OID_AES_128 "\x04\x00\x7F\x00\x07\x02\x02\x03\x02\x02"

enum {
	CLA_SM = 0x0C, /* secure messaging, header authenticated */
	SM_KEY_LEN = 16,
	SM_BLOCK_LEN = 16,
	SM_NONCE_LEN = 8,
	SM_MAC_LEN = 8,
	SM_OVERHEAD =
	        4 + 1 + SM_BLOCK_LEN + 4 + 2 + SM_MAC_LEN, /* protected minus plain, at most */
	SM_DATA_MAX = 65503, /* data of a command or answer that still fits when protected */
};

/* Keys and send sequence counter of a channel. */
struct sm {
	uint8_t enc[SM_KEY_LEN], mac[SM_KEY_LEN];
	uint8_t ssc[SM_BLOCK_LEN];
};

/* Keys of a new channel from the X coordinate both sides agreed on and the card's nonce. */
HSM_MUST hsm_rc sm_derive(struct rd shared_x, struct rd nonce, struct sm *out);

/* What proves that the card knows the keys: over the host's public point, SM_MAC_LEN bytes. */
HSM_MUST hsm_rc sm_token(const struct sm *sm, struct rd host_point, uint8_t *token);

void sm_wipe(struct sm *sm);

/* Host side: protects a command. Its new data goes to `room` (plain data and SM_OVERHEAD more),
 * from which `*out` borrows. An answer too long for Le 256 needs plain->extended. HSM_E_BAD_LEN
 * above SM_DATA_MAX, HSM_E_SMALL. */
HSM_MUST hsm_rc sm_protect_command(
        struct sm *sm, const struct capdu *plain, struct wr *room, struct capdu *out);

/* Card side: checks and opens a command with CLA_SM. The plain data goes to `room` (as long as the
 * protected), from which `*out` borrows. HSM_E_SM_MISSING: an object is not there; HSM_E_SM_WRONG:
 * the MAC or the form of one is wrong; HSM_E_BAD_LEN: Le is not there. */
HSM_MUST hsm_rc sm_unprotect_command(
        struct sm *sm, const struct capdu *c, struct wr *room, struct capdu *out);

/* Card side: writes the protected answer, status word included. HSM_E_BAD_LEN when data and
 * overhead are more than `ne`. The counter goes on only with HSM_OK. */
HSM_MUST hsm_rc sm_protect_answer(
        struct sm *sm, const struct rapdu *plain, size_t ne, struct wr *out);

/* Host side: checks and opens an answer; otherwise as sm_unprotect_command. The status word is the
 * protected one. */
HSM_MUST hsm_rc sm_unprotect_answer(
        struct sm *sm, const struct rapdu *answer, struct wr *room, struct rapdu *out);

#endif
