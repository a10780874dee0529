#include <stdlib.h>
#include <string.h>

#include "base/tlv.h"
#include "p15/cvc.h"
#include "p15/cvc_tags.h"
#include "store/load.h"

/* The token key in clear is there when keys alone log in, and only then. */
void load_pka_card(sqlite3_stmt *stmt, struct emu_image *image, bool *ok)
{
	struct emu_pka *pka = &image->pka;
	const struct rd token_key = get_bytes(stmt, 8, 0, PKA_TOKEN_KEY_LEN, ok);

	pka->total = (uint8_t)get_int(stmt, 6, 0, PKA_KEYS_MAX, ok);
	pka->required = (uint8_t)get_int(stmt, 7, pka->total == 0 ? 0 : 1, pka->total, ok);
	if (!*ok || secret_set(&pka->token_key, token_key) != HSM_OK ||
	        token_key.n != (pka_opens(image) ? PKA_TOKEN_KEY_LEN : 0))
		*ok = false;
}

/* A public key as it was registered, whole. */
static bool is_key(struct rd whole)
{
	struct cvc_key key = { 0 };
	struct rd content;

	return tlv_get(&whole, CVC_KEY, &content) && whole.n == 0 &&
	       cvc_key_parse(content, &key) == HSM_OK &&
	       (key.is_rsa ? key.modulus.n != 0 : key.curve != NULL && key.point.n != 0);
}

static hsm_rc pka_key_fill(sqlite3_stmt *stmt, struct emu_pka_key *out)
{
	bool ok = true;
	const struct rd chr = get_bytes(stmt, 2, PKA_CHR_MIN, sizeof(out->chr), &ok);
	const struct rd key = get_bytes(stmt, 3, 1, PKA_KEY_LEN_MAX, &ok);

	if (!ok || !is_key(key))
		return HSM_E_TOKEN_DAMAGED;
	out->chr_n = (uint8_t)chr.n;
	memcpy(out->chr, chr.p, chr.n);
	return buf_set(&out->key, key);
}

static hsm_rc pka_row(sqlite3_stmt *stmt, const struct emu_image *old, struct emu_image *image)
{
	bool ok = true;
	const int64_t number = get_int(stmt, 0, 0, image->pka.total - 1, &ok);
	const uint64_t rev = (uint64_t)get_int(stmt, 1, 1, INT64_MAX, &ok);
	struct emu_pka_key *key;

	if (!ok)
		return HSM_E_TOKEN_DAMAGED;
	key = old == NULL ? NULL : old->pka.keys[number];
	if (key != NULL && key->rev == rev) {
		image->pka.keys[number] = emu_pka_key_ref(key);
		return HSM_OK;
	}
	key = calloc(1, sizeof(*key));
	if (key == NULL)
		return HSM_E_MEMORY;
	atomic_init(&key->refs, 1);
	key->rev = rev;
	image->pka.keys[number] = key;
	return pka_key_fill(stmt, key);
}

hsm_rc load_pka_keys(struct store *s, const struct emu_image *old, struct emu_image *image)
{
	sqlite3_stmt *stmt;
	bool more;

	TRY(db_sql(s, SQL_GET_PKA_KEYS, &stmt));
	for (;;) {
		TRY(db_row(stmt, &more));
		if (!more)
			break;
		TRY(pka_row(stmt, old, image));
	}
	return image->pka.total != 0 && image->so.rev == 0 ? HSM_E_TOKEN_DAMAGED : HSM_OK;
}
