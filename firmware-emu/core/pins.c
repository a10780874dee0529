#include <time.h>

#include "base/ossl.h"
#include "core/core.h"
#include "store/seal.h"

enum {
	SETTLE_MS = 2000, /* longer than the stretching of any sensible cost */
	POLL_MS = 5,
	AAD_MAX = 64,
};

/* The parts of emu_pin.sealed. */
struct pin_parts {
	uint8_t log2_n;
	struct rd salt;
	struct rd box; /* sealed token key */
};

/* What is needed of a record to compare with it outside of all locks. */
struct pin_try {
	uint64_t rev;
	uint8_t tries; /* left */
	uint8_t initial;
	uint8_t aad_bytes[AAD_MAX];
	struct wr aad;
	uint8_t sealed[PIN_SEALED_LEN];
};

void pin_opened_wipe(struct pin_opened *o)
{
	secret_wipe(&o->token_key);
}

void pins_done(struct emu_pin *pin)
{
	buf_free(&pin->sealed);
}

hsm_rc pins_length(enum schsm_ref ref, size_t n)
{
	if (ref == REF_SO_PIN)
		return n == SO_PIN_LEN ? HSM_OK : HSM_E_PIN_LEN;
	return n >= USER_PIN_MIN && n <= USER_PIN_MAX ? HSM_OK : HSM_E_PIN_LEN;
}

/* Binds a record to its card, its reference and the numbers that are set with the PIN, so that
 * records cannot be exchanged for each other. */
static void aad_put(struct wr *w, const struct emu_image *image, enum schsm_ref ref,
        const struct emu_pin *pin, uint8_t log2_n)
{
	wr_rd_put(w, RD_LIT("TwinHSM PIN"));
	wr_u8(w, STORE_SCHEMA);
	wr_u8(w, (uint8_t)ref);
	wr_u8(w, pin->initial);
	wr_u8(w, pin->length);
	wr_u8(w, log2_n);
	wr_rd_put(w, rd_str(image->chr));
}

static bool split(struct rd sealed, struct pin_parts *out)
{
	return rd_u8(&sealed, &out->log2_n) && rd_take(&sealed, SEAL_SALT_LEN, &out->salt) &&
	       rd_take(&sealed, sealed.n, &out->box);
}

/* ---- checking ---- */

