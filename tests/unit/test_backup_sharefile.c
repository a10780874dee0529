/* backup/stretch.c, backup/sharefile.c; files and keys from sc-hsm-tool and openssl */
#include <string.h>

#include "backup/rounds.h"
#include "base/ossl.h"
#include "vec.h"

static const struct stretch once = { 1, NULL };

/* What `openssl enc -aes-256-cbc -md md5`, which has one round, makes of the share of dkek.json
 * with this salt. */
static const struct {
	const char *password, *encrypted;
} one_round[] = {
	{ "dossier-pass", "DE9EC20FD4A1AEB3467DF133FCE4A05DE6071AD23B98F3BF0A3E5C3AF73D5C18"
	                  "167556C2208CFA68BC7C2C820A1197A3" },
	{ "", "B83D505DC71455696DBFC1FBB8C24411ADE2C0338CCCB6427D94ED901D1227D0"
	      "C63562D2B9B2BAA10468B99C128A619F" },
};
static const char salt_hex[] = "0102030405060708";

/* dkek.json, kdf_small_rounds_check: key, then IV. */
static const struct {
	uint32_t rounds;
	const char *key_iv;
} published[] = {
	{ 1, "7939B71C767F5A37F17CD3E59D9FAF226EBCF3BAEB18207D779D270216B7EEC2"
	     "BF6CC87F9E8566647DE3F4BDC012924F" },
	{ 1000, "43D51A59F260A11343120A80D1F54B69C70A123FF912D023454C8F0C8A804CFA"
	        "3BEC436879E0BB8DAA65243BF933FD36" },
};

static void stretch__published_rounds__same_key_and_iv(void **state)
{
	struct vec salt;
	AUTO_SECRET key = { 0 };

	(void)state;
	(void)unhex(&salt, salt_hex);
	for (size_t i = 0; i < COUNT(published); i++) {
		const struct stretch how = { published[i].rounds, NULL };

		check_rc("stretch",
		        stretch(&how, RD_LIT("dossier-pass"), rd_of(salt.p, salt.n), &key), HSM_OK);
		check_hex("stretch", secret_rd(&key), published[i].key_iv);
	}
}

static void sharefile_seal__one_round__as_openssl_enc(void **state)
{
	struct vec share, salt;
	uint8_t file[SHAREFILE_LEN];
	AUTO_SECRET again = { 0 };

	(void)state;
	(void)golden(&share, "dkek.json", "shares", "share1");
	(void)unhex(&salt, salt_hex);
	for (size_t i = 0; i < COUNT(one_round); i++) {
		const struct rd password = rd_str(one_round[i].password);
		struct wr w = WR_ARRAY(file);

		check_rc("seal",
		        sharefile_seal_rounds(&once, rd_of(share.p, share.n), rd_of(salt.p, salt.n),
		                password, &w),
		        HSM_OK);
		check_hex("magic", rd_of(file, 8), "53616C7465645F5F");
		check_hex("salt", rd_of(file + 8, 8), salt_hex);
		check_hex("rest", rd_of(file + 16, w.n - 16), one_round[i].encrypted);
		check_rc("open", sharefile_open_rounds(&once, wr_rd(&w), password, &again), HSM_OK);
		check_rd("open", secret_rd(&again), rd_of(share.p, share.n));
	}
}

static void sharefile_seal__wrong_lengths__are_refused(void **state)
{
	uint8_t file[SHAREFILE_LEN], bytes[SHARE_LEN + 1] = { 0 };
	static const struct {
		size_t share, salt, room;
		hsm_rc rc;
	} rows[] = {
		{ SHARE_LEN - 1, SHAREFILE_SALT, SHAREFILE_LEN, HSM_E_BAD_LEN },
		{ SHARE_LEN + 1, SHAREFILE_SALT, SHAREFILE_LEN, HSM_E_BAD_LEN },
		{ SHARE_LEN, SHAREFILE_SALT - 1, SHAREFILE_LEN, HSM_E_BAD_LEN },
		{ SHARE_LEN, SHAREFILE_SALT + 1, SHAREFILE_LEN, HSM_E_BAD_LEN },
		{ SHARE_LEN, SHAREFILE_SALT, SHAREFILE_LEN - 1, HSM_E_SMALL },
		{ SHARE_LEN, SHAREFILE_SALT, SHAREFILE_LEN, HSM_OK },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct wr w = wr_of(file, rows[i].room);

		check_rc("seal",
		        sharefile_seal_rounds(&once, rd_of(bytes, rows[i].share),
		                rd_of(bytes, rows[i].salt), RD_LIT("password"), &w),
		        rows[i].rc);
		assert_int_equal(w.n, rows[i].rc == HSM_OK ? SHAREFILE_LEN : 0);
	}
}

/* A file of one round. */
static struct rd simple_file(struct vec *v)
{
	static const char header[16] = "Salted__\1\2\3\4\5\6\7\10";
	struct vec rest;
	const struct rd r = unhex(&rest, one_round[0].encrypted);

	memcpy(v->p, header, sizeof(header));
	memcpy(v->p + sizeof(header), r.p, r.n);
	v->n = sizeof(header) + r.n;
	return rd_of(v->p, v->n);
}

