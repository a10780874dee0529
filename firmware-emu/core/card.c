#include "core/core.h"

static bool any_pka(const struct emu_card *card)
{
	for (size_t i = 0; i < PKA_KEYS_MAX; i++) {
		if (atomic_load(&card->pka_revs[i]) != 0)
			return true;
	}
	return false;
}

/* Nobody logged in: the token key has no more use. */
static void forget_key(struct emu_card *card) LOCK_REQUIRES(card->lock)
{
	if (atomic_load(&card->user_rev) == 0 && atomic_load(&card->so_rev) == 0 && !any_pka(card))
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

void card_pka_signed(struct emu_card *card, uint8_t number, uint64_t rev)
{
	lock(&card->lock);
	atomic_store(&card->pka_revs[number], rev);
	unlock(&card->lock);
}

/* Challenges go with it, so that a signature cannot be used again. */
static void forget_pka(struct emu_card *card) LOCK_REQUIRES(card->lock)
{
	atomic_fetch_add(&card->pka_round, 1);
	for (size_t i = 0; i < PKA_KEYS_MAX; i++)
		atomic_store(&card->pka_revs[i], 0);
}

void card_drop_pka(struct emu_card *card)
{
	lock(&card->lock);
	forget_pka(card);
	forget_key(card);
	unlock(&card->lock);
}

void card_give_key(struct emu_card *card, const struct secret *key)
{
	lock(&card->lock);
	card->token_key = *key;
	unlock(&card->lock);
}

void card_logout_all(struct emu_card *card)
{
	lock(&card->lock);
	atomic_store(&card->user_rev, 0);
	atomic_store(&card->so_rev, 0);
	forget_pka(card);
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
