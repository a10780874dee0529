/* Vectors that take the card and libcrypto to check: the keys and signatures of cvc.json and
 * genuine_device.json, the signature of pka.json, the agreement of secure_messaging.json; and the
 * files that are there in two forms. */
#include <stdio.h>
#include <string.h>

#include "base/aes.h"
#include "base/ossl.h"
#include "core/core.h"
#include "emu_file.h"
#include "emu_keys.h"
#include "key/ec.h"
#include "key/key.h"
#include "p15/cvc.h"
#include "vec.h"

#define GENUINE "genuine_device.json"
#define OWN     "cvc.json"
#define SM      "secure_messaging.json"
#define PKA     "pka.json"
#define CHAIN   "brainpoolP256r1"
/* The last of the private keys in cvc.json, which have the names of the certificates. */
#define AFTER_PRIVATE_KEYS "device"

static int acquire(void **state)
{
	(void)state;
	return ossl_acquire() == HSM_OK ? 0 : -1;
}

static int release(void **state)
{
	(void)state;
	ossl_release();
	return 0;
}

/* The point that belongs to a private key. */
static struct rd public_of(const char *curve, struct rd scalar, struct vec *out)
{
	const struct curve *c = curve_by_name(curve);
	struct wr w = WR_ARRAY(out->p);
	EVP_PKEY *pkey = NULL;

	assert_int_equal(ec_key_open(c, scalar, &pkey), HSM_OK);
	assert_int_equal(ec_key_point(c, pkey, &w), HSM_OK);
	EVP_PKEY_free(pkey);
	return wr_rd(&w);
}

/* ---- certificates ---- */

static struct cvc cert_of(struct rd bytes)
{
	struct cvc c;

	assert_int_equal(cvc_parse(&bytes, &c), HSM_OK);
	return c;
}

static void cvc__private_keys__are_those_of_the_certificates(void **state)
{
	static const char *const names[] = { "root", "dica", "device" };

	(void)state;
	for (size_t i = 0; i < COUNT(names); i++) {
		struct vec cert, scalar, point;
		const struct cvc c = cert_of(golden(&cert, OWN, AFTER_PRIVATE_KEYS, names[i]));

		golden(&scalar, OWN, "private_keys", names[i]);
		check_rd(
		        names[i], public_of(CHAIN, rd_of(scalar.p, scalar.n), &point), c.key.point);
	}
}

static void cvc__genuine_file__has_its_hash(void **state)
{
	struct vec file, want;
	uint8_t hash[32];

	(void)state;
	golden(&file, GENUINE, NULL, "ef_2F02");
	assert_int_equal(EVP_Q_digest(NULL, "SHA256", NULL, file.p, file.n, hash, NULL), 1);
	check_rd("hash", rd_of(hash, sizeof(hash)), golden(&want, GENUINE, NULL, "ef_2F02_sha256"));
}

static void cvc__requests__both_signatures_verify(void **state)
{
	static const struct {
		const char *file, *anchor, *key;
		struct key_spec spec;
	} rows[] = {
		{ GENUINE, "CE01_SECP256K1", "data", { "secp256k1", 256 } },
		{ GENUINE, "CE03_SECP256R1", "data", { "prime256v1", 256 } },
		{ GENUINE, "CE04_RSA2048", "data", { NULL, 2048 } },
		{ OWN, "request_for_secp256r1_key", "request", { "prime256v1", 256 } },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct vec chain, request;
		const struct cvc device = cert_of(golden(&chain, rows[i].file, NULL, "ef_2F02"));
		EVP_PKEY *by = ec_public(CHAIN, device.key.point);

		EVP_PKEY_free(
		        request_check(golden(&request, rows[i].file, rows[i].anchor, rows[i].key),
		                by, &rows[i].spec));
		EVP_PKEY_free(by);
	}
}

static void cvc__key_of_the_request__has_its_point(void **state)
{
	struct vec scalar, request, point;
	struct cvc_request req;

	(void)state;
	golden(&scalar, OWN, "request_for_secp256r1_key", "private_key");
	assert_int_equal(
	        cvc_request_parse(
	                golden(&request, OWN, "request_for_secp256r1_key", "request"), &req),
	        HSM_OK);
	check_rd("point", public_of("prime256v1", rd_of(scalar.p, scalar.n), &point),
	        req.request.key.point);
}

/* ---- public key authentication ---- */

static void pka__signature__is_over_device_and_challenge(void **state)
{
	struct vec scalar, point, input, challenge, want, cmd;
	EVP_PKEY *pkey;
	uint8_t hash[32];

	(void)state;
	golden(&scalar, PKA, NULL, "authenticator_private_key_brainpoolP256r1");
	golden(&input, PKA, NULL, "hash_input");
	golden(&challenge, PKA, NULL, "challenge");
	assert_int_equal(input.n, 16 + challenge.n);
	check_rd("device", rd_of(input.p, 16), RD_LIT("ZZEMU01000100000"));
	check_rd("challenge", rd_of(input.p + 16, 8), rd_of(challenge.p, challenge.n));
	assert_int_equal(EVP_Q_digest(NULL, "SHA256", NULL, input.p, input.n, hash, NULL), 1);
	check_rd("hash", rd_of(hash, sizeof(hash)), golden(&want, PKA, NULL, "sha256"));
	golden(&cmd, PKA, NULL, "external_authenticate");
	assert_int_equal(cmd.n, 5 + 64);
	pkey = ec_public(CHAIN, public_of(CHAIN, rd_of(scalar.p, scalar.n), &point));
	assert_true(plain_ecdsa_ok(pkey, rd_of(input.p, input.n), rd_of(cmd.p + 5, 64)));
	EVP_PKEY_free(pkey);
}

