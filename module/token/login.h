/* What logins and changes of PINs share. */
#ifndef TWINHSM_TOKEN_LOGIN_H
#define TWINHSM_TOKEN_LOGIN_H

#include "token/state.h"

/* PIN commands; t->login is held. */
typedef hsm_rc login_job(
        struct token *t, struct card_lane *lane, struct rd first, struct rd second);

/* Runs a job under t->login, which is held across its commands so that what the card thinks and
 * what the token remembers change together. */
HSM_MUST hsm_rc login_run(struct token *t, login_job *job, struct rd first, struct rd second);

/* 16 hex digits. HSM_E_PIN_LEN, HSM_E_PIN_FORMAT. */
HSM_MUST hsm_rc so_pin_decode(struct rd digits, struct secret *out);

/* Verifies the eight bytes; cards that cannot verify the SO-PIN alone get it with the command that
 * needs it, so for them this succeeds. HSM_E_PIN_UNSET. */
HSM_MUST hsm_rc so_pin_verify(struct card_lane *lane, struct rd so_pin);

/* Our own new PIN does not end our own login; t->login is held. */
HSM_MUST hsm_rc login_keep(struct token *t);

/* token_who for who has looked at the card already and saw this `security`. */
enum token_user login_who(struct token *t, uint64_t security);

/* Forgets who is logged in; t->login is held. */
void login_forget(struct token *t);

#endif
