#include "base/ossl.h"
#include "base/tlv.h"
#include "cmd/cmd.h"
#include "key/kek.h"
#include "store/seal.h"

enum {
	OPTIONS_KNOWN = OPT_RESET_RETRY | OPT_TRANSPORT_PIN | OPT_SESSION_PIN | OPT_RESET_ONLY |
	                OPT_REPLACE_PKA | OPT_PIN_AND_PKA,
};

/* What the command asks for. */
struct setup {
	uint16_t options;
	struct rd pin, so_pin;
	uint8_t pin_tries;
	int dkek_shares;                /* -1: no DKEK */
	uint8_t domains;                /* key domains */
	uint8_t pka_keys, pka_required; /* 0: no public key authentication */
	bool later;                     /* asks for what this firmware does not do yet */
};

/* ---- parsing ---- */

enum tag {
	TAG_OPTIONS = 0x80,
	TAG_PIN = 0x81,
	TAG_SO_PIN = 0x82,
	TAG_PIN_TRIES = 0x91,
	TAG_DKEK_SHARES = 0x92,
	TAG_PKA = 0x93,
	TAG_BIO_1 = 0x95,
	TAG_BIO_2 = 0x96,
	TAG_KEY_DOMAINS = 0x97,
};

static bool take(struct setup *s, uint16_t tag, struct rd v)
{
	uint8_t byte = 0;

	switch (tag) {
	case TAG_OPTIONS:
		return rd_u16(&v, &s->options) && v.n == 0;
	case TAG_PIN:
		s->pin = v;
		return true;
	case TAG_SO_PIN:
		s->so_pin = v;
		return true;
	case TAG_PIN_TRIES:
		return rd_u8(&v, &s->pin_tries) && v.n == 0 && s->pin_tries != 0;
	case TAG_DKEK_SHARES:
		if (!rd_u8(&v, &byte) || v.n != 0)
			return false;
		s->dkek_shares = byte;
		s->domains = 1;
		return true;
	case TAG_KEY_DOMAINS:
		return rd_u8(&v, &s->domains) && v.n == 0 && s->domains != 0 &&
		       s->domains <= KEY_DOMAINS_MAX;
	case TAG_PKA:
		return rd_u8(&v, &s->pka_keys) && rd_u8(&v, &s->pka_required) && v.n == 0 &&
		       s->pka_required != 0 && s->pka_required <= s->pka_keys &&
		       s->pka_keys <= PKA_KEYS_MAX;
	case TAG_BIO_1:
	case TAG_BIO_2:
		s->later = true;
		return true;
	default:
		return false;
	}
}

/* Short PINs get few tries. */
static uint8_t tries_max(size_t pin_n)
{
	return pin_n <= 6 ? 3 : pin_n == 7 ? 5 : 10;
}

/* Both are wanted, so both must be there; and only registered keys can be replaced, unless the
 * option belongs to the session PIN. */
static bool options_fit(const struct setup *s)
{
	if ((s->options & OPT_PIN_AND_PKA) != 0 && (s->pin.p == NULL || s->pka_keys == 0))
		return false;
	return (s->options & (OPT_REPLACE_PKA | OPT_SESSION_PIN)) != OPT_REPLACE_PKA ||
	       s->pka_keys != 0;
}

static hsm_rc check(const struct setup *s, bool dkek_and_domains)
{
	if (dkek_and_domains)
		return HSM_E_BAD_DATA;
	if (!options_fit(s))
		return HSM_E_BAD_DATA;
	TRY(pins_length(REF_SO_PIN, s->so_pin.n));
	if (s->pin.p != NULL) {
		TRY(pins_length(REF_USER_PIN, s->pin.n));
		if (s->pin_tries > tries_max(s->pin.n))
			return HSM_E_BAD_DATA;
	}
	return HSM_OK;
}

static hsm_rc parse(const struct profile *p, struct rd r, struct setup *s, uint16_t *sw)
{
	bool seen[0x100] = { false };
	struct rd value;
	uint16_t tag;

	*s = (struct setup){ .pin_tries = USER_PIN_TRIES, .dkek_shares = -1 };
	while (r.n != 0) {
		if (!tlv_next(&r, &tag, &value, NULL) || tag >= 0x100 || seen[tag] ||
		        !profile_has_setup_tag(p, tag) || !take(s, tag, value))
			return HSM_E_BAD_DATA;
		seen[tag] = true;
	}
	TRY(check(s, seen[TAG_DKEK_SHARES] && seen[TAG_KEY_DOMAINS]));
	if (s->later || (s->options & (~OPTIONS_KNOWN | profile_lacks_options(p))) != 0) {
		*sw = 0x6A81;
		return HSM_E_UNSUPPORTED;
	}
	return HSM_OK;
}