static int64_t now_ms(void)
{
	struct timespec t = { 0 };

	clock_gettime(CLOCK_REALTIME, &t);
	return (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
}

static bool unsettled(const struct emu_pin *pin)
{
	const int64_t age = now_ms() - pin->tried_ms;

	return pin->rev != 0 && pin->tries == 0 && pin->tried_ms != 0 && age >= 0 &&
	       age < SETTLE_MS;
}

hsm_rc pins_settle(struct emu_lane *lane, enum schsm_ref ref)
{
	const struct timespec pause = { .tv_nsec = POLL_MS * 1000000L };

	TRY(txn_flush(lane));
	TRY(lane_sync(lane));
	while (unsettled(image_pin(lane->image, ref))) {
		nanosleep(&pause, NULL);
		TRY(lane_sync(lane));
	}
	return HSM_OK;
}

static hsm_rc count(
        struct emu_lane *lane, struct store *store, enum schsm_ref ref, struct pin_try *t)
{
	const struct emu_pin *pin = image_pin(lane->image, ref);

	if (pin->rev == 0)
		return HSM_E_PIN_UNSET;
	if (pin->tries == 0)
		return HSM_E_PIN_LOCKED;
	t->rev = pin->rev;
	t->tries = (uint8_t)(pin->tries - 1);
	t->initial = pin->initial;
	memcpy(t->sealed, pin->sealed.p, PIN_SEALED_LEN);
	t->aad = WR_ARRAY(t->aad_bytes);
	aad_put(&t->aad, lane->image, ref, pin, t->sealed[0]);
	return store_put_tries(store, ref, t->tries, now_ms());
}

/* Durable when it returns, also within a hold. */
static hsm_rc count_try(struct emu_lane *lane, enum schsm_ref ref, struct pin_try *t)
{
	struct store *store;

	TRY(txn_begin(lane, &store));
	TRY(txn_end(lane, count(lane, store, ref, t)));
	return txn_flush(lane);
}

/* The last try may have been taken by somebody whose PIN is right: that settles soon. */
static hsm_rc count_when_settled(struct emu_lane *lane, enum schsm_ref ref, struct pin_try *t)
{
	hsm_rc rc;

	do {
		TRY(pins_settle(lane, ref));
		rc = count_try(lane, ref, t);
	} while (rc == HSM_E_PIN_LOCKED && unsettled(image_pin(lane->image, ref)));
	return rc;
}

static hsm_rc compare(const struct pin_try *t, struct rd pin, struct pin_opened *out)
{
	struct pin_parts parts = { 0 };
	AUTO_SECRET key = { 0 };
	AUTO_BUF plain = { 0 };

	if (!split(rd_of(t->sealed, PIN_SEALED_LEN), &parts))
		return HSM_E_TOKEN_DAMAGED;
	TRY(seal_stretch(pin, parts.salt, parts.log2_n, &key));
	if (unseal(secret_rd(&key), wr_rd(&t->aad), parts.box, &plain) != HSM_OK)
		return HSM_E_PIN_WRONG;
	return secret_set(&out->token_key, buf_rd(&plain));
}

/* Sets the counter, unless the PIN is another one by now. */
static hsm_rc set_tries(
        struct emu_lane *lane, enum schsm_ref ref, const struct pin_try *t, uint8_t tries)
{
	struct store *store;
	hsm_rc rc = HSM_OK;

	TRY(txn_begin(lane, &store));
	if (image_pin(lane->image, ref)->rev == t->rev)
		rc = store_put_tries(store, ref, tries, 0);
	TRY(txn_end(lane, rc));
	return txn_flush(lane);
}

static hsm_rc refuse(
        struct emu_lane *lane, enum schsm_ref ref, const struct pin_try *t, unsigned *tries)
{
	card_drop(lane->card, ref);
	*tries = t->tries;
	if (t->tries != 0)
		return HSM_E_PIN_WRONG;
	TRY(set_tries(lane, ref, t, 0)); /* settled: nobody need wait for this try any more */
	return HSM_E_PIN_LOCKED;
}

static bool session_opens(
        struct emu_lane *lane, enum schsm_ref ref, struct rd pin, struct pin_opened *out)
{
	return ref == REF_USER_PIN && session_pin_opens(lane->card, out->rev, pin, &out->token_key);
}

static hsm_rc check(struct emu_lane *lane, enum schsm_ref ref, struct rd pin, bool login,
        struct pin_opened *out, unsigned *tries)
{
	struct pin_try t;
	hsm_rc rc;

	TRY(pins_length(ref, pin.n));
	rc = count_when_settled(lane, ref, &t);
	if (rc == HSM_E_PIN_LOCKED)
		card_drop(lane->card, ref);
	TRY(rc);
	out->rev = t.rev;
	if (!login || !session_opens(lane, ref, pin, out))
		rc = compare(&t, pin, out);
	if (rc == HSM_E_PIN_WRONG)
		return refuse(lane, ref, &t, tries);
	TRY(rc);
	return set_tries(lane, ref, &t, t.initial);
}

hsm_rc pins_check(struct emu_lane *lane, enum schsm_ref ref, struct rd pin, struct pin_opened *out,
        unsigned *tries)
{
	return check(lane, ref, pin, false, out, tries);
}

hsm_rc pins_check_login(struct emu_lane *lane, enum schsm_ref ref, struct rd pin,
        struct pin_opened *out, unsigned *tries)
{
	return check(lane, ref, pin, true, out, tries);
}

/* ---- making ---- */

hsm_rc pins_make(const struct emu_image *image, enum schsm_ref ref, struct rd pin, uint8_t tries,
        const struct secret *token_key, struct emu_pin *out)
{
	uint8_t head[1 + SEAL_SALT_LEN] = { image->scrypt_log2_n }, aad_bytes[AAD_MAX];
	const struct rd salt = rd_of(head + 1, SEAL_SALT_LEN);
	struct wr aad = WR_ARRAY(aad_bytes);
	AUTO_SECRET key = { 0 };

	TRY(pins_length(ref, pin.n));
	out->tries = tries;
	out->initial = tries;
	out->length = (uint8_t)pin.n;
	aad_put(&aad, image, ref, out, image->scrypt_log2_n);
	TRY(wr_done(&aad));
	TRY(ossl_random(head + 1, SEAL_SALT_LEN));
	TRY(seal_stretch(pin, salt, image->scrypt_log2_n, &key));
	TRY(buf_set(&out->sealed, rd_of(head, sizeof(head))));
	return seal(secret_rd(&key), wr_rd(&aad), secret_rd(token_key), &out->sealed);
}
