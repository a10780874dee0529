#include "core/pka.h"

#include "core/core.h"

bool pka_has_signed(const struct emu_lane *lane, uint8_t number)
{
	const struct emu_pka_key *key = lane->image->pka.keys[number];

	return key != NULL && atomic_load(&lane->card->pka_revs[number]) == key->rev;
}

uint8_t pka_authenticated(const struct emu_lane *lane)
{
	uint8_t n = 0;

	for (uint8_t i = 0; i < lane->image->pka.total; i++) {
		if (pka_has_signed(lane, i))
			n++;
	}
	return n;
}

bool pka_reached(const struct emu_lane *lane)
{
	const struct emu_pka *pka = &lane->image->pka;

	return pka->total != 0 && pka_authenticated(lane) >= pka->required;
}

/* The place in the image of the lane's selected key. */
static bool selected_number(const struct emu_lane *lane, uint8_t *out)
{
	const struct emu_pka *pka = &lane->image->pka;

	for (uint8_t i = 0; i < pka->total; i++) {
		if (pka->keys[i] != NULL && pka->keys[i]->rev == lane->pka.selected) {
			*out = i;
			return true;
		}
	}
	return false;
}

hsm_rc pka_select(struct emu_lane *lane, struct rd chr)
{
	const struct emu_pka *pka = &lane->image->pka;

	lane->pka.selected = 0;
	for (uint8_t i = 0; i < pka->total; i++) {
		const struct emu_pka_key *key = pka->keys[i];

		if (key == NULL || !rd_equal(rd_of(key->chr, key->chr_n), chr))
			continue;
		if (pka_has_signed(lane, i))
			return HSM_E_NOT_ALLOWED;
		lane->pka.selected = key->rev;
		return HSM_OK;
	}
	return HSM_E_NO_REF;
}

void pka_challenge(struct emu_lane *lane, struct rd random)
{
	struct pka *pka = &lane->pka;

	pka->challenged = random.n == sizeof(pka->challenge);
	pka->round = atomic_load(&lane->card->pka_round);
	if (pka->challenged)
		memcpy(pka->challenge, random.p, random.n);
}

hsm_rc pka_pending(const struct emu_lane *lane, uint8_t *number, struct rd *challenge)
{
	const struct pka *pka = &lane->pka;

	if (!selected_number(lane, number))
		return HSM_E_NO_REF;
	if (!pka->challenged || pka->round != atomic_load(&lane->card->pka_round) ||
	        pka_has_signed(lane, *number))
		return HSM_E_NOT_ALLOWED;
	*challenge = rd_of(pka->challenge, sizeof(pka->challenge));
	return HSM_OK;
}

void pka_accept(struct emu_lane *lane, uint8_t number)
{
	card_pka_signed(lane->card, number, lane->image->pka.keys[number]->rev);
	channel_pka(lane);
	if (pka_opens(lane->image) && pka_reached(lane))
		card_give_key(lane->card, &lane->image->pka.token_key);
}
