#include "emu_file.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static const struct emu_make cheap = { .kdf = EMU_KDF_CHEAP };

/* A token with a label, a file and an RSA and an EC key; its bytes. */
static void rich_token(struct token_place *p, struct buf *bytes)
{
	struct emu_bench *b;

	place_ready(p, EMU_KDF_CHEAP);
	b = emu_bench_open(p->path);
	EMU(b, VERIFY_CMD, 0x9000, "");
	EMU(b, "00D72F03 18 54020000 5312 3010020100 80076D79746F6B656E 03020520", 0x9000, "");
	EMU(b,
	        "00460100 27 5F290100 7F4915 060A04007F00070202020102 8203010001 02020400"
	        "5F2008 5A5A545730303030",
	        0x9000, "");
	emu_bench_free(b);
	file_read(p->path, bytes);
}

/* The file is refused with `rc`, and stays what it was, with nothing beside it. */
static void refused(const struct token_place *p, hsm_rc rc, const char *file, int line)
{
	AUTO_BUF before = { 0 };
	AUTO_BUF after = { 0 };

	file_read(p->path, &before);
	check_open(p->path, rc, file, line);
	file_read(p->path, &after);
	if (!rd_equal(buf_rd(&before), buf_rd(&after)) || place_count(p) != 1)
		_fail(file, line);
}
#define REFUSED(p, rc) refused(p, rc, __FILE__, __LINE__)

/* ---- making ---- */

static void emu_create__new_file__is_private_and_alone(void **state)
{
	struct token_place p;
	struct stat st;

	(void)state;
	place_create(&p, EMU_KDF_CHEAP);
	assert_int_equal(stat(p.path, &st), 0);
	assert_int_equal(st.st_mode & 0777, 0600);
	assert_int_equal(st.st_nlink, 1);
	OPENS(p.path, HSM_OK);
	assert_int_equal(place_remove(&p), 1);
}

static void emu_create__something_there__is_left_alone(void **state)
{
	struct token_place p;
	AUTO_BUF bytes = { 0 };

	(void)state;
	place_make(&p);
	file_write(p.path, RD_LIT("precious"));
	assert_int_equal(emu_create(p.path, &cheap), HSM_E_TOKEN_EXISTS);
	file_read(p.path, &bytes);
	assert_true(rd_equal(buf_rd(&bytes), RD_LIT("precious")));
	assert_int_equal(place_remove(&p), 1);
}

static void emu_create__no_such_folder__leaves_nothing(void **state)
{
	struct token_place p;
	char path[160];

	(void)state;
	place_make(&p);
	snprintf(path, sizeof(path), "%s/missing/card.token", p.folder);
	assert_int_equal(emu_create(path, &cheap), HSM_E_TOKEN_MISSING);
	assert_int_equal(emu_create("", &cheap), HSM_E_TOKEN_MISSING);
	snprintf(path, sizeof(path), "%s/", p.folder);
	assert_int_equal(emu_create(path, &cheap), HSM_E_TOKEN_MISSING);
	assert_int_equal(place_remove(&p), 0);
}

static void emu_inspect__tells_what_is_known_without_a_pin(void **state)
{
	struct token_place p;
	AUTO_BUF bytes = { 0 };
	struct emu_info info;
	struct emu_bench *b;

	(void)state;
	place_create(&p, EMU_KDF_STRONG);
	assert_int_equal(emu_inspect(p.path, &info), HSM_OK);
	assert_false(info.initialised);
	assert_int_equal(info.kdf, EMU_KDF_STRONG);
	assert_int_equal(info.user_tries, 0);
	assert_string_equal(info.label, "");
	assert_int_equal(strlen(info.serial), 11);
	place_remove(&p);

	rich_token(&p, &bytes);
	b = emu_bench_open(p.path);
	EMU(b, WRONG_CMD, 0x63C2, "");
	emu_bench_free(b);
	assert_int_equal(emu_inspect(p.path, &info), HSM_OK);
	assert_true(info.initialised);
	assert_int_equal(info.kdf, EMU_KDF_CHEAP);
	assert_int_equal(info.user_tries, 2);
	assert_int_equal(info.so_tries, 15);
	assert_int_equal(info.keys, 1);
	assert_int_equal(info.files, 3); /* EF 2F02, the label, the request of the key */
	assert_int_equal(info.schema, 1);
	assert_string_equal(info.label, "mytoken");
	place_remove(&p);
}

