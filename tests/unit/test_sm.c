/* apdu/sm_*.c against tests/golden/secure_messaging.json */
#include "apdu/sm.h"
#include "base/ossl.h"
#include "vec.h"

#define FILE_NAME "secure_messaging.json"

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

/* A channel with the keys of the vectors, counter at zero. */
static struct sm channel(void)
{
	struct vec x, nonce;
	struct sm sm;

	check_rc("derive",
	        sm_derive(golden(&x, FILE_NAME, NULL, "shared_secret_x"),
	                golden(&nonce, FILE_NAME, NULL, "nonce"), &sm),
	        HSM_OK);
	return sm;
}

/* The bytes that the host sends for a plain command. */
static struct rd protect(struct sm *sm, const char *plain, struct vec *out)
{
	struct vec v;
	struct capdu c, protected;
	uint8_t room[512];
	struct wr w = WR_ARRAY(room), bytes = WR_ARRAY(out->p);

	check_rc(plain, capdu_parse(unhex(&v, plain), &c), HSM_OK);
	check_rc(plain, sm_protect_command(sm, &c, &w, &protected), HSM_OK);
	check_rc(plain, capdu_build(&protected, &bytes), HSM_OK);
	return wr_rd(&bytes);
}

static struct rapdu answer_of(struct rd bytes)
{
	struct rapdu a;

	check_rc("answer", rapdu_parse(bytes, &a), HSM_OK);
	return a;
}

/* The vectors in the order of the channel: what is protected, and how it looks then. */
static const struct {
	bool from_card;
	const char *anchor, *plain;
} steps[] = {
	{ false, "00 20 00 81 06 '648219'", "00200081 06 363438323139" },
	{ true, "9000", "9000" },
	{ false, "00 84 00 00 08", "0084000008" },
	{ true, "8 bytes C0..C7, 9000", "C0C1C2C3C4C5C6C7 9000" },
	{ false, "00 B1 2F 02 04 54020000 00", "00B12F02 04 54020000 00" },
};

static void sm_derive__vector__keys_and_token(void **state)
{
	struct vec v;
	struct sm sm = channel();
	uint8_t token[SM_MAC_LEN];

	(void)state;
	check_rd("enc", rd_of(sm.enc, sizeof(sm.enc)), golden(&v, FILE_NAME, NULL, "kenc"));
	check_rd("mac", rd_of(sm.mac, sizeof(sm.mac)), golden(&v, FILE_NAME, NULL, "kmac"));
	check_hex("ssc", rd_of(sm.ssc, sizeof(sm.ssc)), "00000000000000000000000000000000");
	check_rc("token",
	        sm_token(&sm, golden(&v, FILE_NAME, NULL, "host_ephemeral_public_point"), token),
	        HSM_OK);
	check_rd("token", rd_of(token, sizeof(token)), golden(&v, FILE_NAME, NULL, "token"));
	sm_wipe(&sm);
	check_hex("wiped", rd_of(sm.enc, sizeof(sm.enc)), "00000000000000000000000000000000");
}

static void sm_protect__vectors__byte_for_byte(void **state)
{
	struct sm sm = channel();

	(void)state;
	for (size_t i = 0; i < COUNT(steps); i++) {
		struct vec plain, want, got;
		struct rd bytes;
		struct wr w = WR_ARRAY(got.p);

		golden(&want, FILE_NAME, steps[i].anchor, "protected");
		if (steps[i].from_card) {
			struct rapdu a = answer_of(unhex(&plain, steps[i].plain));

			check_rc(steps[i].anchor, sm_protect_answer(&sm, &a, 256, &w), HSM_OK);
			bytes = wr_rd(&w);
		} else {
			bytes = protect(&sm, steps[i].plain, &got);
		}
		check_rd(steps[i].anchor, bytes, rd_of(want.p, want.n));
	}
}

static void open_command(struct sm *sm, const char *row, struct rd bytes, const char *plain)
{
	uint8_t room[256], built[256];
	struct wr w = WR_ARRAY(room), again = WR_ARRAY(built);
	struct capdu c, out;

	check_rc(row, capdu_parse(bytes, &c), HSM_OK);
	check_rc(row, sm_unprotect_command(sm, &c, &w, &out), HSM_OK);
	check_rc(row, capdu_build(&out, &again), HSM_OK);
	check_hex(row, wr_rd(&again), plain);
}

