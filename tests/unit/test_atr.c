/* wire/atr.c: ATRs of real cards, their bytes read by ISO/IEC 7816-3 by hand. */
#include "vec.h"
#include "wire/atr.h"

static const struct atr_case {
	const char *name, *bytes;
	struct atr want; /* history apart */
	const char *history;
	bool hsm;
	uint32_t bwt; /* at 3600 kHz */
} cases[] = {
	{ "SmartCard-HSM, JCOP 2.4.1r3", "3BFE1800008131FE45803181544 8534D3173802140810 7FA",
	        { .fidi = 0x18, .protocols = 2, .first = 1, .ifsc = 254, .bwi = 4, .cwi = 5 },
	        "803181 5448534D31 73802140 8107", true, 1589 },
	{ "SmartCard-HSM, contactless", "3B8E800180318154 48534D31738021408107 18",
	        { .fidi = 0x11, .protocols = 3, .first = 0, .ifsc = 32, .bwi = 4, .cwi = 13 },
	        "803181 5448534D31 73802140 8107", true, 1589 },
	{ "SmartCard-HSM 4K, JCOP 3", "3BDE18FF8191FE1FC3803181 5448534D31738021408107 1C",
	        { .fidi = 0x18,
	                .guard = 0xFF,
	                .protocols = 0x8002,
	                .first = 1,
	                .ifsc = 254,
	                .bwi = 4,
	                .cwi = 13,
	                .clock_stop = 3 },
	        "803181 5448534D31 73802140 8107", true, 1589 },
	{ "SmartCard-HSM, JCOP 4", "3BDE96FF8191FE1FC3803181 5448534D31738021408107 92",
	        { .fidi = 0x96,
	                .guard = 0xFF,
	                .protocols = 0x8002,
	                .first = 1,
	                .ifsc = 254,
	                .bwi = 4,
	                .cwi = 13,
	                .clock_stop = 3 },
	        "803181 5448534D31 73802140 8107", true, 1589 },
	{ "JCOP v24.1 development card", "3BF81300008131FE454A434F5076323431B7",
	        { .fidi = 0x13, .protocols = 2, .first = 1, .ifsc = 254, .bwi = 4, .cwi = 5 },
	        "4A434F5076323431", false, 1589 },
	{ "SoC sample", "3B80800101",
	        { .fidi = 0x11, .protocols = 3, .first = 0, .ifsc = 32, .bwi = 4, .cwi = 13 }, "",
	        false, 1589 },
	{ "GoID", "3B848001476F494420",
	        { .fidi = 0x11, .protocols = 3, .first = 0, .ifsc = 32, .bwi = 4, .cwi = 13 },
	        "476F4944", false, 1589 },
	{ "OpenPGP card 2", "3BDA18FF81B1FE751F030031C573C001400090000C",
	        { .fidi = 0x18,
	                .guard = 0xFF,
	                .protocols = 0x8002,
	                .first = 1,
	                .ifsc = 254,
	                .bwi = 7,
	                .cwi = 5 },
	        "0031C573C00140009000", false, 12699 },
	{ "YubiKey 4", "3BF81300008131FE15597562696B657934D4",
	        { .fidi = 0x13, .protocols = 2, .first = 1, .ifsc = 254, .bwi = 1, .cwi = 5 },
	        "597562696B657934", false, 200 },
	{ "Belgian eID, only T=0", "3B9813400AA503010101AD1311",
	        { .fidi = 0x13, .protocols = 1, .first = 0, .ifsc = 32, .bwi = 4, .cwi = 13 },
	        "A503010101AD1311", false, 1589 },
	{ "inverse convention", "3F6525002C09699000",
	        { .inverse = true,
	                .fidi = 0x11,
	                .protocols = 1,
	                .first = 0,
	                .ifsc = 32,
	                .bwi = 4,
	                .cwi = 13 },
	        "2C09699000", false, 1589 },
	{ "no interface bytes", "3B00",
	        { .fidi = 0x11, .protocols = 1, .ifsc = 32, .bwi = 4, .cwi = 13 }, "", false,
	        1589 },
	/* TS T0=80 TD1=81 TD2=51: TA3, TC3 = 1, CRC; TCK */
	{ "CRC", "3B80 81 51 20 01 71",
	        { .fidi = 0x11,
	                .protocols = 2,
	                .first = 1,
	                .ifsc = 32,
	                .bwi = 4,
	                .cwi = 13,
	                .crc = true },
	        "", false, 1589 },
	/* TA2 = 01: only T=1, and by the parameters of TA1 */
	{ "specific mode", "3B90 18 91 01 31 80 45 EC",
	        { .fidi = 0x18,
	                .protocols = 2,
	                .first = 1,
	                .specific = true,
	                .only = 1,
	                .ifsc = 128,
	                .bwi = 4,
	                .cwi = 5 },
	        "", false, 1589 },
};

