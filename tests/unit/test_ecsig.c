/* p15/ecsig.c; signatures by `openssl dgst -sign`, r and s as `openssl asn1parse` shows them */
#include "p15/ecsig.h"
#include "vec.h"

static const struct {
	size_t width;
	const char *der;
	const char *raw;
} rows[] = {
	{ 32, /* both with a sign byte */
	        "3046"
	        "0221008760002D47C38B6D1725D52795D82FC5D1077C2834BF1C98715C97AC2EEE9617"
	        "02210083A64A2F113F7A1C41EDC9A1C7D76A0CCF4C72A21C0610C5394A5C1404C72978",
	        "8760002D47C38B6D1725D52795D82FC5D1077C2834BF1C98715C97AC2EEE9617"
	        "83A64A2F113F7A1C41EDC9A1C7D76A0CCF4C72A21C0610C5394A5C1404C72978" },
	{ 32, /* neither */
	        "3044"
	        "02207911381E9ED5BA7D5F362147B56A5120A23E635B2A970E221E2B3822476CA311"
	        "02200E6F9D1A48EDD12C2E4B617E8E41BD87474C578241D84AE3A54300C43C34D9D2",
	        "7911381E9ED5BA7D5F362147B56A5120A23E635B2A970E221E2B3822476CA311"
	        "0E6F9D1A48EDD12C2E4B617E8E41BD87474C578241D84AE3A54300C43C34D9D2" },
	{ 3, "3006 020101 020102", "000001 000002" },
	{ 2, "3007 02020080 020107", "0080 0007" },
};

static void ecsig__der_and_raw__both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		uint8_t raw[64], der[80];
		struct wr to_raw = WR_ARRAY(raw), to_der = WR_ARRAY(der);
		struct vec v;

		check_rc("raw", ecsig_to_raw(unhex(&v, rows[i].der), rows[i].width, &to_raw),
		        HSM_OK);
		check_hex("raw", wr_rd(&to_raw), rows[i].raw);
		check_rc("der", ecsig_to_der(wr_rd(&to_raw), &to_der), HSM_OK);
		check_hex("der", wr_rd(&to_der), rows[i].der);
	}
}

static void ecsig_to_raw__malformed__card_data(void **state)
{
	static const char *const bad[] = {
		"", "3000", "3003 020101", "3006 020100 020101", /* r is zero */
		"3006 020101 020100",                            /* s is zero */
		"3006 020181 020101",                            /* negative */
		"3006 020101 0201FF",                            /* negative */
		"3008 0203010000 020101",                        /* r wider than two bytes */
		"3008 020101 0203010000",                        /* s wider */
		"3006 020101 020101 00",                         /* a byte after the sequence */
		"3008 020101 020101 0500",                       /* an object after s */
		"3106 020101 020101",                            /* a set */
		"3007 020101 0202",                              /* cut */
		"3080 020101 020101 0000",                       /* indefinite */
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		uint8_t raw[4];
		struct wr w = WR_ARRAY(raw);
		struct vec v;

		check_rc(bad[i], ecsig_to_raw(unhex(&v, bad[i]), 2, &w), HSM_E_CARD_DATA);
		assert_int_equal(w.n, 0);
	}
}

static void ecsig_to_der__odd_or_empty__bad_len(void **state)
{
	uint8_t der[16];
	struct wr w = WR_ARRAY(der);

	(void)state;
	check_rc("empty", ecsig_to_der(RD_LIT(""), &w), HSM_E_BAD_LEN);
	check_rc("odd", ecsig_to_der(RD_LIT("\x01\x02\x03"), &w), HSM_E_BAD_LEN);
}

static void ecsig__no_room__small(void **state)
{
	uint8_t out[5];
	struct wr raw = WR_ARRAY(out), der = WR_ARRAY(out);
	struct vec v;

	(void)state;
	check_rc("raw", ecsig_to_raw(unhex(&v, "3006 020101 020102"), 3, &raw), HSM_E_SMALL);
	check_rc("der", ecsig_to_der(RD_LIT("\x01\x02"), &der), HSM_E_SMALL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(ecsig__der_and_raw__both_ways),
		cmocka_unit_test(ecsig_to_raw__malformed__card_data),
		cmocka_unit_test(ecsig_to_der__odd_or_empty__bad_len),
		cmocka_unit_test(ecsig__no_room__small),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
