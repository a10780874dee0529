/* p15/prkd.c; records as recorded from their writers */
#include "base/tlv.h"
#include "p15/p15.h"
#include "vec.h"

struct row {
	const char *writer;
	const char *record;
	enum p15_key_type type;
	const char *label;
	const char *id;
	uint16_t usage, access, flags;
	uint8_t reference;
	uint16_t bits;
	const char *subject;
};

enum {
	RSA_USAGE = P15_DECRYPT | P15_SIGN | P15_SIGN_RECOVER,
	EC_USAGE = P15_SIGN | P15_SIGN_RECOVER | P15_DERIVE,
	CARD_MADE = P15_SENSITIVE | P15_ALWAYS_SENSITIVE | P15_NEVER_EXTRACTABLE | P15_LOCAL,
	BOTH = P15_PRIVATE | P15_MODIFIABLE,
};

#define RSA_2048 " A10A 3008 30020400 02020800"
#define EC_256   " A10A 3008 30020400 02020100"
#define NAME     "300F 310D 300B 0603550403 0C0474657374"

/* These come out of p15_key_build again, byte for byte. */
static const struct row opensc[] = {
	{ "OpenSC 0.23 RSA",
	        "302A 3010 0C0774657374727361 030206C0 040101 300A 040110 03020470 020101" RSA_2048,
	        P15_RSA, "testrsa", "10", RSA_USAGE, 0, BOTH, 1, 2048, "" },
	{ "OpenSC 0.23 EC",
	        "A02A 300F 0C06746573746563 030206C0 040101 300B 040111 0303073080 020102" EC_256,
	        P15_EC, "testec", "11", EC_USAGE, 0, BOTH, 2, 256, "" },
	{ "OpenSC 0.27 RSA",
	        "302E 3010 0C0774657374727361 030206C0 040101"
	        " 300E 040110 03020470 030203B8 020101" RSA_2048,
	        P15_RSA, "testrsa", "10", RSA_USAGE, CARD_MADE, BOTH, 1, 2048, "" },
	{ "OpenSC 0.27 EC",
	        "A02E 300F 0C06746573746563 030206C0 040101"
	        " 300F 040111 0303073080 030203B8 020102" EC_256,
	        P15_EC, "testec", "11", EC_USAGE, CARD_MADE, BOTH, 2, 256, "" },
	{ "OpenSC 0.27 P-521",
	        "A02C 300D 0C0465353231 030206C0 040101"
	        " 300F 040131 0303073080 030203B8 020101 A10A 3008 30020400 02020209",
	        P15_EC, "e521", "31", EC_USAGE, CARD_MADE, BOTH, 1, 521, "" },
	{ "OpenSC with the certificate's subject",
	        "3043 3010 0C0774657374727361 030206C0 040101"
	        " 300E 040110 03020470 030203B8 020101 A013 3011 " NAME RSA_2048,
	        P15_RSA, "testrsa", "10", RSA_USAGE, CARD_MADE, BOTH, 1, 2048, NAME },
};

static const struct row others[] = {
	{ "sc-hsm-embedded RSA", "3020 3008 0C06656D62727361 3008 040110 0303066000" RSA_2048,
	        P15_RSA, "embrsa", "10", P15_DECRYPT | P15_SIGN, 0, 0, 0, 2048, "" },
	{ "sc-hsm-embedded EC", "A01F 3007 0C05656D626563 3008 040111 0303062000" EC_256, P15_EC,
	        "embec", "11", P15_SIGN, 0, 0, 0, 256, "" },
	{ "sc-hsm-embedded AES",
	        "A81C 3008 0C06656D62616573 3008 040112 030306C000 A006 3004 02020100", P15_AES,
	        "embaes", "12", P15_ENCRYPT | P15_DECRYPT, 0, 0, 0, 256, "" },
	{ "old AES without SEQUENCE",
	        "A81A 3008 0C06656D62616573 3008 040112 030306C000 A004 02020100", P15_AES,
	        "embaes", "12", P15_ENCRYPT | P15_DECRYPT, 0, 0, 0, 256, "" },
	{ "P-521 rounded to bytes",
	        "A01F 3007 0C0565636B6579 3008 040102 0303072080 A10A 3008 30020400 02020210",
	        P15_EC, "eckey", "02", P15_SIGN | P15_DERIVE, 0, 0, 0, 521, "" },
	{ "RSA of 528 bits is just that",
	        "3020 3008 0C06656D62727361 3008 040110 0303066000 A10A 3008 30020400 02020210",
	        P15_RSA, "embrsa", "10", P15_DECRYPT | P15_SIGN, 0, 0, 0, 528, "" },
	{ "subject without a name in it",
	        "3024 3008 0C06656D62727361 3008 040110 0303066000 A002 3000" RSA_2048, P15_RSA,
	        "embrsa", "10", P15_DECRYPT | P15_SIGN, 0, 0, 0, 2048, "3000" },
	{ "tail of an older, longer record",
	        "3020 3008 0C06656D62727361 3008 040110 0303066000" RSA_2048 " 020800FF", P15_RSA,
	        "embrsa", "10", P15_DECRYPT | P15_SIGN, 0, 0, 0, 2048, "" },
	{ "native flag, reference 200 with and ...",
	        "3027 3008 0C06656D62727361 300F 040110 0303066000 010100 020200C8" RSA_2048,
	        P15_RSA, "embrsa", "10", P15_DECRYPT | P15_SIGN, 0, 0, 200, 2048, "" },
	{ "... without sign byte",
	        "3023 3008 0C06656D62727361 300B 040110 0303066000 0201C8" RSA_2048, P15_RSA,
	        "embrsa", "10", P15_DECRYPT | P15_SIGN, 0, 0, 200, 2048, "" },
	{ "subject without SEQUENCE around it",
	        "3033 3008 0C06656D62727361 3008 040110 0303066000 A011 " NAME RSA_2048, P15_RSA,
	        "embrsa", "10", P15_DECRYPT | P15_SIGN, 0, 0, 0, 2048, NAME },
	{ "no label, no id, no size", "3013 3000 3005 0400 030100 A108 3006 3002 0400 0500",
	        P15_RSA, "", "", 0, 0, 0, 0, 0, "" },
};