static void open_answer(struct sm *sm, const char *row, struct rd bytes, const char *plain)
{
	uint8_t room[256];
	struct wr w = WR_ARRAY(room);
	struct rapdu out, a = answer_of(bytes);
	struct vec v;
	struct rapdu want = answer_of(unhex(&v, plain));

	check_rc(row, sm_unprotect_answer(sm, &a, &w, &out), HSM_OK);
	check_rd(row, out.data, want.data);
	assert_int_equal(out.sw, want.sw);
}

static void sm_unprotect__vectors__the_plain_ones(void **state)
{
	struct sm sm = channel();

	(void)state;
	for (size_t i = 0; i < COUNT(steps); i++) {
		struct vec v;
		struct rd bytes = golden(&v, FILE_NAME, steps[i].anchor, "protected");

		(steps[i].from_card ? open_answer : open_command)(
		        &sm, steps[i].anchor, bytes, steps[i].plain);
	}
}

static hsm_rc try_command(struct rd bytes)
{
	struct sm sm = channel();
	uint8_t room[256];
	struct wr w = WR_ARRAY(room);
	struct capdu c, out;

	check_rc("parse", capdu_parse(bytes, &c), HSM_OK);
	return sm_unprotect_command(&sm, &c, &w, &out);
}

static hsm_rc try_answer(struct rd bytes)
{
	struct sm sm = channel();
	uint8_t room[256];
	struct wr w = WR_ARRAY(room);
	struct rapdu out, a = answer_of(bytes);

	sm.ssc[15] = 1; /* behind the first command */
	return sm_unprotect_answer(&sm, &a, &w, &out);
}

static void sm_unprotect_command__any_bit_changed__refused(void **state)
{
	struct vec v;
	struct rd bytes = golden(&v, FILE_NAME, steps[0].anchor, "protected");

	(void)state;
	check_rc("unchanged", try_command(bytes), HSM_OK);
	for (size_t i = 0; i < 8 * bytes.n; i++) {
		hsm_rc rc;

		if (i / 8 == 4 || i / 8 == bytes.n - 1) /* Lc and Le are the reader's */
			continue;
		v.p[i / 8] ^= (uint8_t)(1u << i % 8);
		rc = try_command(bytes);
		v.p[i / 8] ^= (uint8_t)(1u << i % 8);
		if (rc != HSM_E_SM_WRONG && rc != HSM_E_SM_MISSING)
			fail_msg("bit %zu: %s", i, rc_name(rc));
	}
}

static void sm_unprotect_answer__any_bit_changed__refused(void **state)
{
	struct vec v;
	struct rd bytes = golden(&v, FILE_NAME, steps[1].anchor, "protected");

	(void)state;
	check_rc("unchanged", try_answer(bytes), HSM_OK);
	for (size_t i = 0; i < 8 * (bytes.n - 2); i++) {
		hsm_rc rc;

		v.p[i / 8] ^= (uint8_t)(1u << i % 8);
		rc = try_answer(bytes);
		v.p[i / 8] ^= (uint8_t)(1u << i % 8);
		if (rc != HSM_E_SM_WRONG && rc != HSM_E_SM_MISSING)
			fail_msg("bit %zu: %s", i, rc_name(rc));
	}
}

static void sm_unprotect_command__malformed__outcomes(void **state)
{
	static const struct {
		const char *hex;
		hsm_rc rc;
	} rows[] = {
		{ "0C200081 00", HSM_E_SM_MISSING },
		{ "0C200081 03 970100 00", HSM_E_SM_MISSING },
		{ "0C200081 02 8E09 00", HSM_E_SM_MISSING },
		{ "0C200081 0A 8E08C30F70277C19724D", HSM_E_BAD_LEN },
		{ "0C200081 0A 8E08C30F70277C19724D 00", HSM_E_SM_WRONG },
		{ "0C200081 0C 8E08C30F70277C19724D 9700 00", HSM_E_SM_WRONG },
		{ "0C200081 01 87 00", HSM_E_SM_WRONG },
		{ "0C200081 0C 8500 8E08C30F70277C19724D 00", HSM_E_SM_MISSING },
		{ "0CB12F02 0C 8700 8E08C30F70277C19724D 00", HSM_E_SM_MISSING },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct vec v;

		check_rc(rows[i].hex, try_command(unhex(&v, rows[i].hex)), rows[i].rc);
	}
}

