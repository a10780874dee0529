#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "bench.h"
#include "card/places.h"

/* ---- the parser ---- */

struct parse_row {
	const char *text;
	char separator;
	hsm_rc rc;
	unsigned bad;
	const char *cards; /* joined by '|', NULL: no list given */
	int log;           /* -1: not given */
};

static const struct parse_row parse_rows[] = {
	{ "", '\n', HSM_OK, 0, NULL, -1 },
	{ "\n \t\n# cards = emu:/no\n", '\n', HSM_OK, 0, NULL, -1 },
	{ "cards = emu:/a.token", '\n', HSM_OK, 0, "emu:/a.token", -1 },
	{ "cards=emu:/a,emu:/b", '\n', HSM_OK, 0, "emu:/a|emu:/b", -1 },
	{ "cards = emu:/a , ,emu:/b,", '\n', HSM_OK, 0, "emu:/a|emu:/b", -1 },
	{ "cards = emu:/a\ncards = emu:/b\n", '\n', HSM_OK, 0, "emu:/a|emu:/b", -1 },
	{ "cards = emu:/a\r\nlog = info\r\n", '\n', HSM_OK, 0, "emu:/a", LOG_INFO },
	{ "cards=emu:/a;log=trace", ';', HSM_OK, 0, "emu:/a", LOG_TRACE },
	{ ";;cards=emu:/a;", ';', HSM_OK, 0, "emu:/a", -1 },
	{ "cards = ", '\n', HSM_OK, 0, "", -1 },
	{ "cards = /home/a b/c.token", '\n', HSM_OK, 0, "emu:/home/a b/c.token", -1 },
	{ "cards = ~/c.token", '\n', HSM_OK, 0, "emu:~/c.token", -1 },
	{ "cards = emu:/a=b;c", '\n', HSM_OK, 0, "emu:/a=b;c", -1 },
	{ "cards = usb:Nitrokey HSM:1", '\n', HSM_OK, 0, "usb:Nitrokey HSM:1", -1 },
	{ "log = off", '\n', HSM_OK, 0, NULL, LOG_OFF },
	{ "log = error", '\n', HSM_OK, 0, NULL, LOG_ERROR },
	{ "log = loud", '\n', HSM_E_BAD_CONFIG, 1, NULL, -1 },
	{ "log = a-very-long-word-that-is-no-level", '\n', HSM_E_BAD_CONFIG, 1, NULL, -1 },
	{ "log =", '\n', HSM_E_BAD_CONFIG, 1, NULL, -1 },
	{ "\ncards", '\n', HSM_E_BAD_CONFIG, 2, NULL, -1 },
	{ "Cards = emu:/a", '\n', HSM_E_BAD_CONFIG, 1, NULL, -1 },
	{ "= emu:/a", '\n', HSM_E_BAD_CONFIG, 1, NULL, -1 },
	{ "slots = 3", '\n', HSM_E_BAD_CONFIG, 1, NULL, -1 },
	{ "secure = maybe", '\n', HSM_E_BAD_CONFIG, 1, NULL, -1 },
	{ "secure =", '\n', HSM_E_BAD_CONFIG, 1, NULL, -1 },
	{ "log = info\n#\ncards = relative.token", '\n', HSM_E_BAD_CONFIG, 3, "", LOG_INFO },
	{ "cards = :memory:", '\n', HSM_E_BAD_CONFIG, 1, "", -1 },
	{ "cards = emu:", '\n', HSM_E_BAD_CONFIG, 1, "", -1 },
};

static void join_cards(const struct config *c, char *out, size_t cap)
{
	size_t n = 0;

	out[0] = '\0';
	for (size_t i = 0; i < c->cards_n; i++)
		n += (size_t)snprintf(out + n, cap - n, "%s%s", i == 0 ? "" : "|", c->cards[i]);
}

static void config_parse__rows__give_what_is_expected(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(parse_rows); i++) {
		const struct parse_row *row = &parse_rows[i];
		struct config c = { 0 };
		char cards[256];
		unsigned bad = 99;

		assert_rc(config_parse(rd_str(row->text), row->separator, &c, &bad), row->rc);
		assert_int_equal(bad, row->bad);
		assert_int_equal(c.has_cards, row->cards != NULL);
		join_cards(&c, cards, sizeof(cards));
		assert_string_equal(cards, row->cards == NULL ? "" : row->cards);
		assert_int_equal(c.has_log ? (int)c.log : -1, row->log);
		config_done(&c);
	}
}

