#include <openssl/core_names.h>
#include <openssl/crypto.h>

#include "base/ossl.h"
#include "card/card.h"
#include "foreign.h"

enum { ROOM = 2 * RSA_BYTES_MAX + 64, CRT_BITS_MAX = 2048 };

/* A component, and how long it has to be: in halves of the modulus, 0: as it comes. */
struct component {
	const char *name;
	unsigned halves;
};

static const struct component plain_rsa[] = {
	[KB_RSA_D] = { OSSL_PKEY_PARAM_RSA_D, 2 },
	[KB_RSA_N] = { OSSL_PKEY_PARAM_RSA_N, 2 },
	[KB_RSA_E] = { OSSL_PKEY_PARAM_RSA_E, 0 },
};

static const struct component crt_rsa[] = {
	[KB_CRT_DP] = { OSSL_PKEY_PARAM_RSA_EXPONENT1, 1 },
	[KB_CRT_DQ] = { OSSL_PKEY_PARAM_RSA_EXPONENT2, 1 },
	[KB_CRT_P] = { OSSL_PKEY_PARAM_RSA_FACTOR1, 1 },
	[KB_CRT_QINV] = { OSSL_PKEY_PARAM_RSA_COEFFICIENT1, 1 },
	[KB_CRT_Q] = { OSSL_PKEY_PARAM_RSA_FACTOR2, 1 },
	[KB_CRT_N] = { OSSL_PKEY_PARAM_RSA_N, 2 },
	[KB_CRT_E] = { OSSL_PKEY_PARAM_RSA_E, 0 },
};

static hsm_rc rsa_parts(const struct foreign_key *k, const struct component *c, size_t n,
        struct wr *room, struct keyblob *out)
{
	for (size_t i = 0; i < n; i++) {
		const size_t from = room->n;

		TRY(foreign_number(k->pkey, c[i].name, c[i].halves * k->bits / 16U, room));
		out->part[i] = rd_of(room->p + from, room->n - from);
	}
	return HSM_OK;
}

/* With the primes where the SmartCard shell writes them so, and where they are of the usual size:
 * then the card need not look for them. */
static hsm_rc put_rsa(const struct foreign_key *k, struct wr *room, struct keyblob *out)
{
	const struct wr from = *room;

	out->type = KEYBLOB_RSA_CRT;
	if (k->bits <= CRT_BITS_MAX &&
	        rsa_parts(k, crt_rsa, sizeof(crt_rsa) / sizeof(crt_rsa[0]), room, out) == HSM_OK)
		return HSM_OK;
	*room = from;
	out->type = KEYBLOB_RSA;
	return rsa_parts(k, plain_rsa, sizeof(plain_rsa) / sizeof(plain_rsa[0]), room, out);
}

static hsm_rc put_ec(const struct foreign_key *k, struct wr *room, struct keyblob *out)
{
	const struct curve *c = k->curve;
	size_t from;

	TRY(foreign_number(k->pkey, OSSL_PKEY_PARAM_PRIV_KEY, c->width, room));
	from = room->n;
	TRY(foreign_point(k, room));
	out->type = KEYBLOB_EC;
	out->part[KB_EC_A] = c->a;
	out->part[KB_EC_B] = c->b;
	out->part[KB_EC_P] = c->p;
	out->part[KB_EC_ORDER] = c->order;
	out->part[KB_EC_G] = c->g;
	out->part[KB_EC_D] = rd_of(room->p, from);
	out->part[KB_EC_Q] = rd_of(room->p + from, room->n - from);
	return HSM_OK;
}

/* What cards allow AES keys of their own, and wrapping, so that this one can be backed up. */
static const uint8_t aes_list[] = { ALG_AES_CBC_ENCRYPT, ALG_AES_CBC_DECRYPT, ALG_AES_CMAC,
	ALG_WRAP, ALG_AES_DERIVE };

static hsm_rc put_parts(const struct foreign_key *k, struct wr *room, struct keyblob *out)
{
	if (k->type == P15_RSA)
		return put_rsa(k, room, out);
	if (k->type == P15_EC)
		return put_ec(k, room, out);
	out->type = KEYBLOB_AES;
	out->algs = rd_of(aes_list, sizeof(aes_list));
	out->part[KB_AES_KEY] = secret_rd(&k->aes);
	return HSM_OK;
}

hsm_rc foreign_wrap(const struct foreign_key *k, const struct dkek *dkek, struct buf *out)
{
	struct keyblob blob = { .bits = k->bits };
	uint8_t bytes[ROOM], random[KEYBLOB_RANDOM];
	struct wr room = WR_ARRAY(bytes), w;
	hsm_rc rc;

	TRY(ossl_random(random, sizeof(random)));
	TRY(buf_reserve(out, KEYBLOB_MAX));
	w = wr_of(out->p, out->cap);
	rc = put_parts(k, &room, &blob);
	if (rc == HSM_OK)
		rc = keyblob_build(dkek, &blob, random, &w);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	out->n = w.n;
	return rc;
}

hsm_rc foreign_id(const struct foreign_key *k, uint8_t id[FOREIGN_ID_LEN])
{
	uint8_t bytes[RSA_BYTES_MAX];
	struct wr w = WR_ARRAY(bytes);
	int ok;

	if (k->type == P15_RSA)
		TRY(foreign_number(k->pkey, OSSL_PKEY_PARAM_RSA_N, 0, &w));
	else if (k->type == P15_EC)
		TRY(foreign_point(k, &w));
	else
		wr_rd_put(&w, secret_rd(&k->aes));
	ok = EVP_Digest(bytes, w.n, id, NULL, ossl_md("SHA1"), NULL);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return ok == 1 ? HSM_OK : HSM_E_FAIL;
}