static void sharefile_open__every_length__only_whole_files(void **state)
{
	struct vec file;
	AUTO_SECRET share = { 0 };

	(void)state;
	(void)simple_file(&file);
	for (size_t n = 0; n < SHAREFILE_LEN + 8; n++) {
		const hsm_rc want = n < SHAREFILE_LEN ? HSM_E_BAD_DATA : HSM_OK;
		const struct rd in = rd_of(file.p, n);

		check_rc("check", sharefile_check(in), want);
		check_rc("open", sharefile_open_rounds(&once, in, RD_LIT("dossier-pass"), &share),
		        want);
		assert_int_equal(share.n, want == HSM_OK ? SHARE_LEN : 0);
	}
}

/* In bytes 16 to 31 a change gives another share: the format has no code to notice it with. */
static hsm_rc outcome_of_change(size_t at)
{
	if (at < 8)
		return HSM_E_BAD_DATA;
	return at >= 16 && at < 32 ? HSM_OK : HSM_E_PASSWORD_WRONG;
}

static void sharefile_open__any_byte_changed__noticed_where_the_format_can(void **state)
{
	static const struct secret nothing;
	struct vec file;
	AUTO_SECRET share = { 0 };

	(void)state;
	(void)simple_file(&file);
	for (size_t i = 0; i < SHAREFILE_LEN; i++) {
		file.p[i] ^= 0x01;
		check_rc("open",
		        sharefile_open_rounds(
		                &once, rd_of(file.p, file.n), RD_LIT("dossier-pass"), &share),
		        outcome_of_change(i));
		if (share.n == 0)
			assert_memory_equal(&share, &nothing, sizeof(share));
		file.p[i] ^= 0x01;
	}
}

/* sc-hsm-tool looks at the last padding byte and as many as it says: 255 in 256 are refused. */
static void sharefile_open__many_wrong_passwords__all_are_refused(void **state)
{
	struct vec file;
	AUTO_SECRET share = { 0 };

	(void)state;
	(void)simple_file(&file);
	for (unsigned i = 0; i < 5000; i++) {
		uint8_t password[2] = { (uint8_t)(i >> 8), (uint8_t)i };

		check_rc("open",
		        sharefile_open_rounds(&once, rd_of(file.p, file.n),
		                rd_of(password, sizeof(password)), &share),
		        HSM_E_PASSWORD_WRONG);
		assert_int_equal(share.n, 0);
	}
}

struct seen {
	uint32_t calls, done, total, stop_at;
};

static bool tell(void *arg, uint32_t done, uint32_t total)
{
	struct seen *seen = arg;

	assert_true(done > seen->done && done <= total);
	seen->done = done;
	seen->total = total;
	return ++seen->calls != seen->stop_at;
}

static void sharefile_open__cancelled_at_any_call__gives_nothing(void **state)
{
	static const struct secret nothing;
	struct vec file;
	AUTO_SECRET share = { 0 };
	uint32_t calls;

	(void)state;
	(void)simple_file(&file);
	for (uint32_t stop = 1;; stop++) {
		struct seen seen = { .stop_at = stop };
		const struct progress progress = { tell, &seen };
		const struct stretch how = { 110000, &progress };
		const hsm_rc rc = sharefile_open_rounds(
		        &how, rd_of(file.p, file.n), RD_LIT("dossier-pass"), &share);

		assert_memory_equal(&share, &nothing, sizeof(share));
		calls = seen.calls;
		if (rc != HSM_E_CANCELLED) {
			/* another number of rounds is another key */
			check_rc("not cancelled", rc, HSM_E_PASSWORD_WRONG);
			assert_int_equal(seen.total, 330000);
			assert_int_equal(seen.done, seen.total);
			assert_int_equal(stop, calls + 1);
			break;
		}
		assert_int_equal(calls, stop);
	}
	assert_true(calls >= 6);
}

static void sharefile_open__file_of_sc_hsm_tool__all_rounds(void **state)
{
	struct vec file, share;
	struct seen seen = { 0 };
	const struct progress progress = { tell, &seen };
	AUTO_SECRET got = { 0 };

	(void)state;
	check_rc("open",
	        sharefile_open(golden(&file, "dkek.json", "share_file", "file"),
	                RD_LIT("dossier-pass"), &progress, &got),
	        HSM_OK);
	check_rd("share", secret_rd(&got), golden(&share, "dkek.json", "shares", "share1"));
	assert_int_equal(seen.done, 3u * SHAREFILE_ROUNDS);
}

static int setup(void **state)
{
	(void)state;
	return ossl_acquire() == HSM_OK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	ossl_release();
	return 0;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(stretch__published_rounds__same_key_and_iv),
		cmocka_unit_test(sharefile_seal__one_round__as_openssl_enc),
		cmocka_unit_test(sharefile_seal__wrong_lengths__are_refused),
		cmocka_unit_test(sharefile_open__every_length__only_whole_files),
		cmocka_unit_test(sharefile_open__any_byte_changed__noticed_where_the_format_can),
		cmocka_unit_test(sharefile_open__many_wrong_passwords__all_are_refused),
		cmocka_unit_test(sharefile_open__cancelled_at_any_call__gives_nothing),
		cmocka_unit_test(sharefile_open__file_of_sc_hsm_tool__all_rounds),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
