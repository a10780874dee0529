#include <stdlib.h>

#include "base/log.h"
#include "core/core.h"

hsm_rc lane_new(struct emu_card *card, struct emu_lane **out)
{
	struct emu_lane *lane = calloc(1, sizeof(*lane));
	hsm_rc rc;

	if (lane == NULL)
		return HSM_E_MEMORY;
	lane->card = card;
	lane->resets = atomic_load(&card->resets);
	rc = token_image(card->token, &lane->image);
	if (rc == HSM_OK)
		*out = lane;
	else
		free(lane);
	return rc;
}

void lane_free(struct emu_lane *lane)
{
	if (txn_flush(lane) != HSM_OK)
		log_say(LOG_ERROR, "changes that were held back on a card are lost");
	chain_done(&lane->chain);
	channel_end(lane);
	image_free(lane->image);
	free(lane);
}

static void notice_reset(struct emu_lane *lane)
{
	const unsigned resets = atomic_load(&lane->card->resets);

	if (lane->resets == resets)
		return;
	lane->resets = resets;
	lane->current_fid = 0;
	chain_done(&lane->chain);
	channel_end(lane);
	lane->trust = (struct trust){ 0 };
	lane->pka = (struct pka){ 0 };
}

hsm_rc lane_sync(struct emu_lane *lane)
{
	struct emu_image *image;
	bool current;

	notice_reset(lane);
	if (lane->in_txn)
		return HSM_OK;
	TRY(token_current(lane->card->token, lane->image->generation, &current));
	if (current)
		return HSM_OK;
	TRY(token_image(lane->card->token, &image));
	image_free(lane->image);
	lane->image = image;
	return HSM_OK;
}

static bool earned(uint64_t rev, const struct emu_pin *pin)
{
	return rev != 0 && rev == pin->rev;
}

bool lane_user(const struct emu_lane *lane)
{
	const bool pin = earned(atomic_load(&lane->card->user_rev), &lane->image->user);

	if ((lane->image->options & OPT_PIN_AND_PKA) != 0)
		return pin && pka_reached(lane);
	return pin || pka_reached(lane);
}

bool lane_so(const struct emu_lane *lane)
{
	return earned(atomic_load(&lane->card->so_rev), &lane->image->so);
}

uint64_t lane_token(const struct emu_lane *lane)
{
	return lane->image->so.rev; /* the token key never changes without the SO-PIN's record */
}
