/* Slots: one for each place where a card is or was. */
#include <stdlib.h>

#include "p11/p11.h"

enum { SLOTS_MAX = 1024 };

/* `look` lets one thread at a time find out what is there, without keeping others from the slots.
 * `lock` is a leaf: nothing is taken and no card is asked under it. */
static struct {
	struct lock look;
	struct config config;                  /* never changes while the library runs */
	struct places places GUARDED_BY(look); /* as they were seen last */
	bool watching GUARDED_BY(look);
	struct places_watch watch GUARDED_BY(look);
	struct lock lock;
	struct p11_slot **slots GUARDED_BY(lock);
	size_t n GUARDED_BY(lock);
} g = { .look = LOCK_INIT, .lock = LOCK_INIT };

void stay_free(struct p11_stay *stay)
{
	if (atomic_fetch_sub(&stay->refs, 1) != 1)
		return;
	token_close(stay->token);
	free(stay);
}

/* ---- the table ---- */

size_t slot_count(void)
{
	size_t n;

	lock(&g.lock);
	n = g.n;
	unlock(&g.lock);
	return n;
}

CK_RV slot_find(CK_SLOT_ID id, struct p11_slot **out)
{
	CK_RV rv = CKR_SLOT_ID_INVALID;

	lock(&g.lock);
	if (id < g.n) {
		*out = g.slots[id];
		rv = CKR_OK;
	}
	unlock(&g.lock);
	return rv;
}

static struct p11_slot *slot_at(const char *address) LOCK_REQUIRES(g.lock)
{
	for (size_t i = 0; i < g.n; i++) {
		if (strcmp(g.slots[i]->address, address) == 0)
			return g.slots[i];
	}
	return NULL;
}

static struct p11_slot *slot_new(const struct card_place *place)
{
	struct p11_slot *slot = calloc(1, sizeof(*slot));

	if (slot == NULL)
		return NULL;
	slot->address = strdup(place->address);
	if (slot->address == NULL) {
		free(slot);
		return NULL;
	}
	lock_init(&slot->lock);
	store_init(&slot->store);
	return slot;
}

static void slot_free(struct p11_slot *slot) TS(no_thread_safety_analysis)
{
	store_done(&slot->store);
	if (slot->stay != NULL)
		stay_free(slot->stay);
	lock_done(&slot->lock);
	free(slot->address);
	free(slot);
}

static hsm_rc table_add(const struct card_place *place, struct p11_slot **out) LOCK_REQUIRES(g.lock)
{
	struct p11_slot **slots = NULL;

	if (g.n < SLOTS_MAX)
		slots = reallocarray(g.slots, g.n + 1, sizeof(struct p11_slot *));
	if (slots == NULL)
		return HSM_E_MEMORY;
	g.slots = slots;
	slots[g.n] = slot_new(place);
	if (slots[g.n] == NULL)
		return HSM_E_MEMORY;
	*out = slots[g.n];
	(*out)->id = g.n++;
	return HSM_OK;
}

/* ---- what came and went ---- */

static const struct card_place nothing = { .rc = HSM_E_NO_CARD };

/* A card is another one when its stamp is. */
static bool is_change(const struct p11_slot *slot, const struct card_place *now)
{
	if (slot->seen != HSM_OK)
		return now->rc == HSM_OK;
	return now->rc != HSM_OK || now->stamp != slot->stamp;
}

/* Remembers what is there now; true: that is news. */
static bool note(struct p11_slot *slot, const struct card_place *now) LOCK_REQUIRES(g.lock)
{
	bool change = is_change(slot, now);

	slot->seen = now->rc;
	slot->stamp = now->stamp;
	slot->event |= change;
	return change;
}

static const struct card_place *place_at(const char *address) LOCK_REQUIRES(g.look)
{
	for (size_t i = 0; i < g.places.n; i++) {
		if (strcmp(g.places.v[i].address, address) == 0)
			return &g.places.v[i];
	}
	return &nothing;
}

/* A place that was not there before is news when a card is in it. */
static bool add_new(void) LOCK_REQUIRES(g.look, g.lock)
{
	bool news = false;

	for (size_t i = 0; i < g.places.n; i++) {
		struct p11_slot *slot;

		if (slot_at(g.places.v[i].address) != NULL)
			continue;
		if (table_add(&g.places.v[i], &slot) != HSM_OK)
			break;
		slot->seen = HSM_E_NO_CARD;
		news |= note(slot, &g.places.v[i]);
	}
	return news;
}

static bool merge(void) LOCK_REQUIRES(g.look)
{
	bool news = false;

	lock(&g.lock);
	for (size_t i = 0; i < g.n; i++)
		news |= note(g.slots[i], place_at(g.slots[i]->address));
	news |= add_new();
	unlock(&g.lock);
	return news;
}

/* Ends what was in the slot; whoever uses it still keeps it until then. */
static struct p11_stay *take_stay(struct p11_slot *slot) LOCK_REQUIRES(slot->lock)
{
	struct p11_stay *stay = slot->stay;

	slot->stay = NULL;
	return stay;
}

