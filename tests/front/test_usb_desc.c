/* Who the device says it is: descriptors by USB 2.0 (chapter 9), HID 1.11 and CCID 1.10, with the
 * figures of golden/ccid_readers.txt and of the Nitrokey's published firmware. */
#include <stdio.h>
#include <stdlib.h>

#include "ccid_bus.h"

/* Configuration of two interfaces; HID on 0, CCID on 1: 0x81, 0x02, 0x82. */
#define NITROKEY_DEVICE "12 01 1001 00 00 00 40 A020 3042 0001 01 02 03 01"
#define NITROKEY_BEGIN                                                                             \
	"09 02 7600 02 01 00 80 32"                                                                \
	"09 04 00 00 01 03 00 00 00  09 21 1001 00 01 22 1500  07 05 84 03 0800 0A"                \
	"09 04 01 00 03 0B 00 00 00"
#define NITROKEY_END "07 05 81 03 4000 18  07 05 02 02 4000 00  07 05 82 02 4000 00"
#define STICK_DEVICE "12 01 0002 00 00 00 40 E604 1758 0001 01 02 03 01"
#define STICK_BEGIN  "09 02 5D00 01 01 00 80 32  09 04 00 00 03 0B 00 00 04"
#define STICK_END    "07 05 01 02 4000 00  07 05 82 02 4000 00  07 05 83 03 1000 10"
#define HID_REPORT   "0600FF 0901 A101 0901 1500 26FF00 7508 9540 B102 C0"

enum { FIELDS = 20, BEFORE_FIELDS = 5, LINE = 512, DESC_MAX = 512 };

/* The class descriptor in hex, out of the list of readers. */
static void class_hex(const char *name, char *out, size_t cap)
{
	static const uint8_t widths[FIELDS] = { 2, 1, 1, 4, 4, 4, 1, 4, 4, 1, 4, 4, 4, 4, 4, 1, 1,
		2, 1, 1 };
	static const char hex[FIELDS + 1] = "xxxxdddddddxxxdxxxxd";
	char line[LINE], *word, *save = NULL;
	FILE *f = fopen(TEST_SOURCE_DIR "/golden/ccid_readers.txt", "re");
	size_t n = (size_t)snprintf(out, cap, "36 21 ");

	assert_non_null(f);
	do {
		assert_non_null(fgets(line, sizeof(line), f));
	} while (strncmp(line, name, strlen(name)) != 0);
	fclose(f);
	word = strtok_r(line, " \n", &save);
	for (size_t i = 1; i < BEFORE_FIELDS; i++)
		assert_non_null(strtok_r(NULL, " \n", &save));
	for (size_t i = 0; i < FIELDS; i++) {
		unsigned long v;

		word = strtok_r(NULL, " \n", &save);
		assert_non_null(word);
		v = strtoul(word, NULL, hex[i] == 'x' ? 16 : 10);
		for (unsigned k = 0; k < widths[i]; k++)
			n += (size_t)snprintf(
			        out + n, cap - n, "%02X", (unsigned)(v >> 8 * k) & 0xFF);
	}
}

static const struct who {
	enum ccid_dev_model model;
	const char *reader, *device, *begin, *end;
	uint16_t vid, pid;
} whos[] = {
	{ CCID_DEV_NITROKEY, "Nitrokey_HSM ", NITROKEY_DEVICE, NITROKEY_BEGIN, NITROKEY_END, 0x20A0,
	        0x4230 },
	{ CCID_DEV_STICK, "SCT3522CC_token ", STICK_DEVICE, STICK_BEGIN, STICK_END, 0x04E6,
	        0x5817 },
};