static void check_key(const struct row *row, const struct p15_key *key)
{
	assert_int_equal(key->type, row->type);
	check_rd(row->writer, key->label, rd_str(row->label));
	check_hex(row->writer, key->id, row->id);
	assert_int_equal(key->usage, row->usage);
	assert_int_equal(key->access, row->access);
	assert_int_equal(key->flags, row->flags);
	assert_int_equal(key->reference, row->reference);
	assert_int_equal(key->bits, row->bits);
	check_hex(row->writer, key->subject, row->subject);
}

static void check_rows(const struct row *rows, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		struct p15_key key;
		struct vec v;

		check_rc(rows[i].writer, p15_key_parse(unhex(&v, rows[i].record), &key), HSM_OK);
		check_key(&rows[i], &key);
	}
}

static void p15_key_parse__every_writer__fields(void **state)
{
	(void)state;
	check_rows(opensc, COUNT(opensc));
	check_rows(others, COUNT(others));
}

static void p15_key_parse__smartcard_shell__fields(void **state)
{
	static const struct row rows[] = {
		{ "prkd_rsa_smartcardshell", NULL, P15_RSA, "rsakey", "01",
		        P15_DECRYPT | P15_SIGN | P15_SIGN_RECOVER | P15_UNWRAP, 0, 0, 0, 2048, "" },
		{ "prkd_ec_smartcardshell", NULL, P15_EC, "eckey", "02", P15_SIGN | P15_DERIVE, 0,
		        0, 0, 256, "" },
		{ "skd_aes_smartcardshell", NULL, P15_AES, "DiskEncryptionKey", "01",
		        P15_ENCRYPT | P15_DECRYPT, 0, 0, 0, 128, "" },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct p15_key key;
		struct vec v;
		struct rd record = golden(&v, "pkcs15.json", NULL, rows[i].writer);

		check_rc(rows[i].writer, p15_key_parse(record, &key), HSM_OK);
		check_key(&rows[i], &key);
	}
}

static void p15_key_parse__cut_anywhere__card_data(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(opensc); i++) {
		struct p15_key key;
		struct vec v;
		struct rd record = unhex(&v, opensc[i].record);

		for (size_t n = 0; n < record.n; n++)
			check_rc(opensc[i].writer, p15_key_parse(rd_of(record.p, n), &key),
			        HSM_E_CARD_DATA);
	}
}

static void p15_key_parse__malformed__card_data(void **state)
{
	static const char *const bad[] = {
		"3100", "3000", "3002 3000", "3006 3000 3002 0400", /* no usage */
		"3009 3000 3005 0400 030108", /* more unused bits than there are */
		"3010 3000 3005 0400 030100 A105 3003 0400 02", /* cut integer */
		"A815 3000 3005 0400 030100 A00A 3008 0206010000000000",
		"3014 3000 3005 0400 030100 A109 3007 3002 0400 0201FF",     /* negative size */
		"3016 3000 3005 0400 030100 A10B 3009 3002 0400 0203010000", /* 65536 bits */
		"300A 3000 3005 0400 030100 A1",         /* rubbish after the attributes */
		"300E 3000 300A 0400 030100 0203000001", /* reference of three bytes */
		"300D 3000 3005 0400 030100 A002 3100",  /* subject is no SEQUENCE */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct p15_key key;
		struct vec v;

		check_rc(bad[i], p15_key_parse(unhex(&v, bad[i]), &key), HSM_E_CARD_DATA);
	}
}

