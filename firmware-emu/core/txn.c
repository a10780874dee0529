#include "core/core.h"
#include "p15/limits.h"

static void show(struct emu_lane *lane, struct emu_image *image)
{
	image_free(lane->image);
	lane->image = image;
}

/* Gives up whatever the transaction did; the lane sees what is published. */
static void undo(struct emu_lane *lane, struct store *store)
{
	struct emu_token *token = lane->card->token;

	store_rollback(store);
	lane->in_txn = false;
	lane->store = NULL;
	show(lane, token_published(token));
	token_leave(token);
}

static hsm_rc begin(struct emu_lane *lane, struct store *store)
{
	struct emu_token *token = lane->card->token;
	struct emu_image *image = NULL;
	bool current = false;
	hsm_rc rc;

	TRY(store_begin(store));
	/* Nobody can change the file from here on, so the look is final. */
	rc = token_current(token, lane->image->generation, &current);
	if (rc == HSM_OK && !current)
		rc = token_reload(token, NULL, &image);
	if (rc != HSM_OK) {
		store_rollback(store);
		return rc;
	}
	if (image != NULL)
		show(lane, image);
	lane->in_txn = true;
	lane->store = store;
	return HSM_OK;
}

hsm_rc txn_begin(struct emu_lane *lane, struct store **out)
{
	struct store *store = lane->store;
	hsm_rc rc;

	if (!lane->in_txn) {
		TRY(token_enter(lane->card->token, &store));
		rc = begin(lane, store);
		if (rc != HSM_OK) {
			token_leave(lane->card->token);
			return rc;
		}
	}
	rc = store_mark(store);
	if (rc != HSM_OK) {
		undo(lane, store);
		return rc;
	}
	*out = store;
	return HSM_OK;
}

/* Reads back what the command wrote: the same checks as for any file, and the card's limits. */
static hsm_rc read_back(struct emu_lane *lane)
{
	struct emu_image *image;

	TRY(token_load(lane->card->token, lane->image, &image));
	if (image_used(image) > image->profile->memory &&
	        image_used(image) > image_used(lane->image)) {
		image_free(image);
		return HSM_E_FULL;
	}
	show(lane, image);
	return HSM_OK;
}

static hsm_rc commit(struct emu_lane *lane)
{
	struct emu_token *token = lane->card->token;
	struct store *store = lane->store;
	struct emu_image *image;
	hsm_rc rc = store_commit(store);

	if (rc != HSM_OK) {
		undo(lane, store);
		return rc;
	}
	lane->in_txn = false;
	lane->store = NULL;
	rc = token_reload(token, lane->image, &image);
	if (rc == HSM_OK)
		show(lane, image);
	token_leave(token);
	return rc;
}

hsm_rc txn_end(struct emu_lane *lane, hsm_rc rc)
{
	hsm_rc ended;

	if (rc == HSM_OK)
		rc = read_back(lane);
	ended = store_mark_end(lane->store, rc == HSM_OK);
	if (ended != HSM_OK || (rc != HSM_OK && !lane->held)) {
		undo(lane, lane->store);
		return rc != HSM_OK ? rc : ended;
	}
	return rc == HSM_OK && !lane->held ? commit(lane) : rc;
}

hsm_rc txn_flush(struct emu_lane *lane)
{
	return lane->in_txn ? commit(lane) : HSM_OK;
}
