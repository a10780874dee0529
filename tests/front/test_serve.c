/* The front ends, from the other end of their connections. */
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

#include "served.h"

#define ATR "3BDE96FF8191FE1FC38031815448534D3173802140810792"
#define FCI "6F0A 820178 8505 0001000401 9000"

static const uint8_t get_atr = 4, power_off = 0, power_on = 1, reset = 2;

static void check_atr(const struct wire *w)
{
	WIRE(w, "04", ATR);
}

/* ---- the virtual reader ---- */

static void vpcd__driver_there__card_answers(void **state)
{
	struct served *s = *state;
	struct driver d = driver_listen("0");
	struct wire w;

	assert_int_equal(front_vpcd(s->front, "127.0.0.1", d.port), HSM_OK);
	w = driver_accept(&d);
	wire_send(&w, rd_of(&power_off, 1));
	wire_send(&w, rd_of(&power_on, 1));
	check_atr(&w);
	WIRE(&w, SELECT_CMD, FCI);
	WIRE(&w, VERIFY_CMD, "9000");
	check_atr(&w);
	WIRE(&w, "00200081", "9000");
	wire_send(&w, rd_of(&reset, 1));
	WIRE(&w, "00200081", "6E00");
	WIRE(&w, SELECT_CMD, FCI);
	WIRE(&w, "00200081", "63C3");
	wire_close(&w);
	close(d.fd);
}

static void vpcd__driver_comes_back__card_comes_back(void **state)
{
	struct served *s = *state;
	struct driver d = driver_listen("0");
	struct wire w;

	assert_int_equal(front_vpcd(s->front, "127.0.0.1", d.port), HSM_OK);
	w = driver_accept(&d);
	WIRE(&w, SELECT_CMD, FCI);
	WIRE(&w, VERIFY_CMD, "9000");
	wire_close(&w);
	close(d.fd);
	d = driver_listen(d.port);
	w = driver_accept(&d);
	check_atr(&w);
	WIRE(&w, SELECT_CMD, FCI);
	WIRE(&w, "00200081", "63C3");
	wire_close(&w);
	close(d.fd);
}

static void vpcd__several__are_cards_of_their_own(void **state)
{
	struct served *s = *state;
	struct driver d[2] = { driver_listen("0"), driver_listen("0") };
	struct wire w[2];

	for (int i = 0; i < 2; i++) {
		assert_int_equal(front_vpcd(s->front, "localhost", d[i].port), HSM_OK);
		w[i] = driver_accept(&d[i]);
		WIRE(&w[i], SELECT_CMD, FCI);
	}
	WIRE(&w[0], VERIFY_CMD, "9000");
	WIRE(&w[0], "00200081", "9000");
	WIRE(&w[1], "00200081", "63C3");
	for (int i = 0; i < 2; i++) {
		wire_close(&w[i]);
		close(d[i].fd);
	}
}

static void vpcd__bad_driver__is_left_and_visited_again(void **state)
{
	struct served *s = *state;
	struct driver d = driver_listen("0");
	struct wire w;

	assert_int_equal(front_vpcd(s->front, "127.0.0.1", d.port), HSM_OK);
	w = driver_accept(&d);
	wire_raw(&w, "\x00\x00", 2);
	assert_true(wire_ended(&w));
	wire_close(&w);
	w = driver_accept(&d);
	check_atr(&w);
	wire_close(&w);
	close(d.fd);
}

/* ---- the socket ---- */

static void socket__clients__are_cards_of_their_own(void **state)
{
	struct served *s = *state;
	struct wire a = wire_connect(s->path), b = wire_connect(s->path);

	check_atr(&a);
	WIRE(&a, SELECT_CMD, FCI);
	WIRE(&a, VERIFY_CMD, "9000");
	WIRE(&b, "00200081", "6E00");
	WIRE(&b, SELECT_CMD, FCI);
	WIRE(&b, "00200081", "63C3");
	WIRE(&a, "00200081", "9000");
	WIRE(&b, WRONG_CMD, "63C2");
	wire_close(&b);
	WIRE(&a, "00200081", "9000");
	wire_close(&a);
}

static void socket__file__is_for_its_owner_and_goes(void **state)
{
	struct served *s = *state;
	struct stat st;

	assert_int_equal(lstat(s->path, &st), 0);
	assert_true(S_ISSOCK(st.st_mode));
	assert_int_equal(st.st_mode & 0777, 0600);
	front_stop(s->front);
	s->front = NULL;
	assert_int_equal(lstat(s->path, &st), -1);
}

