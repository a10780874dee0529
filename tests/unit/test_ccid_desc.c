/* wire/ccid_desc.c and quirks.c on the readers of golden/ccid_readers.txt. The bytes of a row are
 * put together here, from table 5.1-1 and USB 2.0, chapter 9. */
#include <stdio.h>

#include "vec.h"
#include "wire/ccid_desc.h"
#include "wire/quirks.h"

enum { READERS_MAX = 100, FIELDS = 20 };

static const uint8_t widths[FIELDS] = { 2, 1, 1, 4, 4, 4, 1, 4, 4, 1, 4, 4, 4, 4, 4, 1, 1, 2, 1,
	1 };

struct reader {
	char name[40];
	unsigned interface_class, interface, endpoints, type;
	uint32_t field[FIELDS]; /* in the order of the descriptor */
};

static struct reader readers[READERS_MAX];
static size_t readers_n;

static bool reader_get(const char *line, struct reader *r)
{
	uint32_t *f = r->field;

	return sscanf(line,
	               "%39s %x %u %u %x %x %x %x %x %u %u %u %u %u %u %u %x %x %x %u %x %x %x %x "
	               "%u",
	               r->name, &r->interface_class, &r->interface, &r->endpoints, &r->type, &f[0],
	               &f[1], &f[2], &f[3], &f[4], &f[5], &f[6], &f[7], &f[8], &f[9], &f[10],
	               &f[11], &f[12], &f[13], &f[14], &f[15], &f[16], &f[17], &f[18],
	               &f[19]) == 25;
}

static int load(void **state)
{
	char line[512];
	FILE *f = fopen(TEST_SOURCE_DIR "/golden/ccid_readers.txt", "re");

	(void)state;
	if (f == NULL)
		return -1;
	while (readers_n < READERS_MAX && fgets(line, sizeof(line), f) != NULL)
		if (line[0] != '#' && reader_get(line, &readers[readers_n]))
			readers_n++;
	fclose(f);
	return 0;
}

static void class_bytes(struct wr *w, const struct reader *r)
{
	wr_u8(w, 54);
	wr_u8(w, (uint8_t)r->type);
	for (size_t i = 0; i < FIELDS; i++)
		for (unsigned k = 0; k < widths[i]; k++)
			wr_u8(w, (uint8_t)(r->field[i] >> 8 * k));
}

static void endpoint_bytes(struct wr *w, uint8_t address, uint8_t type)
{
	wr_put(w, (const uint8_t[]){ 7, 5, address, type, 64, 0, 0 }, 7);
}

enum order { CLASS_FIRST, CLASS_LAST };

static void interface_bytes(struct wr *w, const struct reader *r, enum order order)
{
	wr_put(w,
	        (const uint8_t[]){ 9, 4, (uint8_t)r->interface, 0, (uint8_t)r->endpoints,
	                (uint8_t)r->interface_class, 0, 0, 0 },
	        9);
	if (order == CLASS_FIRST)
		class_bytes(w, r);
	endpoint_bytes(w, 0x02, 2);
	endpoint_bytes(w, 0x82, 2);
	if (r->endpoints > 2)
		endpoint_bytes(w, 0x81, 3);
	if (order == CLASS_LAST)
		class_bytes(w, r);
}

/* A configuration with a keyboard as interface 0 when the reader is not that. */
static void config_bytes(struct wr *w, const struct reader *r, enum order order)
{
	static const uint8_t hid[] = { 9, 4, 0, 0, 1, 3, 1, 1, 0, 9, 0x21, 0x11, 1, 0, 1, 0x22, 63,
		0, 7, 5, 0x84, 3, 8, 0, 10 };

	wr_put(w, (const uint8_t[]){ 9, 2, 0, 0, 1, 1, 0, 0x80, 50 }, 9);
	if (r->interface != 0)
		wr_put(w, hid, sizeof(hid));
	interface_bytes(w, r, order);
	w->p[2] = (uint8_t)w->n;
	w->p[3] = (uint8_t)(w->n >> 8);
}

static void check_class(const struct reader *r, const struct ccid_class *c)
{
	const uint32_t got[FIELDS] = { c->bcd_ccid, c->max_slot, c->voltages, c->protocols,
		c->clock, c->clock_max, c->clocks_n, c->rate, c->rate_max, c->rates_n, c->ifsd_max,
		c->synch_protocols, c->mechanical, c->features, c->message_max,
		c->class_get_response, c->class_envelope, c->lcd_layout, c->pin_support,
		c->busy_slots_max };

	for (size_t i = 0; i < FIELDS; i++)
		if (got[i] != r->field[i])
			fail_msg("%s: field %zu is %u", r->name, i, got[i]);
}

