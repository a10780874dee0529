#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/text.h"
#include "twinhsm-emu.h"

enum { SESSIONS_MAX = 64, ANSWER_MAX = 0x10000 + 2 };

/* One of the cards that the transcript speaks to; all are on the same token. */
struct player {
	unsigned long number;
	struct emu_card *card;
	struct emu_lane *lane;
};

struct replay {
	const char *transcript;
	char token[PATH_MAX];
	struct player players[SESSIONS_MAX];
	unsigned players_n;
	struct player *now; /* NULL: no line has asked for a card yet */
	unsigned line, commands;
	struct wr answer; /* to the last command; n 0: there was none */
	uint8_t room[ANSWER_MAX];
};

static int fail_line(const struct replay *r, const char *what)
{
	return ui_fail("%s, line %u: %s", r->transcript, r->line, what);
}

/* ---- the cards ---- */

static int player_open(struct replay *r, unsigned long number)
{
	struct player *p = &r->players[r->players_n];
	hsm_rc rc;

	if (r->players_n == SESSIONS_MAX)
		return fail_line(r, "too many sessions");
	rc = emu_open(r->token, &p->card);
	if (rc != HSM_OK)
		return token_fail(r->token, rc);
	r->players_n++;
	p->number = number;
	r->now = p;
	rc = emu_lane_new(p->card, &p->lane);
	return rc == HSM_OK ? 0 : token_fail(r->token, rc);
}

static int player_select(struct replay *r, unsigned long number)
{
	for (unsigned i = 0; i < r->players_n; i++) {
		if (r->players[i].number == number) {
			r->now = &r->players[i];
			return 0;
		}
	}
	return player_open(r, number);
}

static void players_close(struct replay *r)
{
	for (unsigned i = 0; i < r->players_n; i++) {
		emu_lane_free(r->players[i].lane);
		emu_close(r->players[i].card);
	}
}

/* ---- lines ---- */

static void squeeze(char *text)
{
	char *to = text;

	for (; *text != '\0'; text++)
		if (!isspace((unsigned char)*text))
			*to++ = *text;
	*to = '\0';
}

/* "! session N" or "! reset". */
static int play_event(struct replay *r, const char *text)
{
	unsigned long number;

	if (sscanf(text, " session %lu", &number) == 1)
		return player_select(r, number);
	if (strcmp(text, " reset") != 0)
		return fail_line(r, "neither a command, an answer nor an event");
	if (r->now != NULL)
		emu_reset(r->now->card);
	return 0;
}

static int play_command(struct replay *r, const char *hex)
{
	struct rd digits = rd_str(hex);
	AUTO_BUF cmd = { 0 };
	struct wr w;
	hsm_rc rc;

	if (strstr(hex, "XX") != NULL)
		return fail_line(r, "bytes of this command are blanked, so it cannot be played");
	if (buf_reserve(&cmd, digits.n / 2 + 1) != HSM_OK)
		return fail_line(r, rc_text(HSM_E_MEMORY));
	w = wr_of(cmd.p, cmd.cap);
	if (digits.n == 0 || hex_get(digits, &w) != HSM_OK)
		return fail_line(r, "these are no hexadecimal digits");
	if (r->now == NULL && player_open(r, 1) != 0)
		return EXIT_FAILURE;
	r->answer = WR_ARRAY(r->room);
	r->commands++;
	rc = emu_lane_xfer(r->now->lane, wr_rd(&w), &r->answer);
	return rc == HSM_OK ? 0 : token_fail(r->token, rc);
}

/* Do these digits, in which "XX" is any byte, describe the bytes? */
static bool part_matches(struct rd digits, struct rd bytes)
{
	if (digits.n != 2 * bytes.n)
		return false;
	for (size_t i = 0; i < bytes.n; i++) {
		const struct rd pair = rd_of(digits.p + 2 * i, 2);
		uint8_t want;
		struct wr w = wr_of(&want, 1);

		if (rd_equal(pair, RD_LIT("XX")))
			continue;
		if (hex_get(pair, &w) != HSM_OK || want != bytes.p[i])
			return false;
	}
	return true;
}

