#include <stdlib.h>
#include <string.h>

#include "p15/cvc.h"
#include "store/load.h"
#include "store/seal.h"

enum {
	SEALED_KEY_MAX = 8192,
	COST_MIN = 4,
	COST_MAX = 20,
	TRIES_MAX = 15,
	CHR_MIN = 8,
};

int64_t get_int(sqlite3_stmt *stmt, int column, int64_t min, int64_t max, bool *ok)
{
	const int64_t v = sqlite3_column_int64(stmt, column);

	if (sqlite3_column_type(stmt, column) != SQLITE_INTEGER || v < min || v > max)
		*ok = false;
	return v;
}

struct rd get_bytes(sqlite3_stmt *stmt, int column, size_t min, size_t max, bool *ok)
{
	const struct rd v = db_bytes(stmt, column);

	if (v.n < min || v.n > max)
		*ok = false;
	return v;
}

/* ---- the card ---- */

/* NULL when this program does not know it. */
static const struct profile *get_profile(sqlite3_stmt *stmt, int column)
{
	const char *name = (const char *)sqlite3_column_text(stmt, column);

	return name == NULL ? NULL : profile_find(name);
}

static hsm_rc card_row(sqlite3_stmt *stmt, struct emu_image *image)
{
	bool ok = true;
	const struct rd chr = get_bytes(stmt, 0, CHR_MIN, P15_CHR_MAX, &ok);
	const struct rd scalar = get_bytes(stmt, 1, DEVICE_SCALAR_LEN, DEVICE_SCALAR_LEN, &ok);

	image->scrypt_log2_n = (uint8_t)get_int(stmt, 2, COST_MIN, COST_MAX, &ok);
	image->profile = get_profile(stmt, 3);
	image->options = (uint16_t)get_int(stmt, 4, 0, UINT16_MAX, &ok);
	image->domains = (uint8_t)get_int(stmt, 5, 0, KEY_DOMAINS_MAX, &ok);
	load_pka_card(stmt, image, &ok);
	if (!ok || memchr(chr.p, 0, chr.n) != NULL)
		return HSM_E_TOKEN_DAMAGED;
	if (image->profile == NULL)
		return HSM_E_TOKEN_NEWER;
	memcpy(image->chr, chr.p, chr.n);
	memcpy(image->device_scalar, scalar.p, scalar.n);
	return HSM_OK;
}

static hsm_rc load_card(struct store *s, struct emu_image *image)
{
	sqlite3_stmt *stmt;
	bool more;

	TRY(db_sql(s, SQL_GET_CARD, &stmt));
	TRY(db_row(stmt, &more));
	if (!more)
		return HSM_E_TOKEN_DAMAGED;
	TRY(card_row(stmt, image));
	TRY(db_row(stmt, &more));
	return more ? HSM_E_TOKEN_DAMAGED : HSM_OK;
}

/* ---- PINs ---- */

static hsm_rc pin_row(sqlite3_stmt *stmt, struct emu_image *image)
{
	bool ok = true;
	const int64_t ref = sqlite3_column_int64(stmt, 0);
	struct emu_pin *pin = ref == REF_SO_PIN ? &image->so : &image->user;
	struct rd sealed;

	if ((ref != REF_SO_PIN && ref != REF_USER_PIN) || pin->rev != 0)
		return HSM_E_TOKEN_DAMAGED;
	pin->rev = (uint64_t)get_int(stmt, 1, 1, INT64_MAX, &ok);
	pin->initial = (uint8_t)get_int(stmt, 3, 1, TRIES_MAX, &ok);
	pin->tries = (uint8_t)get_int(stmt, 2, 0, pin->initial, &ok);
	pin->length = (uint8_t)get_int(stmt, 4, USER_PIN_MIN, USER_PIN_MAX, &ok);
	pin->transport = get_int(stmt, 5, 0, 1, &ok) != 0;
	pin->tried_ms = get_int(stmt, 6, 0, INT64_MAX, &ok);
	sealed = get_bytes(stmt, 7, PIN_SEALED_LEN, PIN_SEALED_LEN, &ok);
	if (!ok || sealed.p[0] < COST_MIN || sealed.p[0] > COST_MAX)
		return HSM_E_TOKEN_DAMAGED;
	return buf_set(&pin->sealed, sealed);
}