static void readers__at_least_50(void **state)
{
	(void)state;
	assert_true(readers_n >= 50);
}

static void ccid_class__each_reader__read_and_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < readers_n; i++) {
		uint8_t room[64], again[64];
		struct wr w = WR_ARRAY(room), v = WR_ARRAY(again);
		struct ccid_class c;

		class_bytes(&w, &readers[i]);
		assert_int_equal(w.n, 54);
		check_rc(readers[i].name, ccid_class_get(wr_rd(&w), &c), HSM_OK);
		check_class(&readers[i], &c);
		ccid_class_put(&v, &c);
		room[1] = CCID_CLASS_DESC_TYPE;
		check_rd(readers[i].name, wr_rd(&v), wr_rd(&w));
	}
}

static void ccid_find__each_reader__found_where_it_is(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2 * readers_n; i++) {
		const struct reader *r = &readers[i / 2];
		uint8_t room[256];
		struct wr w = WR_ARRAY(room);
		struct ccid_function f;
		struct rd at;

		config_bytes(&w, r, i % 2 == 0 ? CLASS_FIRST : CLASS_LAST);
		at = wr_rd(&w);
		check_rc(r->name, ccid_find(&at, &f), HSM_OK);
		assert_int_equal(f.interface, r->interface);
		assert_int_equal(f.interface_class, r->interface_class);
		assert_int_equal(f.ep_out, 0x02);
		assert_int_equal(f.ep_in, 0x82);
		assert_int_equal(f.ep_notice, r->endpoints > 2 ? 0x81 : 0);
		assert_int_equal(f.packet_in, 64);
		assert_int_equal(f.packet_out, 64);
		check_class(r, &f.class_desc);
		check_rc(r->name, ccid_find(&at, &f), HSM_E_NO_READER);
	}
}

static void ccid_find__cut_off_anywhere__found_or_not_but_inside(void **state)
{
	const struct reader *r = &readers[0];
	uint8_t room[256];
	struct wr w = WR_ARRAY(room);

	(void)state;
	config_bytes(&w, r, CLASS_FIRST);
	for (size_t n = 0; n < w.n; n++) {
		struct rd at = rd_of(w.p, n);
		struct ccid_function f;
		hsm_rc rc = ccid_find(&at, &f);

		/* Without the interrupt endpoint it is a reader still. */
		check_rc("cut", rc, n < w.n - 7 ? HSM_E_NO_READER : HSM_OK);
	}
}

