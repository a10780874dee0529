/* Slots: one for each configured card, in the order of the configuration. */
#include <stdlib.h>

#include "p11/p11.h"

static struct {
	struct config config; /* owns the addresses */
	struct p11_slot *slots;
	size_t n;
} g;

CK_RV slots_start(struct config *config)
{
	struct p11_slot *slots = calloc(config->cards_n + 1, sizeof(*slots));

	if (slots == NULL) {
		config_done(config);
		return CKR_HOST_MEMORY;
	}
	for (size_t i = 0; i < config->cards_n; i++) {
		slots[i].id = i;
		slots[i].address = config->cards[i];
		lock_init(&slots[i].lock);
		store_init(&slots[i].store);
	}
	g.config = *config;
	g.slots = slots;
	g.n = config->cards_n;
	return CKR_OK;
}

static void slot_done(struct p11_slot *slot) TS(no_thread_safety_analysis)
{
	store_done(&slot->store);
	token_close(slot->token);
	lock_done(&slot->lock);
}

void slots_stop(void)
{
	for (size_t i = 0; i < g.n; i++)
		slot_done(&g.slots[i]);
	free(g.slots);
	config_done(&g.config);
	slots_forget();
}

void slots_forget(void)
{
	g.config = (struct config){ 0 };
	g.slots = NULL;
	g.n = 0;
}

size_t slot_count(void)
{
	return g.n;
}

CK_RV slot_find(CK_SLOT_ID id, struct p11_slot **out)
{
	if (id >= g.n)
		return CKR_SLOT_ID_INVALID;
	*out = &g.slots[id];
	return CKR_OK;
}

/* A token that went away is closed as soon as no session borrows it, so that it can come back. */
static void drop_if_gone(struct p11_slot *slot) LOCK_REQUIRES(slot->lock)
{
	struct tp_epoch epoch;

	if (slot->token == NULL || slot->users != 0)
		return;
	if (card_look(token_card(slot->token), &epoch) == HSM_OK)
		return;
	token_close(slot->token);
	slot->token = NULL;
}

static hsm_rc open_token(const char *address, struct token **out)
{
	struct card *card;

	TRY(card_open_secure(address, g.config.secure, &card));
	return token_open(card, out);
}

/* An empty reader, or one that is not plugged in, is nothing to complain about. */
static enum log_level level_of(hsm_rc rc)
{
	return rc == HSM_E_NO_CARD || rc == HSM_E_NO_READER ? LOG_INFO : LOG_ERROR;
}

CK_RV slot_token(struct p11_slot *slot, struct token **out)
{
	hsm_rc rc = HSM_OK;

	drop_if_gone(slot);
	if (slot->token == NULL)
		rc = open_token(slot->address, &slot->token);
	if (rc != HSM_OK && rc != slot->reported)
		log_say(level_of(rc), "%s: %s", slot->address, rc_text(rc));
	slot->reported = rc;
	if (rc != HSM_OK)
		slot->token = NULL;
	*out = slot->token;
	return rc_to_ckr(rc);
}
