/* The same commands in process, over the socket and over the virtual reader: the same answers, byte
 * for byte. None of the commands leaves the token other than it was, none asks for random bytes. */
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "emu_other.h"
#include "served.h"

#define X16(byte)  byte byte byte byte byte byte byte byte byte byte byte byte byte byte byte byte
#define X256(byte) X16(X16(byte))

static const char *const script[] = {
	/* before the applet is selected, and what is no command */
	"00200081",
	"00A40400 07 A0000000041010 00",
	"00A4",
	"FF000000",
	"00A40400 0B E82B0601040181C31F0201 0102",
	/* selection, PINs */
	SELECT_CMD,
	"00A40400 0B E82B0601040181C31F0201",
	"00A40004 02 2F02 00",
	"00200081",
	WRONG_CMD,
	"00200081",
	"00200081 03 363438",
	VERIFY_CMD,
	"00200081",
	"00200088",
	"80500000 00",
	/* files: short, extended, to the end and beyond, in parts */
	"80580000 00",
	"80580000 000000",
	"00B12F02 04 54020000 00",
	"00B12F02 000004 54020000 0000",
	"00B12F02 000004 54025000 0000",
	"00B1CF55 04 54020000 00",
	"00D7CF05 000408 54020000 53820400" X256("A5") X256("5A") X256("C3") X256("3C"),
	"00B1CF05 000004 54020000 0000",
	"00B1CF05 000004 54020100 0100",
	"10D7CF06 06 54020000 5304",
	"00D7CF06 04 61626364",
	"00B1CF06 04 54020000 00",
	"10D7CF06 06 54020000 5304",
	"00B1CF06 04 54020000 00",
	"00E40200 02 CF06",
	"00E40200 02 CF05",
	"00E40200 02 CF05",
	/* keys: RSA signatures have nothing random in them */
	"80680120 000080 00" X16("11") X16("22") X16("33") X16("44") X16("55") X16("66")
	        X16("77") "0102030405060708090A0B0C0D0E0F 0000",
	"80680130 000014" X16("A0") "01020304 0000",
	"80680130 14" X16("A0") "01020304 00",
	"80680120 000003 010203 0000",
	"80680120 000003 010203",
	"80687720 000003 010203 0000",
	"80680177 000003 010203 0000",
	"806201",
	"00FF0000",
	"80FF0000 00",
};

enum { SCRIPT_N = sizeof(script) / sizeof(script[0]) };

struct answer {
	size_t n;
	uint8_t p[RAPDU_MAX];
};

static void run_in_process(const char *path, struct answer *out)
{
	struct emu_bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	b->owns_card = true;
	assert_int_equal(emu_open(path, &b->card), HSM_OK);
	assert_int_equal(emu_lane_new(b->card, &b->lane), HSM_OK);
	for (size_t i = 0; i < SCRIPT_N; i++) {
		emu_hex(b, script[i]);
		out[i].n = b->n + 2;
		memcpy(out[i].p, b->rsp, out[i].n);
	}
	emu_bench_free(b);
}

static void run_on(const struct wire *w, const struct answer *want)
{
	static uint8_t bytes[CAPDU_MAX], got[RAPDU_MAX];

	for (size_t i = 0; i < SCRIPT_N; i++) {
		wire_send(w, rd_of(bytes, emu_unhex(script[i], bytes, sizeof(bytes))));
		if (rd_equal(rd_of(got, wire_receive(w, got, sizeof(got))),
		            rd_of(want[i].p, want[i].n)))
			continue;
		fail_msg("another answer: > %s", script[i]);
	}
}

static void make_key(const char *path)
{
	struct emu_bench *b = emu_bench_open(path);

	EMU(b, VERIFY_CMD, 0x9000, "");
	EMU(b, GEN_CMD, 0x9000, NULL);
	emu_bench_free(b);
}

static void carriers__same_commands__same_answers(void **state)
{
	struct served *s = *state;
	struct answer *want = calloc(SCRIPT_N, sizeof(*want));
	struct driver d = driver_listen("0");
	struct wire w;
	unsigned good = 0;

	assert_non_null(want);
	make_key(s->place.path);
	run_in_process(s->place.path, want);
	for (size_t i = 0; i < SCRIPT_N; i++)
		good += rd_equal(rd_of(want[i].p + want[i].n - 2, 2), RD_LIT("\x90\x00"));
	assert_in_range(good, 15, SCRIPT_N - 10); /* much of it works, some of it is refused */
	w = wire_connect(s->path);
	run_on(&w, want);
	wire_close(&w);
	assert_int_equal(front_vpcd(s->front, "127.0.0.1", d.port), HSM_OK);
	w = driver_accept(&d);
	run_on(&w, want);
	wire_close(&w);
	close(d.fd);
	free(want);
}

/* ---- the longest messages ---- */

/* The longest command there is: 65535 bytes of data and a Le. */
static void send_longest(const struct wire *w, size_t data_n, bool le)
{
	static uint8_t cmd[CAPDU_MAX];
	struct wr c = WR_ARRAY(cmd);

	wr_put(&c, "\x00\xA4\x04\x00\x00", 5);
	wr_u16(&c, (uint16_t)data_n);
	assert_non_null(wr_room(&c, data_n));
	if (le)
		wr_u16(&c, 0);
	assert_false(c.bad);
	wire_send(w, wr_rd(&c));
}

static void check_answer(const struct wire *w, const char *hex)
{
	uint8_t got[16], want[16];
	size_t n = wire_receive(w, got, sizeof(got));

	assert_true(rd_equal(rd_of(got, n), rd_of(want, emu_unhex(hex, want, sizeof(want)))));
}

static void longest_commands__arrive(void **state)
{
	struct served *s = *state;
	struct wire w = wire_connect(s->path);
	struct driver d = driver_listen("0");

	send_longest(&w, 0xFFFF, true);
	check_answer(&w, "6700");
	WIRE(&w, SELECT_CMD, "6F0A 820178 8505 0001000401 9000");
	wire_close(&w);
	assert_int_equal(front_vpcd(s->front, "127.0.0.1", d.port), HSM_OK);
	w = driver_accept(&d);
	send_longest(&w, 0xFFFF - 9, true);
	check_answer(&w, "6700");
	wire_close(&w);
	close(d.fd);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test_setup_teardown(
		        carriers__same_commands__same_answers, served_setup, served_teardown),
		cmocka_unit_test_setup_teardown(
		        longest_commands__arrive, served_setup, served_teardown),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