static void sm_unprotect_answer__malformed__outcomes(void **state)
{
	static const struct {
		const char *hex;
		hsm_rc rc;
	} rows[] = {
		{ "9000", HSM_E_SM_MISSING },
		{ "6988", HSM_E_SM_MISSING },
		{ "99029000 9000", HSM_E_SM_MISSING },
		{ "8E08ED9D3F8528246015 9000", HSM_E_SM_MISSING },
		{ "99029000 8E07ED9D3F85282460 9000", HSM_E_SM_WRONG },
		{ "99029000 8E08ED9D3F8528246015 9700 9000", HSM_E_SM_WRONG },
		{ "99026300 8E08ED9D3F8528246015 6300", HSM_E_SM_WRONG },
		{ "87 9000", HSM_E_SM_WRONG },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct vec v;

		check_rc(rows[i].hex, try_answer(unhex(&v, rows[i].hex)), rows[i].rc);
	}
}

/* Two ends of a channel, long commands and answers, with every length around the blocks. */
static void sm__both_ends__carry_all_lengths(void **state)
{
	static const size_t lengths[] = { 0, 1, 15, 16, 17, 100, 239, 240, 255, 256, 257, 4096,
		SM_DATA_MAX };
	static uint8_t data[SM_DATA_MAX], a[RAPDU_MAX], b[RAPDU_MAX];
	struct sm host = channel(), card = channel();

	(void)state;
	for (size_t i = 0; i < sizeof(data); i++)
		data[i] = (uint8_t)(i * 7);
	for (size_t i = 0; i < COUNT(lengths); i++) {
		struct capdu got, sent,
		        c = { .ins = (uint8_t)(i % 2 == 0 ? 0xD7 : 0x68),
			        .data = rd_of(data, lengths[i]),
			        .ne = lengths[i],
			        .extended = true };
		struct rapdu back, plain = { rd_of(data, lengths[i]), 0x9000 };
		struct wr wa = WR_ARRAY(a), wb = WR_ARRAY(b);

		check_rc("protect", sm_protect_command(&host, &c, &wa, &sent), HSM_OK);
		check_rc("open", sm_unprotect_command(&card, &sent, &wb, &got), HSM_OK);
		check_rd("command", got.data, c.data);
		assert_int_equal(got.ne, c.ne);
		assert_int_equal(got.cla, 0x00);
		wa = WR_ARRAY(a);
		wb = WR_ARRAY(b);
		check_rc("answer", sm_protect_answer(&card, &plain, sent.ne, &wa), HSM_OK);
		check_rc("split", rapdu_parse(wr_rd(&wa), &back), HSM_OK);
		check_rc("open", sm_unprotect_answer(&host, &back, &wb, &back), HSM_OK);
		check_rd("answer", back.data, plain.data);
		assert_int_equal(back.sw, 0x9000);
	}
}

static void sm_protect__too_long__bad_len(void **state)
{
	static uint8_t data[SM_DATA_MAX + 1], room[RAPDU_MAX];
	struct sm sm = channel();
	struct capdu out, c = { .ins = 0xD7, .data = rd_of(data, sizeof(data)) };
	struct rapdu a = { rd_of(data, sizeof(data)), 0x9000 };
	struct wr w = WR_ARRAY(room);

	(void)state;
	check_rc("command", sm_protect_command(&sm, &c, &w, &out), HSM_E_BAD_LEN);
	check_rc("answer", sm_protect_answer(&sm, &a, APDU_NE_MAX, &w), HSM_E_BAD_LEN);
	a.data.n = 223; /* 3 + 225 + 14 bytes */
	check_rc("fits", sm_protect_answer(&sm, &a, 242, &w), HSM_OK);
	check_rc("short by one", sm_protect_answer(&sm, &a, 241, &w), HSM_E_BAD_LEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sm_derive__vector__keys_and_token),
		cmocka_unit_test(sm_protect__vectors__byte_for_byte),
		cmocka_unit_test(sm_unprotect__vectors__the_plain_ones),
		cmocka_unit_test(sm_unprotect_command__any_bit_changed__refused),
		cmocka_unit_test(sm_unprotect_answer__any_bit_changed__refused),
		cmocka_unit_test(sm_unprotect_command__malformed__outcomes),
		cmocka_unit_test(sm_unprotect_answer__malformed__outcomes),
		cmocka_unit_test(sm__both_ends__carry_all_lengths),
		cmocka_unit_test(sm_protect__too_long__bad_len),
	};

	return cmocka_run_group_tests(tests, acquire, release);
}
