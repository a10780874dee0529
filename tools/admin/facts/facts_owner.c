/* Whether a certificate belongs to the key beside it. The card does not give the public half of a
 * key away once its request was overwritten by the certificate. */
#include <openssl/sha.h>
#include <string.h>

#include "base/ossl.h"
#include "facts_object.h"
#include "verify.h"

enum { MESSAGE_LEN = 32, INPUT_MAX = RSA_BYTES_MAX };

/* ---- what the files say ---- */

static bool same_kind(const struct card_object *o)
{
	const bool is_rsa = o->key.type == P15_RSA;

	return o->key.type == 0 ||
	       (is_rsa == (o->pub.type == PUBKEY_RSA) && o->key.type != P15_AES &&
	               (o->key.bits == 0 || o->key.bits == o->pub.bits));
}

/* PKCS#11 programs that are given no ID take this one when they make the key. */
static bool id_is_of_key(const struct card_object *o)
{
	const struct rd number = o->pub.type == PUBKEY_RSA ? o->pub.modulus : o->pub.point;
	uint8_t hash[SHA_DIGEST_LENGTH];

	return EVP_Digest(number.p, number.n, hash, NULL, ossl_md("SHA1"), NULL) == 1 &&
	       rd_equal(o->id, rd_of(hash, sizeof(hash)));
}

/* ---- what the key does ---- */

enum input { INPUT_MESSAGE, INPUT_HASH, INPUT_INFO, INPUT_BLOCK };

/* A way to sign a message with SHA-256. */
static const struct way {
	enum pubkey_type type;
	enum schsm_alg alg;
	enum input input;
	enum public_scheme scheme;
} ways[] = {
	{ PUBKEY_EC, ALG_ECDSA, INPUT_HASH, SCHEME_ECDSA },
	{ PUBKEY_EC, ALG_ECDSA_SHA256, INPUT_MESSAGE, SCHEME_ECDSA },
	{ PUBKEY_RSA, ALG_RSA_RAW, INPUT_BLOCK, SCHEME_PKCS1 },
	{ PUBKEY_RSA, ALG_RSA_PKCS1, INPUT_INFO, SCHEME_PKCS1 },
	{ PUBKEY_RSA, ALG_RSA_PKCS1_SHA256, INPUT_MESSAGE, SCHEME_PKCS1 },
	{ PUBKEY_RSA, ALG_RSA_PSS, INPUT_HASH, SCHEME_PSS },
	{ PUBKEY_RSA, ALG_RSA_PSS_SHA256, INPUT_MESSAGE, SCHEME_PSS },
};

static const struct way *find_way(enum pubkey_type type, const struct card_key_info *info)
{
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		const int alg = (int)ways[i].alg;

		if (ways[i].type == type &&
		        (info->algs_n == 0 || memchr(info->algs, alg, info->algs_n) != NULL))
			return &ways[i];
	}
	return NULL;
}

/* 00 01 FF .. FF 00 DigestInfo (RFC 8017 section 9.2). */
static void put_block(struct wr *w, struct rd info, size_t width)
{
	uint8_t *fill;

	wr_u8(w, 0x00);
	wr_u8(w, 0x01);
	fill = wr_room(w, width - info.n - 3);
	if (fill != NULL)
		memset(fill, 0xFF, width - info.n - 3);
	wr_u8(w, 0x00);
	wr_rd_put(w, info);
}

static hsm_rc put_input(enum input input, struct rd message, size_t width, struct wr *w)
{
	const struct digest *sha = digest_by_name("SHA256");
	uint8_t hash[DIGEST_MAX], bytes[DIGEST_MAX + 32];
	struct wr info = WR_ARRAY(bytes);

	if (EVP_Digest(message.p, message.n, hash, NULL, ossl_md("SHA256"), NULL) != 1)
		return HSM_E_FAIL;
	wr_rd_put(&info, sha->info);
	wr_put(&info, hash, sha->size);
	switch (input) {
	case INPUT_MESSAGE:
		wr_rd_put(w, message);
		break;
	case INPUT_HASH:
		wr_put(w, hash, sha->size);
		break;
	case INPUT_INFO:
		wr_rd_put(w, wr_rd(&info));
		break;
	case INPUT_BLOCK:
		put_block(w, wr_rd(&info), width);
		break;
	}
	return wr_done(w);
}

static hsm_rc sign_and_verify(
        struct card_lane *lane, const struct card_object *o, const struct way *way, bool *good)
{
	const size_t width = (o->pub.bits + 7u) / 8;
	uint8_t message[MESSAGE_LEN], bytes[INPUT_MAX], answer[2 * INPUT_MAX];
	struct wr input = WR_ARRAY(bytes), sig = WR_ARRAY(answer);
	hsm_rc rc;

	TRY(ossl_random(message, sizeof(message)));
	TRY(put_input(way->input, rd_of(message, sizeof(message)), width, &input));
	rc = way->type == PUBKEY_RSA
	             ? card_sign_rsa(lane, o->nn, way->alg, wr_rd(&input), width, &sig)
	             : card_sign_ec(lane, o->nn, way->alg, wr_rd(&input), width, &sig);
	*good = rc == HSM_OK &&
	        public_verify(&o->pub, way->scheme, rd_of(message, sizeof(message)), wr_rd(&sig));
	/* a signature of another length is one by a key of another size */
	return rc == HSM_E_CARD_DATA || rc == HSM_E_BAD_LEN ? HSM_OK : rc;
}

/* ---- the verdict ---- */

static void say(json_t *certificate, const char *belongs, const char *evidence)
{
	json_object_set_new(certificate, "belongs_to_key", json_string(belongs));
	json_object_set_new(certificate, "evidence", json_string(evidence));
}

static void judge_files(const struct card_object *o, json_t *certificate)
{
	if (!same_kind(o))
		say(certificate, "no", "type and size");
	else if (id_is_of_key(o))
		say(certificate, "yes", "ID");
	else
		say(certificate, "not known", "none, but a signature would tell: --pin");
}

hsm_rc facts_use(struct card_lane *lane, const struct card_object *key, json_t *out)
{
	struct card_key_info info;
	const struct way *way;
	bool good;

	if ((key->problems & PROBLEM_MISSING) != 0)
		return HSM_OK;
	TRY(card_key_info(lane, key->nn, &info));
	way = find_way(key->pub.type, &info);
	if (way == NULL || info.has_uses)
		return HSM_OK;
	TRY(sign_and_verify(lane, key, way, &good));
	say(out, good ? "yes" : "no", "signature");
	return HSM_OK;
}

hsm_rc facts_belongs(
        struct card_lane *lane, const struct card_object *key, bool logged_in, json_t *certificate)
{
	judge_files(key, certificate);
	return logged_in && same_kind(key) ? facts_use(lane, key, certificate) : HSM_OK;
}