static hsm_rc load_pins(struct store *s, struct emu_image *image)
{
	sqlite3_stmt *stmt;
	bool more;

	TRY(db_sql(s, SQL_GET_PINS, &stmt));
	for (;;) {
		TRY(db_row(stmt, &more));
		if (!more)
			break;
		TRY(pin_row(stmt, image));
	}
	return image->user.rev != 0 && image->so.rev == 0 ? HSM_E_TOKEN_DAMAGED : HSM_OK;
}

/* ---- key domains ---- */

/* A column of exactly `n` bytes, or of none. */
static void get_exact(sqlite3_stmt *stmt, int column, size_t n, uint8_t *out, bool *ok)
{
	const struct rd v = get_bytes(stmt, column, n, n, ok);

	if (*ok && n != 0)
		memcpy(out, v.p, n);
}

static hsm_rc kek_row(sqlite3_stmt *stmt, struct emu_image *image)
{
	bool ok = true, complete;
	const int64_t domain = get_int(stmt, 0, 0, image->domains - 1, &ok);
	struct emu_kek *kek;
	struct rd uid;

	if (!ok || image->keks[domain].exists)
		return HSM_E_TOKEN_DAMAGED;
	kek = &image->keks[domain];
	kek->exists = true;
	kek->shares = (uint8_t)get_int(stmt, 1, 0, UINT8_MAX, &ok);
	kek->missing = (uint8_t)get_int(stmt, 2, 0, kek->shares, &ok);
	complete = kek->missing == 0;
	get_exact(stmt, 3, sizeof(kek->public), kek->public, &ok);
	get_exact(stmt, 4, sizeof(kek->private), kek->private, &ok);
	get_exact(stmt, 5, complete ? 0 : sizeof(kek->pending), kek->pending, &ok);
	get_exact(stmt, 6, complete ? sizeof(kek->kcv) : 0, kek->kcv, &ok);
	get_exact(stmt, 7, complete ? sizeof(kek->sealed) : 0, kek->sealed, &ok);
	uid = get_bytes(stmt, 8, 0, sizeof(kek->uid), &ok);
	if (!ok)
		return HSM_E_TOKEN_DAMAGED;
	kek->uid_n = (uint8_t)uid.n;
	if (uid.n != 0)
		memcpy(kek->uid, uid.p, uid.n);
	return HSM_OK;
}

static hsm_rc load_keks(struct store *s, struct emu_image *image)
{
	sqlite3_stmt *stmt;
	bool more;

	TRY(db_sql(s, SQL_GET_KEK, &stmt));
	for (;;) {
		TRY(db_row(stmt, &more));
		if (!more)
			return HSM_OK;
		TRY(kek_row(stmt, image));
	}
}

/* ---- files ---- */

static hsm_rc read_file(struct store *s, struct emu_file *file)
{
	sqlite3_stmt *stmt;
	bool more, ok = true;
	hsm_rc rc;

	const size_t more_than_content = fid_is_sealed(file->fid) ? SEAL_OVERHEAD : 0;

	TRY(db_sql(s, SQL_GET_FILE, &stmt));
	sqlite3_bind_int(stmt, 1, file->fid);
	TRY(db_row(stmt, &more));
	if (!more)
		return HSM_E_TOKEN_DAMAGED;
	rc = buf_set(&file->data,
	        get_bytes(stmt, 0, more_than_content, P15_FILE_MAX + more_than_content, &ok));
	sqlite3_reset(stmt);
	return ok ? rc : HSM_E_TOKEN_DAMAGED;
}

/* Both images are in creation order, so the place after the last hit is nearly always right. */
static struct emu_file *old_file(
        const struct emu_image *old, size_t *place, uint16_t fid, uint64_t rev)
{
	const size_t n = old == NULL ? 0 : old->files_n;

	for (size_t i = 0; i < n; i++) {
		const size_t at = (*place + i) % n;

		if (old->files[at]->fid == fid && old->files[at]->rev == rev) {
			*place = at + 1;
			return old->files[at];
		}
	}
	return NULL;
}

