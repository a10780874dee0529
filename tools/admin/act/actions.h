/* The actions of the command line, one function each, on a card that is open. All answer 0, or the
 * exit status after a message. */
#ifndef TWINHSM_TOOLS_ADMIN_ACTIONS_H
#define TWINHSM_TOOLS_ADMIN_ACTIONS_H

#include "admin/request.h"
#include "admin/session.h"

typedef int action_fn(struct session *s, struct request *r);

action_fn act_initialize;
action_fn act_create_share, act_import_share, act_print_share;
action_fn act_wrap, act_unwrap;
action_fn act_export_public, act_register_public, act_public_status;

/* Status of the card named by --reader, or of all there are; opens them itself. */
int act_status(const struct request *r);

/* ---- describe_card.c ---- */

/* The lines that sc-hsm-tool shows of a card, and some more. */
HSM_MUST hsm_rc describe_card(struct session *s);

/* The lines on its DKEK; none when it has no scheme. */
void describe_dkek(const struct card_domain *d);

/* ---- split_ui.c: a password shared n of m ---- */

/* Makes a password of random bytes of the card, or with NULL of this computer, and shows each part
 * to its holder. */
int split_show(struct session *s, unsigned threshold, unsigned total, struct secret *password);

/* Asks for `n` parts and puts the password together. */
int split_ask(unsigned n, struct secret *password);

#endif