static void emu_open__file_closed_and_opened__keeps_everything(void **state)
{
	struct token_place p;
	AUTO_BUF bytes = { 0 };
	struct emu_bench *b;

	(void)state;
	rich_token(&p, &bytes);
	b = emu_bench_open(p.path);
	EMU(b, "80580000 00", 0x9000, "2F02 2F03 CE01 CC00 CC01");
	EMU(b, "00200081", 0x63C3, "");
	EMU(b, VERIFY_CMD, 0x9000, "");
	EMU(b, "80680131 02 ABCD 00", 0x9000, NULL);
	assert_int_equal(b->n, 128);
	emu_bench_free(b);
	assert_int_equal(place_remove(&p), 1); /* no journal is left */
}

/* ---- refusing ---- */

static void emu_open__missing__is_said_and_not_created(void **state)
{
	struct token_place p;

	(void)state;
	place_make(&p);
	OPENS(p.path, HSM_E_TOKEN_MISSING);
	assert_int_equal(place_count(&p), 0);
	OPENS(p.folder, HSM_E_TOKEN_FOREIGN);
	OPENS("/dev/null", HSM_E_TOKEN_FOREIGN);
	place_remove(&p);
}

static void emu_open__foreign_files__are_left_as_they_are(void **state)
{
	struct token_place p;

	(void)state;
	place_make(&p);
	file_write(p.path, RD_LIT(""));
	REFUSED(&p, HSM_E_TOKEN_FOREIGN);
	file_write(p.path, RD_LIT("just a text\n"));
	REFUSED(&p, HSM_E_TOKEN_FOREIGN);
	file_write(p.path, RD_LIT("SQLite format 3"));
	REFUSED(&p, HSM_E_TOKEN_FOREIGN);
	file_write(p.path, RD_LIT(""));
	file_sql(p.path, "CREATE TABLE card (id); INSERT INTO card VALUES (1)");
	REFUSED(&p, HSM_E_TOKEN_FOREIGN);
	file_sql(p.path, "PRAGMA journal_mode = WAL");
	REFUSED(&p, HSM_E_TOKEN_FOREIGN);
	place_remove(&p);
}

static void emu_open__newer_format__is_said(void **state)
{
	struct token_place p;

	(void)state;
	place_create(&p, EMU_KDF_CHEAP);
	file_sql(p.path, "PRAGMA user_version = 0x00010002; CREATE TABLE extra (x)");
	OPENS(p.path, HSM_OK); /* newer, but we may still use it */
	file_sql(p.path, "PRAGMA user_version = 0x00020002");
	REFUSED(&p, HSM_E_TOKEN_NEWER);
	place_remove(&p);
}