static void descriptors__both_models__byte_for_byte(void **state)
{
	(void)state;
	for (size_t i = 0; i < 2; i++) {
		struct ccid_bus *b = bus_new(&(struct ccid_bus_how){ .model = whos[i].model });
		const struct ccid_dev_facts *facts = ccid_dev_facts(b->dev);
		char class[LINE], want[2 * LINE];

		assert_int_equal(bus_control(b, "80 06 0001 0000 1200"), CCID_DEV_OK);
		BUS_GOT(b, whos[i].device);
		assert_true(rd_equal(facts->device, rd_of(b->in, b->n)));
		class_hex(whos[i].reader, class, sizeof(class));
		snprintf(want, sizeof(want), "%s%s%s", whos[i].begin, class, whos[i].end);
		assert_int_equal(bus_control(b, "80 06 0002 0000 FFFF"), CCID_DEV_OK);
		BUS_GOT(b, want);
		assert_true(rd_equal(facts->configuration, rd_of(b->in, b->n)));
		assert_int_equal(facts->vid, whos[i].vid);
		assert_int_equal(facts->pid, whos[i].pid);
		assert_int_equal(facts->bcd, 0x0100);
		bus_free(b);
	}
}

/* A host reads the head first, to know the length. */
static void descriptor__short_length__only_so_much(void **state)
{
	struct ccid_bus *b = bus_new(&(struct ccid_bus_how){ .model = CCID_DEV_NITROKEY });

	(void)state;
	assert_int_equal(bus_control(b, "80 06 0002 0000 0900"), CCID_DEV_OK);
	BUS_GOT(b, "09 02 7600 02 01 00 80 32");
	assert_int_equal(bus_control(b, "80 06 0001 0000 0000"), CCID_DEV_OK);
	BUS_GOT(b, "");
	bus_free(b);
}

/* UTF-16LE; the serial number is the card's. */
static void strings__both_models(void **state)
{
	struct ccid_bus *b = bus_new(&(struct ccid_bus_how){ .model = CCID_DEV_NITROKEY });
	struct ccid_bus *s = bus_new(&(struct ccid_bus_how){ .model = CCID_DEV_STICK });

	(void)state;
	assert_int_equal(bus_control(b, "80 06 0003 0000 FF00"), CCID_DEV_OK);
	BUS_GOT(b, "04 03 0904");
	assert_int_equal(bus_control(b, "80 06 0103 0904 FF00"), CCID_DEV_OK);
	BUS_GOT(b, "12 03 4E00 6900 7400 7200 6F00 6B00 6500 7900");
	assert_int_equal(bus_control(b, "80 06 0203 0904 FF00"), CCID_DEV_OK);
	BUS_GOT(b, "1A 03 4E00 6900 7400 7200 6F00 6B00 6500 7900 2000 4800 5300 4D00");
	assert_int_equal(bus_control(b, "80 06 0403 0904 FF00"), CCID_DEV_STALL);
	assert_int_equal(bus_control(s, "80 06 0103 0904 FF00"), CCID_DEV_OK);
	BUS_GOT(s, "12 03 4900 6400 6500 6E00 7400 6900 7600 6500");
	assert_int_equal(bus_control(s, "80 06 0403 0904 FF00"), CCID_DEV_OK);
	BUS_GOT(s, "1E 03 4300 4300 4900 4400 2000 4900 6E00 7400 6500 7200 6600 6100 6300 6500");
	assert_int_equal(bus_control(s, "80 06 0503 0904 FF00"), CCID_DEV_STALL);
	bus_free(b);
	bus_free(s);
}

static void serial__of_a_token_file__as_the_card_says(void **state)
{
	struct token_place place;
	struct emu_info info;
	struct ccid_bus *b;
	char want[128];
	size_t n;

	(void)state;
	place_make(&place);
	place_create(&place, EMU_KDF_CHEAP);
	assert_int_equal(emu_inspect(place.path, &info), HSM_OK);
	b = bus_new(&(struct ccid_bus_how){ .model = CCID_DEV_NITROKEY, .token = place.path });
	assert_string_equal(ccid_dev_facts(b->dev)->serial, info.serial);
	n = (size_t)snprintf(want, sizeof(want), "%02X03", (unsigned)(2 + 2 * strlen(info.serial)));
	for (const char *c = info.serial; *c != '\0'; c++)
		n += (size_t)snprintf(want + n, sizeof(want) - n, "%02X00", (unsigned)*c);
	assert_int_equal(bus_control(b, "80 06 0303 0904 FF00"), CCID_DEV_OK);
	BUS_GOT(b, want);
	bus_free(b);
	place_remove(&place);
}