static hsm_rc get_file(
        struct store *s, struct emu_file *shared, uint16_t fid, uint64_t rev, struct emu_file **out)
{
	struct emu_file *file;
	hsm_rc rc;

	if (shared != NULL) {
		*out = emu_file_ref(shared);
		return HSM_OK;
	}
	file = calloc(1, sizeof(*file));
	if (file == NULL)
		return HSM_E_MEMORY;
	atomic_init(&file->refs, 1);
	file->fid = fid;
	file->rev = rev;
	rc = read_file(s, file);
	if (rc == HSM_OK)
		*out = file;
	else
		emu_file_free(file);
	return rc;
}

static hsm_rc load_files(struct store *s, const struct emu_image *old, struct emu_image *image)
{
	uint8_t seen[0x10000 / 8] = { 0 };
	size_t place = 0;
	sqlite3_stmt *stmt;
	bool more;

	image->files = calloc(P15_FILES_MAX, sizeof(struct emu_file *));
	if (image->files == NULL)
		return HSM_E_MEMORY;
	TRY(db_sql(s, SQL_GET_FILES, &stmt));
	for (;;) {
		bool ok = true;
		uint16_t fid;
		uint64_t rev;

		TRY(db_row(stmt, &more));
		if (!more)
			return HSM_OK;
		fid = (uint16_t)get_int(stmt, 0, 1, UINT16_MAX, &ok);
		rev = (uint64_t)get_int(stmt, 1, 1, INT64_MAX, &ok);
		if (!ok || fid >> 8 == FID_KEY || image->files_n == P15_FILES_MAX ||
		        (seen[fid / 8] & 1 << fid % 8) != 0)
			return HSM_E_TOKEN_DAMAGED;
		seen[fid / 8] |= (uint8_t)(1 << fid % 8);
		TRY(get_file(s, old_file(old, &place, fid, rev), fid, rev,
		        &image->files[image->files_n]));
		image->files_n++;
	}
}

/* EF 2F02 is a chain of certificates, the first of them the card's own. */
static hsm_rc check_devaut(const struct emu_image *image)
{
	struct cvc cert = { 0 };
	struct rd chain;
	size_t n = 0;

	if (image->files_n == 0 || image->files[0]->fid != EF_DEVAUT)
		return HSM_E_TOKEN_DAMAGED;
	for (chain = buf_rd(&image->files[0]->data); chain.n != 0; n++) {
		if (cvc_parse(&chain, &cert) != HSM_OK)
			return HSM_E_TOKEN_DAMAGED;
		if (n == 0 && !rd_equal(cert.chr, rd_str(image->chr)))
			return HSM_E_TOKEN_DAMAGED;
	}
	return n == 0 ? HSM_E_TOKEN_DAMAGED : HSM_OK;
}

/* ---- keys ---- */

static bool meta_row(sqlite3_stmt *stmt, struct emu_key_meta *meta)
{
	bool ok = true;
	struct rd algs;

	meta->type = (enum emu_key_type)get_int(stmt, 0, EMU_KEY_RSA, EMU_KEY_AES, &ok);
	meta->bits = (uint16_t)get_int(stmt, 1, 1, RSA_BITS_MAX, &ok);
	if (sqlite3_column_type(stmt, 2) != SQLITE_NULL)
		meta->curve = curve_by_name((const char *)sqlite3_column_text(stmt, 2));
	algs = get_bytes(stmt, 3, 0, sizeof(meta->algs), &ok);
	meta->domain = (uint8_t)get_int(stmt, 4, 0, KEY_DOMAINS_MAX - 1, &ok);
	meta->uses = (uint32_t)get_int(stmt, 5, 0, UINT32_MAX, &ok);
	if (!ok)
		return false;
	meta->algs_n = (uint8_t)algs.n;
	if (algs.n != 0)
		memcpy(meta->algs, algs.p, algs.n);
	if (meta->type == EMU_KEY_EC)
		return meta->curve != NULL && meta->curve->bits == meta->bits;
	if (sqlite3_column_type(stmt, 2) != SQLITE_NULL)
		return false;
	return meta->type == EMU_KEY_AES
	               ? meta->bits == 128 || meta->bits == 192 || meta->bits == 256
	               : meta->bits >= RSA_BITS_MIN;
}

