#include "facts.h"

/* From applet 4.0 every number is answered as an empty domain when there are none, so the last one,
 * which no card has, tells the difference. */
static hsm_rc any_configured(
        struct card_lane *lane, const struct card_domain *first, bool *configured)
{
	struct card_domain last = { .state = CARD_DOMAIN_NONE };

	if (first->state == CARD_DOMAIN_EMPTY)
		TRY(card_domain_status(lane, DOMAINS_MAX - 1, &last));
	*configured = last.state == CARD_DOMAIN_NONE;
	return HSM_OK;
}

hsm_rc domains_read(struct card_lane *lane, struct domains *out)
{
	bool configured;

	out->n = 0;
	TRY(card_domain_status(lane, 0, &out->v[0]));
	TRY(any_configured(lane, &out->v[0], &configured));
	while (configured && out->v[out->n].state != CARD_DOMAIN_NONE && out->n < DOMAINS_MAX - 1) {
		out->n++;
		TRY(card_domain_status(lane, (uint8_t)out->n, &out->v[out->n]));
	}
	return HSM_OK;
}

static bool has_key(const struct card_domain *d)
{
	static const uint8_t none[CARD_KCV_LEN];

	return d->state == CARD_DOMAIN_COMPLETE && memcmp(d->kcv, none, sizeof(none)) != 0;
}

static const char *state_of(const struct card_domain *d)
{
	return d->state == CARD_DOMAIN_NONE      ? "none"
	       : d->state == CARD_DOMAIN_EMPTY   ? "empty"
	       : d->state == CARD_DOMAIN_PENDING ? "shares missing"
	       : has_key(d)                      ? "complete"
	                                         : "no key yet";
}

json_t *facts_domain(size_t number, const struct card_domain *d)
{
	json_t *out = json_pack("{s:I}", "domain", (json_int_t)number);

	if (d->state == CARD_DOMAIN_PENDING || d->state == CARD_DOMAIN_COMPLETE)
		json_object_set_new(out, "kind", json_string(d->uid_n == 0 ? "DKEK" : "XKEK"));
	json_object_set_new(out, "state", json_string(state_of(d)));
	if (d->uid_n == 0 && json_object_get(out, "kind") != NULL) {
		json_object_set_new(out, "shares", json_integer(d->shares));
		json_object_set_new(out, "missing", json_integer(d->missing));
	}
	if (has_key(d))
		json_object_set_new(
		        out, "key_check_value", json_hex(rd_of(d->kcv, sizeof(d->kcv))));
	if (d->uid_n != 0)
		json_object_set_new(out, "uid", json_hex(rd_of(d->uid, d->uid_n)));
	return out;
}

json_t *facts_domains(const struct domains *d)
{
	json_t *out = json_array();

	for (size_t i = 0; i < d->n; i++)
		json_array_append_new(out, facts_domain(i, &d->v[i]));
	return out;
}