static void emu_open__damaged_contents__are_noticed(void **state)
{
	static const char *const damages[] = {
		"PRAGMA user_version = 0",
		"PRAGMA journal_mode = WAL",
		"CREATE TABLE extra (x)",
		"CREATE TRIGGER t AFTER UPDATE ON pin BEGIN DELETE FROM key; END",
		"CREATE VIEW v AS SELECT 1",
		"CREATE INDEX i ON file (rev)",
		"DROP TABLE pin",
		"DROP TABLE pin; CREATE TABLE pin (ref, rev)",
		"DELETE FROM card",
		"UPDATE card SET chr = 'SHORT00'",
		"UPDATE card SET chr = 'ZZTWXXXXXXX00000'",
		"UPDATE card SET chr = 'ZZTWXXXXXXX00000Y'",
		"UPDATE card SET device_key = x'00'",
		"UPDATE card SET scrypt_log2_n = 3",
		"UPDATE card SET scrypt_log2_n = 21",
		"UPDATE card SET options = 65536",
		"UPDATE card SET options = -1",
		"UPDATE card SET domains = 9",
		"UPDATE card SET domains = -1",
		"DELETE FROM pin WHERE ref = 0x88",
		"UPDATE pin SET ref = 0x82 WHERE ref = 0x81",
		"UPDATE pin SET tries = 4 WHERE ref = 0x81",
		"UPDATE pin SET tries = -1 WHERE ref = 0x81",
		"UPDATE pin SET initial = 16, tries = 16 WHERE ref = 0x88",
		"UPDATE pin SET length = 5 WHERE ref = 0x81",
		"UPDATE pin SET length = 17 WHERE ref = 0x81",
		"UPDATE pin SET transport = 2",
		"UPDATE pin SET rev = 0",
		"UPDATE pin SET sealed = x''",
		"UPDATE pin SET sealed = CAST(x'15' || substr(sealed, 2) AS BLOB)",
		"UPDATE pin SET sealed = CAST(sealed || x'00' AS BLOB)",
		"DELETE FROM file WHERE fid = 0x2F02",
		"UPDATE file SET data = x'' WHERE fid = 0x2F02",
		"UPDATE file SET data = x'7F2101' WHERE fid = 0x2F02",
		"UPDATE file SET data = CAST(data || x'00' AS BLOB) WHERE fid = 0x2F02",
		"UPDATE file SET seq = 1000 WHERE fid = 0x2F02",
		"UPDATE file SET fid = 0xCC07 WHERE fid = 0x2F03",
		"UPDATE file SET fid = 65536 WHERE fid = 0x2F03",
		"UPDATE file SET fid = 0 WHERE fid = 0x2F03",
		"UPDATE file SET data = zeroblob(65536) WHERE fid = 0x2F03",
		"UPDATE key SET kid = 0",
		"UPDATE key SET kid = 256",
		"UPDATE key SET type = 3",
		"UPDATE key SET bits = 512",
		"UPDATE key SET bits = 8192",
		"UPDATE key SET curve = 'prime256v1'",
		"UPDATE key SET type = 2, curve = 'prime256v1', bits = 384",
		"UPDATE key SET type = 2, curve = 'unheard', bits = 256",
		"UPDATE key SET algs = zeroblob(17)",
		"UPDATE key SET domain = 8",
		"UPDATE key SET uses = -1",
		"UPDATE key SET uses = 4294967296",
		"UPDATE key SET uses_left = 1",
		"UPDATE key SET sealed = x''",
		"UPDATE key SET sealed = zeroblob(9000)",
	};
	struct token_place p;
	AUTO_BUF good = { 0 };

	(void)state;
	rich_token(&p, &good);
	OPENS(p.path, HSM_OK);
	for (size_t i = 0; i < sizeof(damages) / sizeof(damages[0]); i++) {
		file_write(p.path, buf_rd(&good));
		file_sql(p.path, damages[i]);
		print_message("%s\n", damages[i]);
		REFUSED(&p, HSM_E_TOKEN_DAMAGED);
	}
	place_remove(&p);
}

/* A later program may know more models. */
static void emu_open__unknown_profile__needs_a_newer_program(void **state)
{
	struct token_place p;

	(void)state;
	place_create(&p, EMU_KDF_CHEAP);
	file_sql(p.path, "UPDATE card SET profile = 'nitrokey-hsm9'");
	REFUSED(&p, HSM_E_TOKEN_NEWER);
	place_remove(&p);
}

static void emu_open__more_files_than_a_card_has__is_damaged(void **state)
{
	struct token_place p;

	(void)state;
	place_create(&p, EMU_KDF_CHEAP);
	file_sql(p.path,
	        "WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n LIMIT 1023)"
	        "INSERT INTO file (fid, rev, data) SELECT i, 100 + i, x'' FROM n");
	OPENS(p.path, HSM_OK);
	file_sql(p.path, "INSERT INTO file (fid, rev, data) VALUES (5000, 5000, x'')");
	REFUSED(&p, HSM_E_TOKEN_DAMAGED);
	place_remove(&p);
}