/* Label and identifier in turn one byte longer than we take. */
static void p15_key_parse__text_over_the_limit__card_data(void **state)
{
	static uint8_t text[256], room[P15_RECORD_MAX];

	(void)state;
	for (size_t label = 255; label <= 256; label++) {
		for (size_t id = 255; id <= 256; id++) {
			struct wr w = WR_ARRAY(room);
			size_t record = tlv_open(&w, 0x30), part = tlv_open(&w, 0x30);
			struct p15_key key;

			tlv_put(&w, 0x0C, rd_of(text, label));
			tlv_close(&w, part);
			part = tlv_open(&w, 0x30);
			tlv_put(&w, 0x04, rd_of(text, id));
			tlv_put(&w, 0x03, RD_LIT("\x00"));
			tlv_close(&w, part);
			tlv_close(&w, record);
			check_rc("limit", p15_key_parse(wr_rd(&w), &key),
			        label == 255 && id == 255 ? HSM_OK : HSM_E_CARD_DATA);
		}
	}
}

static void p15_key_build__keys_of_opensc__its_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(opensc); i++) {
		const struct row *row = &opensc[i];
		uint8_t room[P15_RECORD_MAX];
		struct wr w = WR_ARRAY(room);
		struct vec id, subject;
		const struct p15_key key = { .type = row->type,
			.label = rd_str(row->label),
			.id = unhex(&id, row->id),
			.usage = row->usage,
			.access = row->access,
			.reference = row->reference,
			.bits = row->bits,
			.subject = unhex(&subject, row->subject) };

		check_rc(row->writer, p15_key_build(&key, &w), HSM_OK);
		check_hex(row->writer, wr_rd(&w), row->record);
	}
}

static void p15_key_build__at_and_over_the_limits__refused_above(void **state)
{
	static uint8_t text[256], room[P15_RECORD_MAX];
	struct wr w = WR_ARRAY(room), small = wr_of(room, 300);
	struct p15_key key = { .type = P15_RSA, .bits = 4096 }, back;

	(void)state;
	memset(text, 'x', sizeof(text));
	key.label = rd_of(text, P15_LABEL_MAX);
	key.id = rd_of(text, P15_ID_MAX);
	check_rc("max", p15_key_build(&key, &w), HSM_OK);
	check_rc("max", p15_key_parse(wr_rd(&w), &back), HSM_OK);
	check_rd("label", back.label, key.label);
	check_rd("id", back.id, key.id);
	check_rc("room", p15_key_build(&key, &small), HSM_E_SMALL);
	key.label.n++;
	check_rc("label", p15_key_build(&key, &w), HSM_E_BAD_LEN);
	key.label.n--;
	key.id.n++;
	check_rc("id", p15_key_build(&key, &w), HSM_E_BAD_LEN);
	key.id.n--;
	key.type = 0;
	check_rc("type", p15_key_build(&key, &w), HSM_E_BAD_PARAM);
}

/* The form of the SmartCard shell's record, with OpenSC's object attributes. */
static void p15_key_build__aes__size_in_the_subclass(void **state)
{
	const struct p15_key key = { .type = P15_AES,
		.label = RD_LIT("embaes"),
		.id = RD_LIT("\x12"),
		.usage = P15_ENCRYPT | P15_DECRYPT,
		.reference = 5,
		.bits = 256 };
	static const uint8_t want[] = { 0xA8, 0x2D, 0x30, 0x0F, 0x0C, 0x06, 'e', 'm', 'b', 'a', 'e',
		's', 0x03, 0x02, 0x06, 0xC0, 0x04, 0x01, 0x01, 0x30, 0x0A, 0x04, 0x01, 0x12, 0x03,
		0x02, 0x06, 0xC0, 0x02, 0x01, 0x05, 0xA0, 0x06, 0x30, 0x04, 0x02, 0x02, 0x01, 0x00,
		0xA1, 0x06, 0x30, 0x04, 0x30, 0x02, 0x04, 0x00 };
	uint8_t record[64];
	struct wr w = WR_ARRAY(record);

	(void)state;
	check_rc("aes", p15_key_build(&key, &w), HSM_OK);
	check_rd("aes", wr_rd(&w), rd_of(want, sizeof(want)));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(p15_key_parse__every_writer__fields),
		cmocka_unit_test(p15_key_build__aes__size_in_the_subclass),
		cmocka_unit_test(p15_key_parse__smartcard_shell__fields),
		cmocka_unit_test(p15_key_parse__cut_anywhere__card_data),
		cmocka_unit_test(p15_key_parse__malformed__card_data),
		cmocka_unit_test(p15_key_parse__text_over_the_limit__card_data),
		cmocka_unit_test(p15_key_build__keys_of_opensc__its_bytes),
		cmocka_unit_test(p15_key_build__at_and_over_the_limits__refused_above),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