static void token__not_there__refused(void **state)
{
	const struct ccid_dev_setup setup = { .token = "/nonexistent/token" };
	struct ccid_dev *dev;

	(void)state;
	assert_int_equal(ccid_dev_new(&setup, &dev), HSM_E_TOKEN_MISSING);
}

struct asked {
	const char *setup, *answer; /* NULL: stalls */
};

static void check_asked(struct ccid_bus *b, const struct asked *asked, size_t n)
{
	for (size_t i = 0; i < n; i++) {
		const enum ccid_dev_status status = bus_control(b, asked[i].setup);

		if (status != (asked[i].answer == NULL ? CCID_DEV_STALL : CCID_DEV_OK))
			fail_msg("%s: status %d", asked[i].setup, (int)status);
		if (asked[i].answer != NULL)
			BUS_GOT(b, asked[i].answer);
	}
}

static void requests__of_the_standard_and_of_the_classes(void **state)
{
	static const struct asked asked[] = {
		{ "80 06 0006 0000 0A00", NULL }, /* device qualifier */
		{ "80 06 000F 0000 0500", NULL }, /* BOS */
		{ "80 06 0102 0000 0900", NULL }, /* no second configuration */
		{ "81 06 0022 0000 1500", HID_REPORT },
		{ "81 06 0021 0000 0900", "09 21 1001 00 01 22 1500" },
		{ "81 06 0022 0100 1500", NULL }, /* CCID has none */
		{ "80 00 0000 0000 0200", "0000" },
		{ "81 00 0000 0100 0200", "0000" },
		{ "81 00 0000 0200 0200", NULL },
		{ "82 00 0000 8200 0200", "0000" },
		{ "82 00 0000 8400 0200", "0000" },
		{ "82 00 0000 0500 0200", NULL },
		{ "80 08 0000 0000 0100", "01" },
		{ "81 0A 0000 0100 0100", "00" },
		{ "01 0B 0000 0100 0000", "" },
		{ "01 0B 0100 0100 0000", NULL }, /* no other setting */
		{ "00 05 2A00 0000 0000", "" },
		{ "00 05 8000 0000 0000", NULL },
		{ "00 09 0200 0000 0000", NULL },
		{ "A1 02 0000 0100 0400", NULL }, /* clock frequencies */
		{ "A1 03 0000 0100 0400", NULL }, /* data rates */
		{ "21 0A 0000 0000 0000", "" },   /* SET_IDLE */
		{ "21 0A 0000 0100 0000", NULL },
		{ "C0 01 0000 0000 1000", NULL }, /* vendor */
		{ "00 09 0000 0000 0000", "" },
		{ "80 08 0000 0000 0100", "00" },
		{ "81 0A 0000 0100 0100", NULL },
		{ "82 00 0000 8200 0200", NULL },
	};
	struct ccid_bus *b = bus_new(&(struct ccid_bus_how){ .model = CCID_DEV_NITROKEY });

	(void)state;
	check_asked(b, asked, sizeof(asked) / sizeof(asked[0]));
	bus_free(b);
}

static void stick__has_no_hid(void **state)
{
	static const struct asked asked[] = {
		{ "81 06 0022 0000 1500", NULL },
		{ "21 0A 0000 0000 0000", NULL },
		{ "82 00 0000 8400 0200", NULL },
	};
	struct ccid_bus *b = bus_new(&(struct ccid_bus_how){ .model = CCID_DEV_STICK });

	(void)state;
	check_asked(b, asked, sizeof(asked) / sizeof(asked[0]));
	bus_free(b);
}