/* A key that was sealed for another place, or whose rules were edited, does not open. */
static void sign__rules_of_the_key_edited__is_refused(void **state)
{
	struct token_place p;
	AUTO_BUF good = { 0 };
	struct emu_bench *b;

	(void)state;
	rich_token(&p, &good);
	file_sql(p.path, "UPDATE key SET kid = 2");
	b = emu_bench_open(p.path);
	EMU(b, VERIFY_CMD, 0x9000, "");
	{
		uint8_t cmd[16], rsp[RAPDU_MAX / 64];
		struct wr w = WR_ARRAY(rsp);
		const size_t n = emu_unhex("80680231 02 ABCD 00", cmd, sizeof(cmd));

		assert_int_equal(emu_lane_xfer(b->lane, rd_of(cmd, n), &w), HSM_E_TOKEN_DAMAGED);
	}
	emu_bench_free(b);
	place_remove(&p);
}

/* The records of the two PINs cannot be exchanged. */
static void verify__pin_record_of_another_reference__does_not_open(void **state)
{
	struct token_place p;
	struct emu_bench *b;

	(void)state;
	place_create(&p, EMU_KDF_CHEAP);
	b = emu_bench_open(p.path);
	EMU(b, "80500000 1B 80020001 81083537363231383830 8208" TEST_SO " 910103", 0x9000, "");
	emu_bench_free(b);
	file_sql(p.path, "UPDATE pin SET sealed = (SELECT sealed FROM pin WHERE ref = 0x88),"
	                 "initial = 15, tries = 15 WHERE ref = 0x81");
	b = emu_bench_open(p.path);
	EMU(b, "00200088 08 " TEST_SO, 0x9000, "");
	EMU(b, "00200081 08 " TEST_SO, 0x63CE, "");
	emu_bench_free(b);
	place_remove(&p);
}

/* Opens damaged bytes: refused as a token file is, or sound enough to be used. */
static void try_bytes(const struct token_place *p, struct rd bytes)
{
	struct emu_card *card = NULL;
	AUTO_BUF after = { 0 };
	hsm_rc rc;

	file_write(p->path, bytes);
	rc = emu_open(p->path, &card);
	if (rc == HSM_OK) {
		struct emu_lane *lane = NULL;

		assert_int_equal(emu_lane_new(card, &lane), HSM_OK);
		emu_lane_free(lane);
		emu_close(card);
	} else {
		assert_true(rc >= HSM_E_TOKEN_MISSING && rc <= HSM_E_TOKEN_NEWER);
	}
	file_read(p->path, &after);
	assert_true(rd_equal(buf_rd(&after), bytes));
	assert_int_equal(place_count(p), 1);
}

static void emu_open__truncated_anywhere__is_refused(void **state)
{
	struct token_place p;
	AUTO_BUF good = { 0 };

	(void)state;
	rich_token(&p, &good);
	for (size_t n = 0; n < good.n; n += n < 128                           ? 1
	                                    : n % 4096 < 4 || n % 4096 > 4090 ? 1
	                                                                      : 509) {
		struct emu_card *card = NULL;
		hsm_rc rc;

		try_bytes(&p, rd_of(good.p, n));
		rc = emu_open(p.path, &card);
		assert_int_equal(rc, n < 100 ? HSM_E_TOKEN_FOREIGN : HSM_E_TOKEN_DAMAGED);
	}
	place_remove(&p);
}

static void emu_open__grown_tail__is_refused(void **state)
{
	struct token_place p;
	AUTO_BUF good = { 0 };

	(void)state;
	rich_token(&p, &good);
	assert_int_equal(buf_append(&good, RD_LIT("x")), HSM_OK);
	file_write(p.path, buf_rd(&good));
	REFUSED(&p, HSM_E_TOKEN_DAMAGED);
	place_remove(&p);
}

