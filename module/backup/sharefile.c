#include "backup/rounds.h"
#include "base/aes.h"

/* "Salted__", salt, and share and padding under AES-256-CBC. The padding is a whole block. */
enum { PADDED = SHARE_LEN + AES_BLOCK, PAD = AES_BLOCK };

#define MAGIC RD_LIT("Salted__")

_Static_assert(SHAREFILE_LEN == 8 + SHAREFILE_SALT + PADDED, "parts of a share file");
_Static_assert(PADDED <= (size_t)SECRET_MAX, "a share and its padding are kept as a secret");

struct parts {
	struct rd salt, encrypted;
};

static hsm_rc split_parts(struct rd file, struct parts *out)
{
	struct rd magic;

	if (!rd_take(&file, MAGIC.n, &magic) || !rd_equal(magic, MAGIC) ||
	        !rd_take(&file, SHAREFILE_SALT, &out->salt) ||
	        !rd_take(&file, PADDED, &out->encrypted))
		return HSM_E_BAD_DATA;
	return HSM_OK;
}

/* base/aes.c has an IV of zeros: another one only changes the first block of the plain text. */
static void apply_iv(const struct secret *key, uint8_t *plain)
{
	for (size_t i = 0; i < STRETCH_IV; i++)
		plain[i] ^= key->p[STRETCH_KEY + i];
}

hsm_rc sharefile_seal_rounds(const struct stretch *how, struct rd share, struct rd salt,
        struct rd password, struct wr *out)
{
	AUTO_SECRET key = { 0 };
	AUTO_SECRET plain = { 0 };

	if (share.n != SHARE_LEN || salt.n != SHAREFILE_SALT)
		return HSM_E_BAD_LEN;
	if (out->cap - out->n < SHAREFILE_LEN)
		return HSM_E_SMALL;
	TRY(stretch(how, password, salt, &key));
	TRY(secret_set(&plain, share));
	memset(plain.p + SHARE_LEN, PAD, PAD);
	plain.n = PADDED;
	apply_iv(&key, plain.p);
	wr_rd_put(out, MAGIC);
	wr_rd_put(out, salt);
	return aes_cbc_encrypt(rd_of(key.p, STRETCH_KEY), secret_rd(&plain), out);
}

/* All sixteen bytes: a wrong password does not get past this. */
static bool padding_ok(const struct secret *plain)
{
	uint8_t want[PAD];

	memset(want, PAD, sizeof(want));
	return secret_equal(rd_of(plain->p + SHARE_LEN, PAD), rd_of(want, sizeof(want)));
}

hsm_rc sharefile_open_rounds(
        const struct stretch *how, struct rd file, struct rd password, struct secret *share)
{
	AUTO_SECRET key = { 0 };
	AUTO_SECRET plain = { 0 };
	struct wr w = WR_ARRAY(plain.p);
	struct parts parts;

	secret_wipe(share);
	TRY(split_parts(file, &parts));
	TRY(stretch(how, password, parts.salt, &key));
	TRY(aes_cbc_decrypt(rd_of(key.p, STRETCH_KEY), parts.encrypted, &w));
	apply_iv(&key, plain.p);
	if (!padding_ok(&plain))
		return HSM_E_PASSWORD_WRONG;
	return secret_set(share, rd_of(plain.p, SHARE_LEN));
}

hsm_rc sharefile_seal(struct rd share, struct rd salt, struct rd password,
        const struct progress *progress, struct wr *out)
{
	const struct stretch how = { SHAREFILE_ROUNDS, progress };

	return sharefile_seal_rounds(&how, share, salt, password, out);
}

hsm_rc sharefile_check(struct rd file)
{
	struct parts parts;

	return split_parts(file, &parts);
}

hsm_rc sharefile_open(
        struct rd file, struct rd password, const struct progress *progress, struct secret *share)
{
	const struct stretch how = { SHAREFILE_ROUNDS, progress };

	return sharefile_open_rounds(&how, file, password, share);
}