/* What makes a function of the Nitrokey HSM unusable: a byte of its interface, changed. */
static void ccid_find__not_a_reader__not_found(void **state)
{
	static const struct {
		const char *what;
		size_t at;
		uint8_t value;
	} changes[] = {
		{ "class HID", 5, 0x03 },
		{ "no class descriptor", 9 + 1, 0x24 },
		{ "class descriptor too short", 9, 53 },
		{ "length 0", 9, 0 },
		{ "bulk out is interrupt", 9 + 54 + 3, 3 },
		{ "bulk in is isochronous", 9 + 54 + 7 + 3, 1 },
		{ "bulk in is another bulk out", 9 + 54 + 7 + 2, 0x03 },
		{ "packets out of 0 bytes", 9 + 54 + 4, 0 },
		{ "packets in of 0 bytes", 9 + 54 + 7 + 4, 0 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(changes); i++) {
		uint8_t room[128];
		struct wr w = WR_ARRAY(room);
		struct ccid_function f;
		struct rd at;

		interface_bytes(&w, &readers[0], CLASS_FIRST);
		room[changes[i].at] = changes[i].value;
		at = wr_rd(&w);
		check_rc(changes[i].what, ccid_find(&at, &f), HSM_E_NO_READER);
	}
}

static void ccid_find__three_functions__one_after_the_other(void **state)
{
	uint8_t room[512];
	struct wr w = WR_ARRAY(room);
	struct ccid_function f;
	struct rd at;
	unsigned found = 0;

	(void)state;
	for (size_t i = 0; i < readers_n; i++)
		if (strncmp(readers[i].name, "ACR1581_", 8) == 0)
			interface_bytes(&w, &readers[i], CLASS_FIRST);
	for (at = wr_rd(&w); ccid_find(&at, &f) == HSM_OK; found++)
		assert_int_equal(f.interface, found);
	assert_int_equal(found, 3);
}

static const struct reader *named(const char *name)
{
	for (size_t i = 0; i < readers_n; i++)
		if (strcmp(readers[i].name, name) == 0)
			return &readers[i];
	fail_msg("no %s", name);
	return NULL;
}

static void ccid_limits__some_readers__as_their_figures_say(void **state)
{
	static const struct {
		const char *name;
		enum ccid_level level;
		size_t piece;
		uint8_t ifsd;
	} cases[] = {
		{ "Nitrokey_HSM", CCID_LEVEL_TPDU, 261, 254 },
		{ "SCT3522CC_token", CCID_LEVEL_EXTENDED, 261, 254 },
		{ "uTrust_3512_token", CCID_LEVEL_TPDU, 261, 252 },
		{ "SCR355", CCID_LEVEL_TPDU, 261, 248 },
		{ "eToken_Java", CCID_LEVEL_TPDU, 261, 49 },
		{ "AU9520", CCID_LEVEL_SHORT, 261, 254 },
		{ "AuthentiKey", CCID_LEVEL_EXTENDED, 3062, 254 },
		{ "pico-hsm", CCID_LEVEL_EXTENDED, 65544, 254 },
		{ "BIFIT_ANGARA", CCID_LEVEL_TPDU, 261, 254 },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(cases); i++) {
		uint8_t room[64];
		struct wr w = WR_ARRAY(room);
		struct ccid_class c;

		class_bytes(&w, named(cases[i].name));
		check_rc(cases[i].name, ccid_class_get(wr_rd(&w), &c), HSM_OK);
		assert_int_equal(ccid_level(&c), cases[i].level);
		assert_int_equal(ccid_piece_max(&c), cases[i].piece);
		assert_int_equal(ccid_ifsd(&c), cases[i].ifsd);
	}
}

static void ccid_limits__nonsense__still_usable(void **state)
{
	static const uint32_t odd[] = { 0, 1, 9, 10, 15, 16, 17, 0x7FFFFFFF, 0xFFFFFFFF };

	(void)state;
	for (size_t i = 0; i < COUNT(odd) * COUNT(odd); i++) {
		struct ccid_class c = { .message_max = odd[i / COUNT(odd)],
			.ifsd_max = odd[i % COUNT(odd)] };

		assert_true(ccid_piece_max(&c) >= 261 && ccid_piece_max(&c) <= 65544);
		assert_true(ccid_ifsd(&c) >= 1 && ccid_ifsd(&c) <= 254);
	}
	assert_int_equal(
	        ccid_level(&(struct ccid_class){ .features = 0x30 }), CCID_LEVEL_CHARACTER);
}

static void quirks__known_and_unknown_devices(void **state)
{
	const struct quirk *q = quirk_find(0x20A0, 0x4230, 0x0100);

	(void)state;
	assert_non_null(q);
	assert_string_equal(q->name, "Nitrokey HSM");
	assert_int_equal(q->flags, QUIRK_SEND_IFS | QUIRK_ZLP | QUIRK_ONLY_T1 | QUIRK_TOKEN);
	assert_false(quirk_serial_tells(q, RD_LIT("01A001000000000")));
	assert_true(quirk_serial_tells(q, RD_LIT("DENK04041440000         ")));
	assert_false(quirk_serial_tells(q, RD_LIT("   ")));
	assert_false(quirk_serial_tells(NULL, RD_LIT("")));
	assert_true(quirk_serial_tells(NULL, RD_LIT("01A001000000000")));
	assert_non_null(quirk_find(0x04E6, 0x5817, 0));
	assert_string_equal(quirk_find(0x04E6, 0x5410, 0x0521)->name, "SCR355");
	assert_string_equal(quirk_find(0x04E6, 0x5410, 0x0204)->name, "SCR35xx v2.0");
	assert_null(quirk_find(0x20A0, 0x4231, 0x0100));
	assert_null(quirk_find(0x4230, 0x20A0, 0x0100));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(readers__at_least_50),
		cmocka_unit_test(ccid_class__each_reader__read_and_written),
		cmocka_unit_test(ccid_find__each_reader__found_where_it_is),
		cmocka_unit_test(ccid_find__cut_off_anywhere__found_or_not_but_inside),
		cmocka_unit_test(ccid_find__not_a_reader__not_found),
		cmocka_unit_test(ccid_find__three_functions__one_after_the_other),
		cmocka_unit_test(ccid_limits__some_readers__as_their_figures_say),
		cmocka_unit_test(ccid_limits__nonsense__still_usable),
		cmocka_unit_test(quirks__known_and_unknown_devices),
	};

	return cmocka_run_group_tests(tests, load, NULL);
}