static void socket__path_in_use__is_refused(void **state)
{
	struct served *s = *state;
	struct front *second;
	struct wire w;
	char file[128], long_path[200];

	assert_int_equal(front_new(s->place.path, NULL, &second), HSM_OK);
	assert_int_equal(front_socket(second, s->path), HSM_E_IO);
	snprintf(file, sizeof(file), "%s/file", s->place.folder);
	file_write(file, RD_LIT("mine"));
	assert_int_equal(front_socket(second, file), HSM_E_IO);
	assert_int_equal(access(file, F_OK), 0);
	memset(long_path, 'a', sizeof(long_path));
	long_path[sizeof(long_path) - 1] = '\0';
	assert_int_equal(front_socket(second, long_path), HSM_E_IO);
	assert_int_equal(front_socket(second, "/nowhere/socket"), HSM_E_IO);
	front_stop(second);
	w = wire_connect(s->path);
	check_atr(&w);
	wire_close(&w);
}

/* What a server leaves that was killed, as it cannot remove what it does not find: the file, and
 * nobody who listens. */
static void socket__of_a_dead_server__is_replaced(void **state)
{
	struct served *s = *state;
	char path[128], moved[140];
	struct front *second;
	struct wire w;

	snprintf(path, sizeof(path), "%s/dead", s->place.folder);
	snprintf(moved, sizeof(moved), "%s/moved", s->place.folder);
	assert_int_equal(front_new(s->place.path, NULL, &second), HSM_OK);
	assert_int_equal(front_socket(second, path), HSM_OK);
	assert_int_equal(rename(path, moved), 0);
	front_stop(second);
	assert_int_equal(rename(moved, path), 0);
	assert_int_equal(front_new(s->place.path, NULL, &second), HSM_OK);
	assert_int_equal(front_socket(second, path), HSM_OK);
	w = wire_connect(path);
	check_atr(&w);
	wire_close(&w);
	front_stop(second);
	assert_int_equal(access(path, F_OK), -1);
}

/* ---- clients that misbehave ---- */

static const struct bad_case {
	const char *bytes;
	size_t n;
	bool stays; /* the rest is awaited, until the client goes */
} bad_cases[] = {
	{ "\x00\x00\x00\x00", 4, false },
	{ "\xFF\xFF\xFF\xFF", 4, false },
	{ "\x00\x01\x00\x09", 4, false },
	{ "\x00\x00", 2, true },
	{ "\x00\x00\x00\x05\x00\x20", 6, true },
	{ "", 0, true },
};

static void socket__bad_clients__do_not_disturb_others(void **state)
{
	struct served *s = *state;
	struct wire good = wire_connect(s->path);

	WIRE(&good, SELECT_CMD, FCI);
	WIRE(&good, VERIFY_CMD, "9000");
	for (size_t i = 0; i < sizeof(bad_cases) / sizeof(bad_cases[0]); i++) {
		struct wire bad = wire_connect(s->path);

		check_atr(&bad);
		wire_raw(&bad, bad_cases[i].bytes, bad_cases[i].n);
		if (bad_cases[i].stays)
			shutdown(bad.fd, SHUT_WR);
		assert_true(wire_ended(&bad));
		wire_close(&bad);
		WIRE(&good, "00200081", "9000");
	}
	wire_close(&good);
}

static void socket__client_that_vanishes__is_forgotten(void **state)
{
	struct served *s = *state;
	struct wire w;

	for (int i = 0; i < 20; i++) {
		w = wire_connect(s->path);
		wire_send(&w, rd_of(&get_atr, 1));
		wire_send(&w, RD_LIT("\x00\x84\x00\x00\x00\x00\x00"));
		wire_close(&w);
	}
	w = wire_connect(s->path);
	check_atr(&w);
	wire_close(&w);
}

/* The server ends while one client has sent half a message and another reads no answers. */
static void front_stop__clients_in_the_middle__ends(void **state)
{
	struct served *s = *state;
	struct wire half = wire_connect(s->path), deaf = wire_connect(s->path);
	static const uint8_t challenge[] = { 0, 0, 0, 7, 0x00, 0x84, 0, 0, 0, 0, 0 };

	wire_raw(&half, "\x00\x00\x00\x05", 4);
	for (int i = 0; i < 50; i++)
		wire_raw(&deaf, challenge, sizeof(challenge));
	front_stop(s->front);
	s->front = NULL;
	assert_true(wire_ended(&half));
	wire_close(&half);
	wire_close(&deaf);
}

