/* Key domains, as the commands show and complete them. */
#ifndef TWINHSM_EMU_CMD_DOMAIN_H
#define TWINHSM_EMU_CMD_DOMAIN_H

#include "cmd/cmd.h"

/* Bytes of domain_status for a domain whose UID has `uid_n` of them. */
#define DOMAIN_STATUS_LEN(uid_n) (2 + KCV_LEN + (size_t)(uid_n))

/* Writes number of shares, those still missing, the check value (zeros until there is a KEK) and,
 * of an XKEK, the UID. HSM_E_NO_REF when the domain is empty. */
HSM_MUST hsm_rc domain_status(const struct emu_image *image, uint8_t domain, struct wr *rsp);

/* DECIPHER with algorithm 84: the key named by P1 and the request of another card's key agree on
 * the KEK of its domain, whose state is answered. */
emu_cmd_fn cmd_agree_kek;

#endif