static void tell(struct p11_slot *slot)
{
	struct card_place now = { 0 };

	now.rc = tp_sight(slot->address, &now.stamp);
	lock(&g.lock);
	slot->event = true;
	slot->seen = now.rc;
	slot->stamp = now.stamp;
	unlock(&g.lock);
	sessions_wake();
}

/* Its sessions are over, and the slot's reference is dropped. */
static void stay_over(struct p11_slot *slot, struct p11_stay *stay)
{
	session_close_stay(stay);
	stay_free(stay);
	tell(slot);
}

void slot_removed(struct p11_slot *slot, const struct p11_stay *stay)
{
	struct p11_stay *gone = NULL;

	lock(&slot->lock);
	if (slot->stay == stay)
		gone = take_stay(slot);
	unlock(&slot->lock);
	if (gone != NULL)
		stay_over(slot, gone);
}

/* The token that went away, if it did; not to be had any longer. */
static struct p11_stay *take_if_gone(struct p11_slot *slot) LOCK_REQUIRES(slot->lock)
{
	hsm_rc rc;

	if (slot->stay == NULL)
		return NULL;
	rc = card_present(token_card(slot->stay->token));
	if (rc == HSM_E_GONE || (rc != HSM_OK && atomic_load(&slot->stay->refs) == 1))
		return take_stay(slot);
	return NULL;
}

/* Has the token of the slot gone? */
static void check(struct p11_slot *slot)
{
	struct p11_stay *gone;

	lock(&slot->lock);
	gone = take_if_gone(slot);
	unlock(&slot->lock);
	if (gone != NULL)
		stay_over(slot, gone);
}

static void check_all(void)
{
	struct p11_slot *slot;

	for (CK_SLOT_ID id = 0; slot_find(id, &slot) == CKR_OK; id++)
		check(slot);
}

void slots_watch(void)
{
	lock(&g.look);
	g.watching = true;
	unlock(&g.look);
}

CK_RV slots_refresh(void)
{
	bool news = false;
	hsm_rc rc;

	check_all();
	lock(&g.look);
	rc = places_look(&g.config, g.watching ? &g.watch : NULL, &g.places);
	if (rc == HSM_OK)
		news = merge();
	unlock(&g.look);
	if (news)
		sessions_wake();
	return rc_to_ckr(rc);
}

bool slot_take_event(CK_SLOT_ID *out)
{
	bool found = false;

	lock(&g.lock);
	for (size_t i = 0; i < g.n && !found; i++) {
		found = g.slots[i]->event;
		g.slots[i]->event = false;
		if (found)
			*out = i;
	}
	unlock(&g.lock);
	return found;
}

/* ---- from C_Initialize to C_Finalize ---- */

static void forget_events(void)
{
	lock(&g.lock);
	for (size_t i = 0; i < g.n; i++)
		g.slots[i]->event = false;
	unlock(&g.lock);
}

CK_RV slots_start(struct config *config)
{
	CK_RV rv;

	g.config = *config;
	rv = slots_refresh();
	forget_events();
	if (rv != CKR_OK)
		slots_stop();
	return rv;
}

static void reset(void) TS(no_thread_safety_analysis)
{
	g.config = (struct config){ 0 };
	g.places = (struct places){ 0 };
	g.watching = false;
	g.watch = (struct places_watch){ 0 };
	g.slots = NULL;
	g.n = 0;
}

void slots_stop(void) TS(no_thread_safety_analysis)
{
	for (size_t i = 0; i < g.n; i++)
		slot_free(g.slots[i]);
	free(g.slots);
	places_unwatch(&g.watch);
	places_done(&g.places);
	config_done(&g.config);
	reset();
}

void slots_forget(void)
{
	lock_init(&g.look);
	lock_init(&g.lock);
	reset();
}

/* ---- the token ---- */

static hsm_rc open_token(const char *address, struct token **out)
{
	struct card *card;

	TRY(card_open_secure(address, g.config.secure, &card));
	return token_open(card, out);
}

static hsm_rc open_stay(const char *address, struct p11_stay **out)
{
	struct p11_stay *stay = calloc(1, sizeof(*stay));
	hsm_rc rc = stay == NULL ? HSM_E_MEMORY : open_token(address, &stay->token);

	if (rc != HSM_OK) {
		free(stay);
		return rc;
	}
	atomic_init(&stay->refs, 1);
	*out = stay;
	return HSM_OK;
}

/* An empty reader, or one that is not plugged in, is nothing to complain about. */
static enum log_level level_of(hsm_rc rc)
{
	return rc == HSM_E_NO_CARD || rc == HSM_E_NO_READER ? LOG_INFO : LOG_ERROR;
}

CK_RV slot_token(struct p11_slot *slot, struct token **out)
{
	struct p11_stay *gone = take_if_gone(slot);
	hsm_rc rc = HSM_OK;

	if (gone != NULL)
		stay_over(slot, gone);
	if (slot->stay == NULL)
		rc = open_stay(slot->address, &slot->stay);
	if (rc != HSM_OK && rc != slot->reported)
		log_say(level_of(rc), "%s: %s", slot->address, rc_text(rc));
	slot->reported = rc;
	*out = rc == HSM_OK ? slot->stay->token : NULL;
	return rc_to_ckr(rc);
}