/* ---- two servers on one token ---- */

static void two_servers__one_token__see_each_other(void **state)
{
	struct served *s = *state;
	struct front *second;
	struct wire a, b;
	char path[128];

	snprintf(path, sizeof(path), "%s/second", s->place.folder);
	assert_int_equal(front_new(s->place.path, NULL, &second), HSM_OK);
	assert_int_equal(front_socket(second, path), HSM_OK);
	a = wire_connect(s->path);
	b = wire_connect(path);
	WIRE(&a, SELECT_CMD, FCI);
	WIRE(&b, SELECT_CMD, FCI);
	WIRE(&a, VERIFY_CMD, "9000");
	WIRE(&a, "00D7CF01 09 54020000 5303 616263", "9000");
	WIRE(&b, "00B1CF01 04 54020000 03", "616263 9000");
	WIRE(&b, VERIFY_CMD, "9000");
	WIRE(&b, "00D7CF02 09 54020000 5303 646566", "9000");
	WIRE(&a, "00B1CF02 04 54020000 03", "646566 9000");
	wire_close(&a);
	wire_close(&b);
	front_stop(second);
}

/* ---- the trace ---- */

static void trace__secrets__are_blanked(void **state)
{
	struct served *s = *state;
	AUTO_BUF text = { 0 };
	struct wire w = wire_connect(s->path);

	WIRE(&w, SELECT_CMD, FCI);
	WIRE(&w, VERIFY_CMD, "9000");
	WIRE(&w, "00240081 0C 363438323139 363438323139", "9000");
	WIRE(&w, "002C0081 0E 3537363231383830 363438323139", "9000");
	WIRE(&w, VERIFY_CMD, "9000");
	WIRE(&w, "00D7CD01 09 54020000 5303 363438", "9000");
	WIRE(&w, "00B1CD01 04 54020000 03", "363438 9000");
	WIRE(&w, "00B1CF09 04 54020000 03", "6A82");
	WIRE(&w, "00B10000 04 54020000 03", "363438 9000");
	WIRE(&w, "00D7CF01 09 54020000 5303 616263", "9000");
	WIRE(&w, "00200081 06 3634", "6700");
	wire_send(&w, rd_of(&reset, 1));
	WIRE(&w, "00A4", "6700");
	wire_close(&w);
	file_read(s->trace, &text);
	assert_true(buf_append(&text, rd_of("", 1)) == HSM_OK);
	assert_string_equal((char *)text.p,
	        "! session 1\n"
	        "> 00A404000BE82B0601040181C31F020100\n< 6F0A820178850500010004019000\n"
	        "> 0020008106XXXXXXXXXXXX\n< 9000\n"
	        "> 002400810CXXXXXXXXXXXXXXXXXXXXXXXX\n< 9000\n"
	        "> 002C00810EXXXXXXXXXXXXXXXXXXXXXXXXXXXX\n< 9000\n"
	        "> 0020008106XXXXXXXXXXXX\n< 9000\n"
	        "> 00D7CD0109XXXXXXXXXXXXXXXXXX\n< 9000\n"
	        "> 00B1CD01045402000003\n< XXXXXX9000\n"
	        "> 00B1CF09045402000003\n< 6A82\n"
	        "> 00B10000045402000003\n< XXXXXX9000\n"
	        "> 00D7CF0109540200005303616263\n< 9000\n"
	        "> 00200081XXXXXX\n< 6700\n"
	        "! reset\n"
	        "> 00A4\n< 6700\n");
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, served_setup, served_teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SERVED(vpcd__driver_there__card_answers),
		SERVED(vpcd__driver_comes_back__card_comes_back),
		SERVED(vpcd__several__are_cards_of_their_own),
		SERVED(vpcd__bad_driver__is_left_and_visited_again),
		SERVED(socket__clients__are_cards_of_their_own),
		SERVED(socket__file__is_for_its_owner_and_goes),
		SERVED(socket__path_in_use__is_refused),
		SERVED(socket__of_a_dead_server__is_replaced),
		SERVED(socket__bad_clients__do_not_disturb_others),
		SERVED(socket__client_that_vanishes__is_forgotten),
		SERVED(front_stop__clients_in_the_middle__ends),
		SERVED(two_servers__one_token__see_each_other),
		SERVED(trace__secrets__are_blanked),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
