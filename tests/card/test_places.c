/* Which cards there are, on carriers that show what the test wants. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "card/places.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

/* ---- the carriers ---- */

struct shown {
	const char *where;
	hsm_rc rc;
	uint64_t stamp;
	struct tp_usb_id id;
};

static struct carrier {
	const char *scheme;
	const struct shown *shown;
	size_t n;
	hsm_rc rc; /* of a listing */
	bool woken, changed;
	unsigned listed, watches;
} carriers[] = { { .scheme = "usb" }, { .scheme = "pcsc" } };

static struct carrier *carrier_of(const char *address)
{
	return strncmp(address, "usb", 3) == 0 ? &carriers[0] : &carriers[1];
}

static const struct shown *shown_at(const char *address)
{
	const struct carrier *c = carrier_of(address);

	for (size_t i = 0; i < c->n; i++) {
		if (strcmp(strchr(address, ':') + 1, c->shown[i].where) == 0)
			return &c->shown[i];
	}
	return NULL;
}

hsm_rc tp_list(const char *scheme, bool wake, tp_found *found, void *arg)
{
	struct carrier *c = carrier_of(scheme);

	c->listed++;
	c->woken = wake;
	for (size_t i = 0; i < c->n; i++)
		TRY(found(arg, c->shown[i].where));
	return c->rc;
}

hsm_rc tp_sight(const char *address, uint64_t *stamp)
{
	const struct shown *s = shown_at(address);

	*stamp = s == NULL ? 0 : s->stamp;
	return s == NULL ? HSM_E_NO_READER : s->rc;
}

hsm_rc tp_usb_id(const char *address, struct tp_usb_id *out)
{
	const struct shown *s = shown_at(address);

	if (s == NULL)
		return HSM_E_UNSUPPORTED;
	*out = s->id;
	return HSM_OK;
}

static bool changed(struct tp_watch *w);
static void unwatch(struct tp_watch *w);
static const struct tp_ops ops = { .changed = changed, .unwatch = unwatch };
static struct tp_watch watches[] = { { &ops }, { &ops } };

static bool changed(struct tp_watch *w)
{
	return carriers[w - watches].changed;
}

static void unwatch(struct tp_watch *w)
{
	carriers[w - watches].watches--;
}

hsm_rc tp_watch(const char *scheme, bool wake, struct tp_watch **out)
{
	struct carrier *c = carrier_of(scheme);

	(void)wake;
	c->watches++;
	*out = &watches[c - carriers];
	return HSM_OK;
}

static int start(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(carriers); i++)
		carriers[i] = (struct carrier){ .scheme = carriers[i].scheme };
	log_set(LOG_OFF);
	return 0;
}

/* ---- expectations ---- */

