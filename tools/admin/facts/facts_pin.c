#include "facts.h"

static const char *state_of(const struct pin_status *s)
{
	return s->keys        ? "registered keys"
	       : s->unset     ? "not set"
	       : s->locked    ? "locked"
	       : s->transport ? "transport"
	       : s->verified  ? "verified"
	                      : "ready";
}

static hsm_rc pin(struct card_lane *lane, enum schsm_ref ref, json_t *out, const char *member)
{
	struct pin_status s = { 0 };
	json_t *fact;

	TRY(card_pin_status(lane, ref, &s));
	fact = json_pack("{s:s}", "state", state_of(&s));
	if (!s.unset && !s.transport && !s.verified)
		json_object_set_new(fact, "tries_left", json_integer(s.tries));
	json_object_set_new(out, member, fact);
	return HSM_OK;
}

hsm_rc facts_pins(struct card_lane *lane, json_t *out)
{
	TRY(pin(lane, REF_USER_PIN, out, "user_pin"));
	return pin(lane, REF_SO_PIN, out, "so_pin");
}
