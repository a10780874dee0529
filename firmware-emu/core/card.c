#include "core/core.h"

/* Nobody logged in: the token key has no more use. */
static void forget_key(struct emu_card *card) LOCK_REQUIRES(card->lock)
{
	if (atomic_load(&card->user_rev) == 0 && atomic_load(&card->so_rev) == 0)
		secret_wipe(&card->token_key);
}

static _Atomic uint64_t *rev_of(struct emu_card *card, enum schsm_ref ref)
{
	return ref == REF_SO_PIN ? &card->so_rev : &card->user_rev;
}

void card_login(struct emu_card *card, enum schsm_ref ref, uint64_t rev, const struct secret *key)
{
	lock(&card->lock);
	card->token_key = *key;
	atomic_store(rev_of(card, ref), rev);
	unlock(&card->lock);
}

void card_drop(struct emu_card *card, enum schsm_ref ref)
{
	lock(&card->lock);
	atomic_store(rev_of(card, ref), 0);
	forget_key(card);
	unlock(&card->lock);
}

void card_logout_all(struct emu_card *card)
{
	lock(&card->lock);
	atomic_store(&card->user_rev, 0);
	atomic_store(&card->so_rev, 0);
	forget_key(card);
	unlock(&card->lock);
}

hsm_rc card_token_key(struct emu_card *card, struct secret *out)
{
	lock(&card->lock);
	*out = card->token_key;
	unlock(&card->lock);
	return out->n == 0 ? HSM_E_NOT_AUTH : HSM_OK;
}