static hsm_rc read_key(struct store *s, struct emu_key *key)
{
	sqlite3_stmt *stmt;
	bool more, ok;
	struct rd sealed;
	hsm_rc rc = HSM_OK;

	TRY(db_sql(s, SQL_GET_KEY, &stmt));
	sqlite3_bind_int(stmt, 1, key->meta.kid);
	TRY(db_row(stmt, &more));
	if (!more)
		return HSM_E_TOKEN_DAMAGED;
	ok = meta_row(stmt, &key->meta);
	sealed = get_bytes(stmt, 6, 1, SEALED_KEY_MAX, &ok);
	if (ok)
		rc = buf_set(&key->sealed, sealed);
	sqlite3_reset(stmt);
	return ok ? rc : HSM_E_TOKEN_DAMAGED;
}

static hsm_rc get_key(struct store *s, const struct emu_image *old, uint8_t kid, uint64_t rev,
        struct emu_key **out)
{
	struct emu_key *key = old == NULL ? NULL : old->keys[kid];
	hsm_rc rc;

	if (key != NULL && key->rev == rev) {
		*out = emu_key_ref(key);
		return HSM_OK;
	}
	key = calloc(1, sizeof(*key));
	if (key == NULL)
		return HSM_E_MEMORY;
	atomic_init(&key->refs, 1);
	lock_init(&key->lock);
	key->meta.kid = kid;
	key->rev = rev;
	rc = read_key(s, key);
	if (rc == HSM_OK)
		*out = key;
	else
		emu_key_free(key);
	return rc;
}

static hsm_rc load_keys(struct store *s, const struct emu_image *old, struct emu_image *image)
{
	sqlite3_stmt *stmt;
	bool more;

	TRY(db_sql(s, SQL_GET_KEYS, &stmt));
	for (;;) {
		bool ok = true;
		uint8_t kid;
		uint64_t rev;

		TRY(db_row(stmt, &more));
		if (!more)
			return HSM_OK;
		kid = (uint8_t)get_int(stmt, 0, 1, UINT8_MAX, &ok);
		rev = (uint64_t)get_int(stmt, 1, 1, INT64_MAX, &ok);
		if (!ok || image->keys[kid] != NULL)
			return HSM_E_TOKEN_DAMAGED;
		image->uses_left[kid] = (uint32_t)get_int(stmt, 2, 0, UINT32_MAX, &ok);
		TRY(get_key(s, old, kid, rev, &image->keys[kid]));
		image->key_order[image->keys_n++] = kid;
		if (!ok || image->uses_left[kid] > image->keys[kid]->meta.uses)
			return HSM_E_TOKEN_DAMAGED;
	}
}

/* ---- all of it ---- */

static hsm_rc load(struct store *s, const struct emu_image *old, struct emu_image *image)
{
	image->schema = s->schema;
	TRY(load_card(s, image)); /* the first statement takes the lock on the file */
	TRY(store_generation(s, &image->generation));
	TRY(load_pins(s, image));
	TRY(load_keks(s, image));
	TRY(load_pka_keys(s, old, image));
	TRY(load_files(s, old, image));
	TRY(check_devaut(image));
	return load_keys(s, old, image);
}

hsm_rc store_load(struct store *s, const struct emu_image *old, struct emu_image **out)
{
	const bool in_transaction = sqlite3_get_autocommit(s->db) == 0;
	struct emu_image *image = image_new();
	hsm_rc rc = HSM_OK;

	if (image == NULL)
		return HSM_E_MEMORY;
	if (!in_transaction)
		rc = db_do(s, SQL_BEGIN_READ);
	if (rc == HSM_OK)
		rc = load(s, old, image);
	if (!in_transaction)
		store_rollback(s);
	if (rc == HSM_OK)
		*out = image;
	else
		image_free(image);
	return rc;
}