static void emu_open__random_bits_flipped__never_breaks(void **state)
{
	struct token_place p;
	AUTO_BUF good = { 0 };
	AUTO_BUF bad = { 0 };

	(void)state;
	rich_token(&p, &good);
	srand(2);
	for (int i = 0; i < 600; i++) {
		assert_int_equal(buf_set(&bad, buf_rd(&good)), HSM_OK);
		for (int k = 0; k < 1 + i % 4; k++) {
			const size_t at =
			        i % 3 == 0 ? (size_t)rand() % 4096 : (size_t)rand() % bad.n;

			bad.p[at] ^= (uint8_t)(1 << rand() % 8);
		}
		try_bytes(&p, buf_rd(&bad));
	}
	place_remove(&p);
}

/* A file that cannot be written cannot count a try. Root may write everything, so the child that
 * asks is nobody. */
static void emu_open__no_permission__is_said(void **state)
{
	static const struct {
		mode_t file, folder;
		hsm_rc rc;
	} rows[] = {
		{ 0644, 0777, HSM_E_TOKEN_ACCESS },
		{ 0000, 0777, HSM_E_TOKEN_ACCESS },
		{ 0666, 0755, HSM_E_TOKEN_ACCESS },
		{ 0666, 0700, HSM_E_TOKEN_ACCESS },
		{ 0666, 0777, HSM_OK },
	};
	struct token_place p;
	uid_t nobody = 65534;

	(void)state;
	if (geteuid() != 0)
		skip();
	place_ready(&p, EMU_KDF_CHEAP);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		assert_int_equal(chmod(p.path, rows[i].file), 0);
		assert_int_equal(chmod(p.folder, rows[i].folder), 0);
		assert_int_equal(seteuid(nobody), 0);
		OPENS(p.path, rows[i].rc);
		assert_int_equal(seteuid(0), 0);
	}
	place_remove(&p);
}

static void emu_open__locked_for_long_by_another__is_busy(void **state)
{
	struct token_place p;
	sqlite3 *db = NULL;
	struct emu_info info;

	(void)state;
	place_ready(&p, EMU_KDF_CHEAP);
	assert_int_equal(sqlite3_open(p.path, &db), SQLITE_OK);
	assert_int_equal(sqlite3_exec(db, "BEGIN EXCLUSIVE", NULL, NULL, NULL), SQLITE_OK);
	assert_int_equal(emu_inspect(p.path, &info), HSM_E_TOKEN_BUSY);
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
	OPENS(p.path, HSM_OK);
	place_remove(&p);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(emu_create__new_file__is_private_and_alone),
		cmocka_unit_test(emu_create__something_there__is_left_alone),
		cmocka_unit_test(emu_create__no_such_folder__leaves_nothing),
		cmocka_unit_test(emu_inspect__tells_what_is_known_without_a_pin),
		cmocka_unit_test(emu_open__file_closed_and_opened__keeps_everything),
		cmocka_unit_test(emu_open__missing__is_said_and_not_created),
		cmocka_unit_test(emu_open__foreign_files__are_left_as_they_are),
		cmocka_unit_test(emu_open__newer_format__is_said),
		cmocka_unit_test(emu_open__damaged_contents__are_noticed),
		cmocka_unit_test(emu_open__unknown_profile__needs_a_newer_program),
		cmocka_unit_test(emu_open__more_files_than_a_card_has__is_damaged),
		cmocka_unit_test(sign__rules_of_the_key_edited__is_refused),
		cmocka_unit_test(verify__pin_record_of_another_reference__does_not_open),
		cmocka_unit_test(emu_open__truncated_anywhere__is_refused),
		cmocka_unit_test(emu_open__grown_tail__is_refused),
		cmocka_unit_test(emu_open__random_bits_flipped__never_breaks),
		cmocka_unit_test(emu_open__no_permission__is_said),
		cmocka_unit_test(emu_open__locked_for_long_by_another__is_busy),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