static void config_parse__zero_byte__is_refused(void **state)
{
	struct config c = { 0 };

	(void)state;
	assert_rc(config_parse(RD_LIT("cards = emu:/a\0b"), '\n', &c, NULL), HSM_E_BAD_CONFIG);
	config_done(&c);
}

static void config_parse__secure__one_of_three(void **state)
{
	static const struct {
		const char *text;
		enum card_secure secure;
	} rows[] = {
		{ "secure = off", CARD_PLAIN },
		{ "secure=on", CARD_SECURE },
		{ "secure = test", CARD_SECURE_TEST },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct config c = { 0 };

		assert_ok(config_parse(rd_str(rows[i].text), '\n', &c, NULL));
		assert_true(c.has_secure);
		assert_int_equal(c.secure, rows[i].secure);
		config_done(&c);
	}
}

/* ---- the loader ---- */

struct home {
	char dir[64], config[128], data[128];
};

static void write_text(const char *path, const char *text)
{
	FILE *f = fopen(path, "we");

	assert_non_null(f);
	assert_true(fputs(text, f) >= 0);
	fclose(f);
}

static void make_dirs(const char *home, const char *below, char *out, size_t cap)
{
	char command[256];

	snprintf(out, cap, "%s/%s/twinhsm", home, below);
	snprintf(command, sizeof(command), "mkdir -p '%s'", out);
	assert_int_equal(system(command), 0);
}

static int home_new(void **state)
{
	struct home *h = test_calloc(1, sizeof(*h));

	strcpy(h->dir, "/tmp/twinhsm-home-XXXXXX");
	assert_non_null(mkdtemp(h->dir));
	make_dirs(h->dir, ".config", h->config, sizeof(h->config));
	make_dirs(h->dir, ".local/share", h->data, sizeof(h->data));
	strcat(h->config, "/twinhsm.conf");
	unsetenv("XDG_CONFIG_HOME");
	unsetenv("XDG_DATA_HOME");
	unsetenv("TWINHSM_CARDS");
	unsetenv("TWINHSM_LOG");
	setenv("HOME", h->dir, 1);
	setenv("PCSCLITE_CSOCK_NAME", "/nowhere/comm", 1); /* no readers */
	log_set(LOG_OFF); /* malformed sources are reported, which is not the matter here */
	*state = h;
	return 0;
}

static int home_gone(void **state)
{
	struct home *h = *state;
	char command[128];

	snprintf(command, sizeof(command), "rm -rf '%s'", h->dir);
	assert_int_equal(system(command), 0);
	test_free(h);
	return 0;
}

static void expect(const char *reserved, const char *cards)
{
	struct config c;
	char got[512];

	assert_ok(config_load(reserved, &c));
	assert_ok(places_expand(&c));
	join_cards(&c, got, sizeof(got));
	assert_string_equal(got, cards);
	config_done(&c);
}

static void config_load__secure__first_source_decides(void **state)
{
	struct home *h = *state;
	struct config c;

	write_text(h->config, "secure = on\ncards = emu:/a\n");
	assert_ok(config_load(NULL, &c));
	assert_int_equal(c.secure, CARD_SECURE);
	config_done(&c);
	assert_ok(config_load("secure = test", &c));
	assert_int_equal(c.secure, CARD_SECURE_TEST);
	config_done(&c);
	assert_ok(config_load("cards = emu:/b; log = error", &c));
	assert_int_equal(c.secure, CARD_SECURE);
	config_done(&c);
}

static void config_load__nothing__gives_no_cards(void **state)
{
	(void)state;
	expect(NULL, "");
}

static void config_load__sources__first_that_names_cards_decides(void **state)
{
	struct home *h = *state;
	char want[512];

	write_text(h->config, "cards = emu:/file\n");
	expect(NULL, "emu:/file");
	setenv("TWINHSM_CARDS", "emu:/variable,emu:/second", 1);
	expect(NULL, "emu:/variable|emu:/second");
	expect("log=off", "emu:/variable|emu:/second");
	expect("cards=emu:/reserved", "emu:/reserved");
	snprintf(want, sizeof(want), "emu:%s/a|unix:%s/b|unix:/~/c", h->dir, h->dir);
	expect("cards=~/a,unix:~/b,unix:/~/c", want);
	expect("cards=", "");
	setenv("TWINHSM_CARDS", "", 1);
	expect(NULL, "");
}