static void halt__set_and_cleared(void **state)
{
	struct ccid_bus *b = bus_new(&(struct ccid_bus_how){ .model = CCID_DEV_NITROKEY });

	(void)state;
	assert_int_equal(bus_control(b, "02 03 0000 8200 0000"), CCID_DEV_OK);
	assert_int_equal(bus_control(b, "82 00 0000 8200 0200"), CCID_DEV_OK);
	BUS_GOT(b, "0100");
	assert_int_equal(bus_out(b, "65 00000000 00 01 00 0000"), CCID_DEV_OK);
	assert_int_equal(bus_poll(b, 0x82, 512), CCID_DEV_STALL);
	assert_int_equal(bus_control(b, "02 01 0000 8200 0000"), CCID_DEV_OK);
	BUS_IN(b, "81 00000000 00 01 00 00 00");
	assert_int_equal(bus_control(b, "02 03 0000 0200 0000"), CCID_DEV_OK);
	assert_int_equal(bus_out(b, "65 00000000 00 02 00 0000"), CCID_DEV_STALL);
	assert_int_equal(bus_control(b, "02 01 0000 0200 0000"), CCID_DEV_OK);
	BUS(b, "65 00000000 00 03 00 0000", "81 00000000 00 03 00 00 00");
	assert_int_equal(bus_control(b, "02 03 0100 8200 0000"), CCID_DEV_STALL);
	assert_int_equal(bus_control(b, "02 03 0000 8500 0000"), CCID_DEV_STALL);
	bus_free(b);
}

/* Only the stick tells of its card, once after it was configured. */
static void notice__after_configuration(void **state)
{
	struct ccid_bus *b = bus_new(&(struct ccid_bus_how){ .model = CCID_DEV_NITROKEY });
	struct ccid_bus *s = bus_new(&(struct ccid_bus_how){ .model = CCID_DEV_STICK });

	(void)state;
	assert_int_equal(bus_poll(b, 0x81, 64), CCID_DEV_NOT_YET);
	assert_int_equal(bus_poll(b, 0x84, 8), CCID_DEV_NOT_YET);
	assert_int_equal(bus_poll(s, 0x83, 16), CCID_DEV_OK);
	BUS_GOT(s, "50 03");
	assert_int_equal(bus_poll(s, 0x83, 16), CCID_DEV_NOT_YET);
	bus_free(b);
	bus_free(s);
}

static void endpoints__others_and_before_configuration__stall(void **state)
{
	struct ccid_bus *b = bus_new(&(struct ccid_bus_how){ .model = CCID_DEV_NITROKEY });

	(void)state;
	assert_int_equal(bus_poll(b, 0x83, 64), CCID_DEV_STALL);
	assert_int_equal(bus_poll(b, 0x80, 64), CCID_DEV_STALL);
	assert_int_equal(ccid_dev_out(b->dev, 0x01, RD_LIT("x")), CCID_DEV_STALL);
	ccid_dev_reset(b->dev);
	assert_int_equal(bus_poll(b, 0x82, 64), CCID_DEV_STALL);
	assert_int_equal(bus_out(b, "65 00000000 00 01 00 0000"), CCID_DEV_STALL);
	bus_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(descriptors__both_models__byte_for_byte),
		cmocka_unit_test(descriptor__short_length__only_so_much),
		cmocka_unit_test(strings__both_models),
		cmocka_unit_test(serial__of_a_token_file__as_the_card_says),
		cmocka_unit_test(token__not_there__refused),
		cmocka_unit_test(requests__of_the_standard_and_of_the_classes),
		cmocka_unit_test(stick__has_no_hid),
		cmocka_unit_test(halt__set_and_cleared),
		cmocka_unit_test(notice__after_configuration),
		cmocka_unit_test(endpoints__others_and_before_configuration__stall),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
