/* What a card tells of itself, as members of an answer. */
#ifndef TWINHSM_TOOLS_ADMIN_FACTS_H
#define TWINHSM_TOOLS_ADMIN_FACTS_H

#include "admin/json.h"
#include "admin/session.h"
#include "base/buf.h"
#include "p15/cvc_verify.h"

/* ---- facts_pin.c ---- */

/* State and tries left of both PINs: members user_pin and so_pin. */
HSM_MUST hsm_rc facts_pins(struct card_lane *lane, json_t *out);

/* ---- facts_domain.c ---- */

enum { DOMAINS_MAX = 256 };

/* The key domains that the card was initialised with; none: it has no DKEK scheme. */
struct domains {
	size_t n;
	struct card_domain v[DOMAINS_MAX];
};
HSM_MUST hsm_rc domains_read(struct card_lane *lane, struct domains *out);

json_t *facts_domain(size_t number, const struct card_domain *d);

/* An array of them. */
json_t *facts_domains(const struct domains *d);

/* ---- facts_maker.c: who made the card ---- */

struct maker {
	hsm_rc rc;                   /* of the chain: HSM_E_NO_REF when its root is not known */
	struct cvc cert, issuer;     /* views into file; empty when they cannot be read */
	const struct cvc_root *root; /* with rc HSM_OK */
	struct buf file;             /* EF 2F02 */
};

void maker_done(struct maker *m);
#define AUTO_MAKER __attribute__((cleanup(maker_done))) struct maker

/* Fills in everything from `file`. */
void maker_check(struct maker *m);

/* Reads and checks the card's certificates; fails only when they cannot be read. */
HSM_MUST hsm_rc maker_read(struct card_lane *lane, struct maker *out);

/* "genuine", "test card", "twin", "unknown maker" or "invalid certificate". */
const char *maker_kind(const struct maker *m);

/* What that means, for people. */
const char *maker_meaning(const struct maker *m);

#endif
