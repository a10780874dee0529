#include "emu.h"

#include <stdlib.h>

#include "base/ossl.h"
#include "core/core.h"
#include "dispatch.h"
#include "key/key.h"
#include "p15/p15.h"
#include "store/seal.h"

#define MEMORY ":memory:"

enum { CHR_SEQUENCE_LEN = 5, STRONG_LOG2_N_MIN = 14 };

/* ---- token files ---- */

/* A new device identity, handed to what makes a store of it. */
struct factory {
	struct device_identity identity;
	struct store_factory f;
};

static hsm_rc factory_make(const struct emu_make *make, struct factory *out)
{
	const struct profile *profile =
	        make->profile == NULL ? profile_at(0) : profile_find(make->profile);

	if (profile == NULL)
		return HSM_E_NO_PROFILE;
	TRY(device_make(&out->identity));
	out->f = (struct store_factory){
		.chr = out->identity.chr,
		.device_key = rd_of(out->identity.scalar, sizeof(out->identity.scalar)),
		.devaut = buf_rd(&out->identity.devaut),
		.profile = profile->name,
		.scrypt_log2_n =
		        make->kdf == EMU_KDF_CHEAP ? SEAL_CHEAP_LOG2_N : seal_strong_cost(),
	};
	return HSM_OK;
}

static hsm_rc create(const char *path, const struct emu_make *make)
{
	struct factory factory;
	hsm_rc rc;

	TRY(factory_make(make, &factory));
	rc = store_create(path, &factory.f);
	device_done(&factory.identity);
	return rc;
}

hsm_rc emu_create(const char *path, const struct emu_make *make)
{
	hsm_rc rc;

	TRY(ossl_acquire());
	rc = create(path, make);
	ossl_release();
	return rc;
}

const char *emu_profile_name(size_t i)
{
	const struct profile *p = profile_at(i);

	return p == NULL ? NULL : p->name;
}

static void info_put(const struct emu_image *image, struct emu_info *out)
{
	const struct emu_file *file = image_file(image, EF_TOKENINFO);
	const size_t chr_n = strlen(image->chr);
	struct rd label;

	*out = (struct emu_info){
		.initialised = image->so.rev != 0,
		.user_pin = image->user.rev != 0,
		.pka = image->pka.total != 0,
		.user_tries = image->user.tries,
		.so_tries = image->so.tries,
		.keys = (unsigned)image->keys_n,
		.files = (unsigned)image->files_n,
		.kdf = image->scrypt_log2_n < STRONG_LOG2_N_MIN ? EMU_KDF_CHEAP : EMU_KDF_STRONG,
		.schema = image->schema,
		.profile = image->profile->name,
	};
	memcpy(out->serial, image->chr, chr_n - CHR_SEQUENCE_LEN);
	if (file != NULL && p15_tokeninfo_parse(buf_rd(&file->data), &label) == HSM_OK &&
	        label.n < sizeof(out->label) && label.n != 0)
		memcpy(out->label, label.p, label.n);
}

static hsm_rc inspect(const char *path, struct emu_info *out)
{
	struct emu_token *token;
	struct emu_image *image;
	hsm_rc rc;

	TRY(emu_token_open(path, &token));
	rc = token_image(token, &image);
	if (rc == HSM_OK) {
		info_put(image, out);
		image_free(image);
	}
	emu_token_close(token);
	return rc;
}

hsm_rc emu_inspect(const char *path, struct emu_info *out)
{
	hsm_rc rc;

	TRY(ossl_acquire());
	rc = inspect(path, out);
	ossl_release();
	return rc;
}

/* ---- the powered card ---- */

static hsm_rc open_memory(const char *profile, struct emu_token **out)
{
	const struct emu_make make = {
		.kdf = EMU_KDF_CHEAP,
		.profile = profile[0] != '\0' ? profile : NULL,
	};
	struct factory factory;
	hsm_rc rc;

	TRY(factory_make(&make, &factory));
	rc = token_memory(&factory.f, out);
	device_done(&factory.identity);
	return rc;
}

static hsm_rc open_token(const char *path, struct emu_token **out)
{
	const size_t n = sizeof(MEMORY) - 1;

	return strncmp(path, MEMORY, n) == 0 ? open_memory(path + n, out)
	                                     : emu_token_open(path, out);
}

/* Takes over the token, also when it fails. */
static hsm_rc power_up(struct emu_token *token, struct emu_card **out)
{
	struct emu_card *card = calloc(1, sizeof(*card));

	if (card == NULL) {
		emu_token_close(token);
		return HSM_E_MEMORY;
	}
	card->token = token;
	lock_init(&card->lock);
	*out = card;
	return HSM_OK;
}

hsm_rc emu_open(const char *path, struct emu_card **out)
{
	struct emu_token *token = NULL;
	hsm_rc rc;

	TRY(ossl_acquire());
	rc = open_token(path, &token);
	if (rc == HSM_OK)
		rc = power_up(token, out);
	if (rc != HSM_OK)
		ossl_release();
	return rc;
}

hsm_rc emu_open_bytes(struct rd bytes, struct emu_card **out)
{
	struct emu_token *token = NULL;
	hsm_rc rc;

	TRY(ossl_acquire());
	rc = token_open_bytes(bytes, &token);
	if (rc == HSM_OK)
		rc = power_up(token, out);
	if (rc != HSM_OK)
		ossl_release();
	return rc;
}

hsm_rc emu_bytes(struct emu_card *card, struct buf *out)
{
	return token_bytes(card->token, out);
}

void emu_close(struct emu_card *card)
{
	if (card == NULL)
		return;
	card_logout_all(card);
	session_pin_clear(card);
	emu_token_close(card->token);
	lock_done(&card->lock);
	free(card);
	ossl_release();
}

void emu_reset(struct emu_card *card)
{
	atomic_store(&card->selected, false);
	card_logout_all(card);
	session_pin_reset(card);
	atomic_fetch_add(&card->resets, 1);
}

struct rd emu_atr(const struct emu_card *card)
{
	struct emu_image *image = token_published(card->token);
	const struct rd atr = image->profile->atr; /* not the image's */

	image_free(image);
	return atr;
}

hsm_rc emu_epoch(struct emu_card *card, uint64_t *content, uint64_t *security)
{
	return token_epoch(card->token, content, security);
}

void emu_forget(void)
{
	token_forget_all();
}

/* ---- lanes ---- */

hsm_rc emu_lane_new(struct emu_card *card, struct emu_lane **out)
{
	return lane_new(card, out);
}

void emu_lane_free(struct emu_lane *lane)
{
	if (lane == NULL)
		return;
	keystore_forget(lane);
	lane_free(lane);
}

hsm_rc emu_lane_hold(struct emu_lane *lane, bool on)
{
	lane->held = on;
	return on ? HSM_OK : txn_flush(lane);
}

hsm_rc emu_lane_xfer(struct emu_lane *lane, struct rd cmd, struct wr *rsp)
{
	return dispatch(lane, cmd, rsp);
}