/* ---- files ---- */

static void files__and_their_hex__are_the_same(void **state)
{
	static const struct {
		const char *path, *file, *anchor, *key;
	} rows[] = {
		{ "dkek_share1.pbe", "dkek.json", "share_file", "file" },
		{ "wrapfile_ec.bin", "wrapfile.json", NULL, "file" },
		{ "ef_2f02_emulator.bin", OWN, NULL, "ef_2F02" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		AUTO_BUF bytes = { 0 };
		char path[512];
		struct vec v;

		snprintf(path, sizeof(path), TEST_SOURCE_DIR "/golden/%s", rows[i].path);
		file_read(path, &bytes);
		check_rd(rows[i].path, buf_rd(&bytes),
		        golden(&v, rows[i].file, rows[i].anchor, rows[i].key));
	}
}

/* ---- chip authentication ---- */

static void sm__agreement__same_from_both_ends(void **state)
{
	struct vec host, point, want, got;
	struct emu_image card = { 0 };
	struct wr w = WR_ARRAY(got.p);

	(void)state;
	golden(&host, SM, NULL, "host_ephemeral_private_key");
	golden(&point, SM, NULL, "host_ephemeral_public_point");
	check_rd("host", public_of(CHAIN, rd_of(host.p, host.n), &got), rd_of(point.p, point.n));
	memcpy(card.device_scalar, golden(&want, SM, NULL, "device_private_key").p,
	        DEVICE_SCALAR_LEN);
	golden(&want, SM, NULL, "shared_secret_x");
	assert_int_equal(device_agree(&card, rd_of(point.p, point.n), &w), HSM_OK);
	assert_int_equal(w.n, 65);
	check_rd("card", rd_of(got.p + 1, 32), rd_of(want.p, want.n));
	public_of(CHAIN, rd_of(card.device_scalar, DEVICE_SCALAR_LEN), &point);
	w.n = 0;
	assert_int_equal(
	        ec_multiply(curve_by_name(CHAIN), rd_of(host.p, host.n), rd_of(point.p, 65), &w),
	        HSM_OK);
	check_rd("host", rd_of(got.p + 1, 32), rd_of(want.p, want.n));
}

static void sm__token__is_the_code_of_its_input(void **state)
{
	struct vec key, input, want;
	uint8_t mac[AES_BLOCK];

	(void)state;
	assert_int_equal(aes_cmac(golden(&key, SM, NULL, "kmac"),
	                         golden(&input, SM, NULL, "token_input"), mac),
	        HSM_OK);
	check_rd("token", rd_of(mac, 8), golden(&want, SM, NULL, "token"));
}

static void sm__commands_of_the_vectors__are_taken(void **state)
{
	struct emu_bench *b = emu_bench_new();
	struct vec cmd, want, answer;
	struct wr w = WR_ARRAY(b->rsp), all = WR_ARRAY(answer.p);

	(void)state;
	assert_int_equal(emu_lane_xfer(b->lane, golden(&cmd, SM, NULL, "mse_set"), &w), HSM_OK);
	check_hex("mse", wr_rd(&w), "9000");
	w.n = 0;
	golden(&cmd, SM, NULL, "general_authenticate");
	assert_int_equal(emu_lane_xfer(b->lane, rd_of(cmd.p, cmd.n), &w), HSM_OK);
	/* The same form; nonce and device key are others. */
	golden(&want, SM, NULL, "response");
	memcpy(b->rsp + 4, want.p + 4, 8);
	memcpy(b->rsp + 14, want.p + 14, 8);
	wr_put(&all, want.p, want.n);
	wr_u16(&all, 0x9000);
	check_rd("response", wr_rd(&w), wr_rd(&all));
	emu_bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(cvc__private_keys__are_those_of_the_certificates),
		cmocka_unit_test(cvc__genuine_file__has_its_hash),
		cmocka_unit_test(cvc__requests__both_signatures_verify),
		cmocka_unit_test(cvc__key_of_the_request__has_its_point),
		cmocka_unit_test(pka__signature__is_over_device_and_challenge),
		cmocka_unit_test(files__and_their_hex__are_the_same),
		cmocka_unit_test(sm__agreement__same_from_both_ends),
		cmocka_unit_test(sm__token__is_the_code_of_its_input),
		cmocka_unit_test(sm__commands_of_the_vectors__are_taken),
	};

	return cmocka_run_group_tests(tests, acquire, release);
}