static void show(const char *scheme, const struct shown *shown, size_t n)
{
	carrier_of(scheme)->shown = shown;
	carrier_of(scheme)->n = n;
}
#define SHOW(scheme, ...)                                                                          \
	static const struct shown scheme[] = __VA_ARGS__;                                          \
	show(#scheme, scheme, COUNT(scheme))

static void expect_places(const struct places *p, const char *want)
{
	char got[256] = "";

	for (size_t i = 0; i < p->n; i++) {
		strcat(got, i == 0 ? "" : "|");
		strcat(got, p->v[i].address);
	}
	assert_string_equal(got, want);
}

/* A card of each carrier, as without settings. */
#define BY_DEFAULT "usb:*,pcsc:*"

static struct config settings(const char *cards)
{
	struct config c = { 0 };
	char text[64];

	snprintf(text, sizeof(text), "cards=%s", cards);
	assert_int_equal(config_parse(rd_str(text), '\n', &c, NULL), HSM_OK);
	return c;
}

static void expect_found(const char *cards, const char *want)
{
	struct config c = settings(cards);
	struct places p = { 0 };

	assert_int_equal(places_look(&c, NULL, &p), HSM_OK);
	expect_places(&p, want);
	places_done(&p);
	config_done(&c);
}

/* ---- one device, two carriers ---- */

static void device__free__is_shown_on_usb(void **state)
{
	(void)state;
	SHOW(usb, { { .where = "A", .id = { 1, 7, "" } }, { .where = "B", .id = { 1, 8, "" } } });
	SHOW(pcsc, { { .where = "first", .id = { 1, 8, "" } }, { .where = "other" } });
	expect_found(BY_DEFAULT, "usb:A|usb:B|pcsc:other");
}

static void device__held__is_shown_by_pcsc(void **state)
{
	(void)state;
	SHOW(usb, { { .where = "A", .rc = HSM_E_USB_BUSY, .id = { 2, 3, "DENK1" } },
	                  { .where = "B", .rc = HSM_E_USB_ACCESS, .id = { 0, 0, "DENK2" } } });
	SHOW(pcsc, { { .where = "two", .id = { 0, 0, "DENK2" } },
	                   { .where = "one", .id = { 2, 3, "" } } });
	expect_found(BY_DEFAULT, "pcsc:two|pcsc:one");
}

static void device__held_by_another__stays(void **state)
{
	struct config c = settings(BY_DEFAULT);
	struct places p = { 0 };

	(void)state;
	SHOW(usb, { { .where = "A", .rc = HSM_E_USB_BUSY, .id = { 2, 3, "DENK1" } } });
	SHOW(pcsc, { { .where = "no number" }, { .where = "next", .id = { 2, 4, "DENK1" } } });
	assert_int_equal(places_look(&c, NULL, &p), HSM_OK);
	expect_places(&p, "usb:A|pcsc:no number|pcsc:next");
	assert_int_equal(p.v[0].rc, HSM_E_USB_BUSY);
	places_done(&p);
	config_done(&c);
}

static void device__named_in_the_settings__wins(void **state)
{
	static const struct shown unheld[] = { { .where = "A", .id = { 1, 1, "" } } };

	(void)state;
	SHOW(pcsc, { { .where = "R", .id = { 1, 1, "" } } });
	SHOW(usb, { { .where = "A", .rc = HSM_E_USB_BUSY, .id = { 1, 1, "" } } });
	expect_found("pcsc:*,usb:A", "usb:A");
	show("usb", unheld, 1);
	expect_found("usb:*,pcsc:R", "pcsc:R");
}

static void place__named_twice__is_there_once(void **state)
{
	(void)state;
	SHOW(pcsc, { { .where = "Q" }, { .where = "R" } });
	expect_found("pcsc:R,pcsc:*,pcsc:R", "pcsc:R|pcsc:Q");
}

/* ---- what is asked ---- */

static void nothing_is_started__unless_settings_say_so(void **state)
{
	struct config c = settings(BY_DEFAULT);
	struct places p = { 0 };

	(void)state;
	carriers[0].rc = carriers[1].rc = HSM_E_PCSC_DOWN;
	c.has_cards = false;
	assert_int_equal(places_look(&c, NULL, &p), HSM_OK);
	assert_false(carriers[0].woken || carriers[1].woken);
	c.has_cards = true;
	assert_int_equal(places_look(&c, NULL, &p), HSM_OK);
	assert_true(carriers[0].woken && carriers[1].woken);
	expect_places(&p, "");
	places_done(&p);
	config_done(&c);
}

static void carriers__not_named__are_not_asked(void **state)
{
	struct config c = settings("emu::memory:");
	struct places_watch w = { 0 };
	struct places p = { 0 };

	(void)state;
	assert_int_equal(places_look(&c, &w, &p), HSM_OK);
	expect_places(&p, "emu::memory:");
	assert_int_equal(carriers[0].listed + carriers[1].listed, 0);
	assert_int_equal(carriers[0].watches + carriers[1].watches, 0);
	places_unwatch(&w);
	places_done(&p);
	config_done(&c);
}

static void watch__nothing_changed__nothing_is_asked(void **state)
{
	struct config c = settings(BY_DEFAULT);
	struct places_watch w = { 0 };
	struct places p = { 0 };

	(void)state;
	SHOW(usb, { { .where = "A", .stamp = 5 } });
	carriers[1].changed = true;
	assert_int_equal(places_look(&c, &w, &p), HSM_OK);
	carriers[1].changed = false;
	assert_int_equal(places_look(&c, &w, &p), HSM_OK);
	expect_places(&p, "usb:A");
	assert_int_equal(p.v[0].stamp, 5);
	assert_int_equal(carriers[0].listed, 1);
	show("usb", NULL, 0);
	carriers[0].changed = true;
	assert_int_equal(places_look(&c, &w, &p), HSM_OK);
	expect_places(&p, "");
	assert_int_equal(carriers[0].watches, 1);
	places_unwatch(&w);
	assert_int_equal(carriers[0].watches + carriers[1].watches, 0);
	places_done(&p);
	config_done(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup(device__free__is_shown_on_usb, start),
		cmocka_unit_test_setup(device__held__is_shown_by_pcsc, start),
		cmocka_unit_test_setup(device__held_by_another__stays, start),
		cmocka_unit_test_setup(device__named_in_the_settings__wins, start),
		cmocka_unit_test_setup(place__named_twice__is_there_once, start),
		cmocka_unit_test_setup(nothing_is_started__unless_settings_say_so, start),
		cmocka_unit_test_setup(carriers__not_named__are_not_asked, start),
		cmocka_unit_test_setup(watch__nothing_changed__nothing_is_asked, start),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