/* The same with "..", once, for any number of bytes. */
static bool matches(const char *text, struct rd bytes)
{
	const char *gap = strstr(text, "..");
	struct rd head, tail;

	if (gap == NULL)
		return part_matches(rd_str(text), bytes);
	head = rd_of(text, (size_t)(gap - text));
	tail = rd_str(gap + 2);
	if (head.n % 2 != 0 || tail.n % 2 != 0 || (head.n + tail.n) / 2 > bytes.n)
		return false;
	return part_matches(head, rd_of(bytes.p, head.n / 2)) &&
	       part_matches(tail, rd_of(bytes.p + bytes.n - tail.n / 2, tail.n / 2));
}

/* The answer may be what was blanked in the transcript, so where it was only the rest is shown. */
static void show_answer(struct rd answer, const char *expected)
{
	const bool secret = strstr(expected, "XX") != NULL;
	const size_t from = secret ? answer.n - 2 : 0;

	printf("expected: %s\nanswered: ", expected);
	if (secret)
		printf("(%zu bytes) ", from);
	for (size_t i = from; i < answer.n; i++)
		printf("%02X", answer.p[i]);
	putchar('\n');
}

static int check_answer(struct replay *r, const char *expected)
{
	if (r->answer.n == 0)
		return fail_line(r, "an answer without a command");
	if (matches(expected, wr_rd(&r->answer)))
		return 0;
	fail_line(r, "the card answers something else");
	show_answer(wr_rd(&r->answer), expected);
	return EXIT_FAILURE;
}

static int play_line(struct replay *r, char *line)
{
	r->line++;
	line[strcspn(line, "\r\n")] = '\0';
	if (line[0] == '\0' || line[0] == '#')
		return 0;
	if (line[0] == '!')
		return play_event(r, line + 1);
	squeeze(line);
	if (line[0] == '>')
		return play_command(r, line + 1);
	if (line[0] == '<')
		return check_answer(r, line + 1);
	return fail_line(r, "neither a command, an answer nor an event");
}

static int play(struct replay *r)
{
	FILE *f = fopen(r->transcript, "re");
	char *line = NULL;
	size_t cap = 0;
	int status = 0;

	if (f == NULL)
		return ui_fail("%s: cannot be read", r->transcript);
	while (status == 0 && getline(&line, &cap, f) > 0) {
		const int signal_no = child_interrupted();

		status = signal_no != 0 ? 128 + signal_no : play_line(r, line);
	}
	free(line);
	fclose(f);
	players_close(r);
	if (status == 0)
		printf("%s: %u commands, answered as recorded\n", r->transcript, r->commands);
	return status;
}

/* ---- on which token ---- */

static int play_fresh(struct replay *r, const char *profile)
{
	const struct emu_make make = { .kdf = EMU_KDF_CHEAP, .profile = profile };
	struct place place = { 0 };
	int status;
	hsm_rc rc;

	status = place_make(&place, NULL);
	if (status != 0)
		return status;
	rc = emu_create(place.file, &make);
	if (rc == HSM_OK) {
		strcpy(r->token, place.file);
		status = play(r);
		(void)token_unlink(place.file);
	} else {
		status = token_fail(place.file, rc);
	}
	place_remove(&place);
	return status;
}

int emu_cmd_replay(int argc, char **argv)
{
	static const struct option options[] = {
		{ "fresh", no_argument, NULL, 'f' },
		{ "profile", required_argument, NULL, MAKE_PROFILE },
		{ 0 },
	};
	struct emu_make make = { 0 };
	static struct replay r;
	bool fresh = false;
	int code, status = 0;

	while (status == 0 && (code = getopt_long(argc, argv, "", options, NULL)) != -1) {
		fresh = fresh || code == 'f';
		status = code == 'f' ? 0 : make_option(&make, code, optarg);
	}
	if (status != 0)
		return status;
	if (make.profile != NULL && !fresh)
		return ui_usage("--profile goes with --fresh");
	if (argc - optind != (fresh ? 1 : 2))
		return ui_usage("a TRANSCRIPT, and a TOKEN or --fresh, are needed");
	r.transcript = argv[optind];
	child_prepare();
	if (fresh)
		return play_fresh(&r, make.profile);
	if (strlen(argv[optind + 1]) >= sizeof(r.token))
		return token_fail(argv[optind + 1], HSM_E_TOKEN_MISSING);
	strcpy(r.token, argv[optind + 1]);
	return play(&r);
}