static const char *packed(char *out, const char *hex)
{
	char *to = out;

	for (; *hex != '\0'; hex++)
		if (*hex != ' ')
			*to++ = *hex;
	*to = '\0';
	return out;
}

static void atr_get__real_cards__as_they_are(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		const struct atr_case *c = &cases[i];
		struct vec v;
		struct atr a;
		char hex[128];

		check_rc(c->name, atr_get(unhex(&v, packed(hex, c->bytes)), &a), HSM_OK);
		check_hex(c->name, a.history, c->history);
		if (a.inverse != c->want.inverse || a.fidi != c->want.fidi ||
		        a.guard != c->want.guard || a.protocols != c->want.protocols ||
		        a.first != c->want.first || a.specific != c->want.specific ||
		        a.only != c->want.only || a.ifsc != c->want.ifsc || a.bwi != c->want.bwi ||
		        a.cwi != c->want.cwi || a.crc != c->want.crc ||
		        a.clock_stop != c->want.clock_stop)
			fail_msg("%s: another field", c->name);
		assert_int_equal(atr_is_hsm(&a), c->hsm);
		if (atr_bwt_ms(&a, 3600) != c->bwt)
			fail_msg("%s: %u ms", c->name, atr_bwt_ms(&a, 3600));
	}
}

static void atr_get__each_prefix__refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		struct vec v;
		struct atr a;
		char hex[128];
		struct rd whole = unhex(&v, packed(hex, cases[i].bytes));

		for (size_t n = 0; n < whole.n; n++)
			check_rc(cases[i].name, atr_get(rd_of(whole.p, n), &a), HSM_E_CARD_DATA);
	}
}

static void atr_get__malformed__refused(void **state)
{
	static const char *const bad[] = {
		"3BFE1800008131FE45803181544 8534D3173802140810 7FB", /* TCK */
		"3A00",
		"3B0000", /* TS; one byte more */
		"3B8081110010",
		"3B808111FFEF", /* IFSC 00, FF */
		"3B808121A080", /* BWI 10 */
		"3BFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct vec v;
		struct atr a;
		char hex[128];

		check_rc(bad[i], atr_get(unhex(&v, packed(hex, bad[i])), &a), HSM_E_CARD_DATA);
	}
}

static void atr_bwt__any_clock__rounded_up(void **state)
{
	struct atr a = { .bwi = 0 };

	(void)state;
	/* (11 * 372 + 960 * 372) / 4000 = 90.3 */
	assert_int_equal(atr_bwt_ms(&a, 4000), 91);
	assert_int_equal(atr_bwt_ms(&a, 0), atr_bwt_ms(&a, 1000));
	a.bwi = 9;
	assert_int_equal(atr_bwt_ms(&a, 1000), 182850);
	assert_int_equal(atr_bwt_ms(&a, 0xFFFFFFFF), 1);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(atr_get__real_cards__as_they_are),
		cmocka_unit_test(atr_get__each_prefix__refused),
		cmocka_unit_test(atr_get__malformed__refused),
		cmocka_unit_test(atr_bwt__any_clock__rounded_up),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
