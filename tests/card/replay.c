#include "replay.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"

enum { COMMAND_MAX = 65544 };

struct replay {
	struct buf text;
	char *at; /* next line */
};

static char *next_line(struct replay *r)
{
	char *line = r->at, *end;

	if (line == NULL || *line == '\0')
		return NULL;
	end = strchr(line, '\n');
	assert_non_null(end); /* the file ends with a line feed */
	*end = '\0';
	r->at = end + 1;
	return line;
}

/* The next line that is no comment and not empty; NULL at the end of the section. */
static char *next_step(struct replay *r)
{
	char *keep = r->at, *line = next_line(r);

	while (line != NULL && (line[0] == '\0' || (line[0] == '#' && line[1] != '#'))) {
		keep = r->at;
		line = next_line(r);
	}
	if (line != NULL && line[0] == '#') {
		line[strlen(line)] = '\n';
		r->at = keep;
		return NULL;
	}
	return line;
}

struct replay *replay_open(const char *golden_name)
{
	struct replay *r = calloc(1, sizeof(*r));

	assert_non_null(r);
	golden_file(golden_name, &r->text);
	r->text.p[r->text.n] = '\0';
	return r;
}

static void check_ended(struct replay *r)
{
	char *line = next_step(r);

	if (line == NULL)
		return;
	print_error("never came: %s\n", line);
	fail();
}

void replay_section(struct replay *r, const char *section)
{
	char *line;

	check_ended(r);
	r->at = (char *)r->text.p;
	for (size_t i = 0; i < r->text.n; i++) { /* lines read before end with a zero */
		if (r->at[i] == '\0')
			r->at[i] = '\n';
	}
	while ((line = next_line(r)) != NULL) {
		if (strncmp(line, "## ", 3) == 0 && strcmp(line + 3, section) == 0)
			return;
	}
	fail_msg("no section %s", section);
}

/* Compares hex with a pattern in which ".." stands for any digits, once. */
static bool matches(const char *got, char *want)
{
	char *gap = strstr(want, "..");
	unsigned n = 0;
	size_t tail;

	if (gap == NULL)
		return strcmp(got, want) == 0;
	if (sscanf(gap, "%*[^(](%u bytes)", &n) == 1 && strlen(got) != 2 * (size_t)n)
		return false;
	gap += 2;
	tail = strcspn(gap, " ");
	return strncmp(got, want, (size_t)(gap - 2 - want)) == 0 && strlen(got) >= tail &&
	       strncmp(got + strlen(got) - tail, gap, tail) == 0;
}

/* Appends what the answer's words say: hex digits, or "@file". */
static void put_answer(struct wr *rsp, char *line)
{
	char *save, *word = strtok_r(line, " ", &save);

	for (; word != NULL; word = strtok_r(NULL, " ", &save)) {
		if (word[0] == '@') {
			AUTO_BUF file = { 0 };

			golden_file(word + 1, &file);
			wr_rd_put(rsp, buf_rd(&file));
			continue;
		}
		assert_ok(hex_get(rd_str(word), rsp));
	}
}

static hsm_rc play(void *arg, struct rd cmd, struct wr *rsp)
{
	struct replay *r = arg;
	char *got = test_malloc(2 * cmd.n + 1), *line = next_step(r), copy[8192];

	assert_ok(hex_put(cmd, got, 2 * cmd.n + 1));
	if (line == NULL || strncmp(line, "> ", 2) != 0 || !matches(got, line + 2)) {
		print_error("sent:     %s\nexpected: %s\n", got, line == NULL ? "nothing" : line);
		fail();
	}
	test_free(got);
	line = next_step(r);
	assert_non_null(line);
	assert_true(strncmp(line, "< ", 2) == 0 && strlen(line) < sizeof(copy));
	strcpy(copy, line + 2);
	put_answer(rsp, copy);
	return HSM_OK;
}

struct tp *replay_tp(struct replay *r, const char *section)
{
	replay_section(r, section);
	return fake_tp(play, r, 1, COMMAND_MAX);
}

void replay_close(struct replay *r)
{
	check_ended(r);
	buf_free(&r->text);
	free(r);
}