static void config_load__log__comes_from_its_own_first_source(void **state)
{
	struct home *h = *state;
	struct config c;

	write_text(h->config, "log = trace\ncards = emu:/file\n");
	assert_ok(config_load("cards=emu:/a", &c));
	assert_true(c.has_log);
	assert_int_equal(c.log, LOG_TRACE);
	config_done(&c);
	setenv("TWINHSM_LOG", "info", 1);
	assert_ok(config_load("cards=emu:/a", &c));
	assert_int_equal(c.log, LOG_INFO);
	config_done(&c);
}

static void config_load__token_folder__is_listed_by_name(void **state)
{
	struct home *h = *state;
	char path[256], want[512];

	for (const char *const *name = (const char *const[]){ "b.token", "a.token", ".hidden.token",
	             "c.txt", ".token", NULL };
	        *name != NULL; name++) {
		snprintf(path, sizeof(path), "%s/%s", h->data, *name);
		write_text(path, "");
	}
	snprintf(want, sizeof(want), "emu:%s/a.token|emu:%s/b.token", h->data, h->data);
	expect(NULL, want);
	expect("cards=", "");
}

static void config_load__xdg_folders__are_respected(void **state)
{
	struct home *h = *state;
	char other[128], path[256];

	make_dirs(h->dir, "other", other, sizeof(other));
	snprintf(path, sizeof(path), "%s/twinhsm.conf", other);
	write_text(path, "cards = ~/x.token\n");
	snprintf(path, sizeof(path), "%s/other", h->dir);
	setenv("XDG_CONFIG_HOME", path, 1);
	snprintf(path, sizeof(path), "emu:%s/x.token", h->dir);
	expect(NULL, path);
	setenv("XDG_CONFIG_HOME", "relative", 1);
	expect(NULL, "");
	setenv("XDG_DATA_HOME", "/data", 1);
	assert_ok(config_token_dir(path, sizeof(path)));
	assert_string_equal(path, "/data/twinhsm");
}

static void config_load__malformed_sources__are_refused(void **state)
{
	struct home *h = *state;
	struct config c;

	assert_rc(config_load("nonsense", &c), HSM_E_BAD_CONFIG);
	setenv("TWINHSM_LOG", "loud", 1);
	assert_rc(config_load(NULL, &c), HSM_E_BAD_CONFIG);
	unsetenv("TWINHSM_LOG");
	setenv("TWINHSM_CARDS", "nonsense", 1);
	assert_rc(config_load(NULL, &c), HSM_E_BAD_CONFIG);
	unsetenv("TWINHSM_CARDS");
	write_text(h->config, "cards = emu:/a\nnonsense\n");
	assert_rc(config_load(NULL, &c), HSM_E_BAD_CONFIG);
	unlink(h->config);
	assert_int_equal(mkdir(h->config, 0700), 0);
	assert_rc(config_load(NULL, &c), HSM_E_BAD_CONFIG);
}

static void config_load__file_without_end__is_refused(void **state)
{
	struct home *h = *state;
	struct config c;

	assert_int_equal(symlink("/dev/zero", h->config), 0);
	assert_rc(config_load(NULL, &c), HSM_E_BAD_CONFIG);
}

static void config_token_dir__no_home__is_refused(void **state)
{
	char path[64];

	(void)state;
	assert_rc(config_token_dir(path, 8), HSM_E_SMALL);
	unsetenv("HOME");
	assert_rc(config_token_dir(path, sizeof(path)), HSM_E_BAD_CONFIG);
	expect(NULL, "");
	assert_rc(config_load("cards=~/x", &(struct config){ 0 }), HSM_E_BAD_CONFIG);
}

#define WITH_HOME(test) cmocka_unit_test_setup_teardown(test, home_new, home_gone)

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(config_parse__rows__give_what_is_expected),
		cmocka_unit_test(config_parse__zero_byte__is_refused),
		cmocka_unit_test(config_parse__secure__one_of_three),
		cmocka_unit_test_setup_teardown(
		        config_load__secure__first_source_decides, home_new, home_gone),
		WITH_HOME(config_load__nothing__gives_no_cards),
		WITH_HOME(config_load__sources__first_that_names_cards_decides),
		WITH_HOME(config_load__log__comes_from_its_own_first_source),
		WITH_HOME(config_load__token_folder__is_listed_by_name),
		WITH_HOME(config_load__xdg_folders__are_respected),
		WITH_HOME(config_load__malformed_sources__are_refused),
		WITH_HOME(config_load__file_without_end__is_refused),
		WITH_HOME(config_token_dir__no_home__is_refused),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