/* ---- doing ---- */

/* The SO-PIN of the card as it was; a card that has none takes any. */
static hsm_rc authorise(struct emu_lane *lane, struct rd so_pin, uint64_t *rev)
{
	AUTO_PIN_OPENED opened = { 0 };
	unsigned tries = 0;
	hsm_rc rc;

	*rev = 0;
	if (lane->image->so.rev == 0)
		return HSM_OK;
	rc = pins_check(lane, REF_SO_PIN, so_pin, &opened, &tries);
	*rev = opened.rev;
	return rc == HSM_E_PIN_WRONG ? HSM_E_SO_REFUSED : rc;
}

struct records {
	struct emu_pin user, so;
	struct emu_kek kek;
	struct secret token_key; /* to be kept in clear; empty: not */
};

/* Both PINs open a new token key: whatever was sealed under the old one is gone for good. */
static hsm_rc make_records(
        const struct emu_image *image, const struct setup *s, struct records *out)
{
	AUTO_SECRET token_key = { .n = SEAL_KEY_LEN };

	TRY(ossl_random(token_key.p, SEAL_KEY_LEN));
	TRY(pins_make(image, REF_SO_PIN, s->so_pin, SO_PIN_TRIES, &token_key, &out->so));
	if (s->pka_keys != 0 && (s->options & OPT_PIN_AND_PKA) == 0)
		out->token_key = token_key;
	if (s->dkek_shares >= 0)
		TRY(kek_make(image, &token_key, 0, (uint8_t)s->dkek_shares, &out->kek));
	if (s->pin.p == NULL)
		return HSM_OK;
	out->user.transport = (s->options & OPT_TRANSPORT_PIN) != 0;
	return pins_make(image, REF_USER_PIN, s->pin, s->pin_tries, &token_key, &out->user);
}

static hsm_rc wipe_and_write(struct store *store, const struct setup *s, const struct records *r)
{
	TRY(store_wipe(store));
	TRY(store_put_pin(store, REF_SO_PIN, &r->so));
	if (s->pin.p != NULL)
		TRY(store_put_pin(store, REF_USER_PIN, &r->user));
	if (r->kek.exists)
		TRY(store_put_kek(store, 0, &r->kek));
	TRY(store_put_pka(store, s->pka_keys, s->pka_required, secret_rd(&r->token_key)));
	return store_put_options(store, s->options, s->domains);
}

static hsm_rc apply(
        struct emu_lane *lane, const struct setup *s, uint64_t so_rev, const struct records *r)
{
	struct store *store;

	TRY(txn_begin(lane, &store));
	if (lane->image->so.rev != so_rev) /* somebody else initialised it meanwhile */
		return txn_end(lane, HSM_E_SO_REFUSED);
	return txn_end(lane, wipe_and_write(store, s, r));
}

static hsm_rc initialize(struct emu_lane *lane, const struct setup *s)
{
	struct records r = { 0 };
	uint64_t so_rev;
	hsm_rc rc;

	TRY(authorise(lane, s->so_pin, &so_rev));
	rc = make_records(lane->image, s, &r);
	if (rc == HSM_OK)
		rc = apply(lane, s, so_rev, &r);
	pins_done(&r.user);
	pins_done(&r.so);
	secret_wipe(&r.token_key);
	if (rc == HSM_OK) {
		card_logout_all(lane->card);
		session_pin_clear(lane->card);
		lane->current_fid = 0;
		lane->pka = (struct pka){ 0 };
	}
	return rc;
}

static hsm_rc memory(const struct emu_image *image, struct wr *rsp)
{
	const struct profile *p = image->profile;

	wr_u32(rsp, (uint32_t)image_free_memory(image));
	wr_put(rsp, (const uint8_t[]){ p->platform, p->major, p->minor }, 3);
	return HSM_OK;
}

/* INITIALIZE DEVICE: wipes the card and sets it up anew; without data it tells free memory and
 * version. Everything is checked before anything is counted or wiped. */
hsm_rc cmd_initialize(struct emu_lane *lane, const struct capdu *c, struct wr *rsp, uint16_t *sw)
{
	struct setup s;

	if (c->p1 != 0 || c->p2 != 0)
		return HSM_E_BAD_PARAM;
	if (c->data.n == 0)
		return memory(lane->image, rsp);
	TRY(parse(lane->image->profile, c->data, &s, sw));
	return initialize(lane, &s);
}
