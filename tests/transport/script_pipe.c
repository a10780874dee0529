#include "script_pipe.h"

#include <ctype.h>
#include <stdlib.h>

enum { BYTES_MAX = 2048 };

static struct script_pipe *of(struct usb_pipe *p)
{
	return (struct script_pipe *)p;
}

static size_t bytes_of(const char *text, uint8_t out[BYTES_MAX])
{
	size_t n = 0;

	while (*text != '\0') {
		unsigned long count = 1;
		char digits[3] = { 0 };
		char *end;

		if (*text == ' ') {
			text++;
			continue;
		}
		memcpy(digits, text, 2);
		text += 2;
		if (*text == '*') {
			count = strtoul(text + 1, &end, 10);
			text = end;
		}
		assert_true(
		        isxdigit((unsigned char)digits[0]) && isxdigit((unsigned char)digits[1]));
		assert_true(n + count <= BYTES_MAX);
		memset(out + n, (int)strtoul(digits, NULL, 16), count);
		n += count;
	}
	return n;
}

/* The next line, with time passed before it; NULL at the end. */
static const char *peek(struct script_pipe *s)
{
	while (s->at < s->n && s->lines[s->at][0] == '+')
		s->time += strtoul(s->lines[s->at++] + 1, NULL, 10);
	return s->at < s->n ? s->lines[s->at] : NULL;
}

/* The next line, which has to be of one of these kinds; what stands behind its kind. */
static const char *next(struct script_pipe *s, const char *kinds, const char *what, char *kind)
{
	const char *line = peek(s);

	if (line == NULL || strchr(kinds, line[0]) == NULL)
		fail_msg("%s, but line %zu is: %s", what, s->at + 1, line == NULL ? "-" : line);
	s->at++;
	s->time++;
	*kind = line == NULL ? '\0' : line[0];
	return line == NULL ? "" : line + 1;
}

static hsm_rc outcome_of(const char *text)
{
	static const struct {
		const char *name;
		hsm_rc rc;
	} rows[] = {
		{ " stall", HSM_E_STALL },
		{ " gone", HSM_E_GONE },
		{ " small", HSM_E_SMALL },
		{ " io", HSM_E_IO },
	};

	for (size_t i = 0; i < COUNT(rows); i++) {
		if (strcmp(rows[i].name, text) == 0)
			return rows[i].rc;
	}
	fail_msg("no such outcome: %s", text);
	return HSM_E_FAIL;
}

static void check_bytes(struct script_pipe *s, const char *text, struct rd got)
{
	uint8_t want[BYTES_MAX];
	const size_t n = bytes_of(text, want);

	if (rd_equal(got, rd_of(want, n)))
		return;
	for (size_t i = 0; i < got.n; i++)
		print_error("%02X ", got.p[i]);
	fail_msg("sent in place of line %zu: %s", s->at, text);
}

static hsm_rc script_out(struct usb_pipe *p, struct rd bytes, unsigned timeout_ms)
{
	char kind;
	const char *rest = next(of(p), ">x", "the host sends", &kind);

	assert_true(timeout_ms > 0);
	if (kind == 'x')
		return outcome_of(rest);
	check_bytes(of(p), rest, bytes);
	return HSM_OK;
}

static hsm_rc script_in(struct usb_pipe *p, struct wr *w, unsigned timeout_ms)
{
	uint8_t bytes[BYTES_MAX];
	char kind;
	const char *rest = next(of(p), "<-x", "the host reads", &kind);

	assert_int_equal(w->n, 0);
	assert_true(w->cap >= 512 && w->cap % p->function.packet_in == 0);
	if (kind == 'x')
		return outcome_of(rest);
	if (kind == '<') {
		wr_put(w, bytes, bytes_of(rest, bytes));
		return wr_done(w);
	}
	assert_int_equal(timeout_ms, strtoul(rest, NULL, 10));
	of(p)->time += timeout_ms - 1;
	return HSM_E_TIMEOUT;
}

static hsm_rc script_abort(struct usb_pipe *p, uint8_t slot, uint8_t seq)
{
	char kind;
	const char *rest = next(of(p), "aA", "the host aborts", &kind);

	check_bytes(of(p), rest, rd_of((const uint8_t[]){ slot, seq }, 2));
	return kind == 'a' ? HSM_OK : HSM_E_STALL;
}

static hsm_rc script_clear(struct usb_pipe *p)
{
	char kind;

	(void)next(of(p), "c", "the host clears the halt", &kind);
	return HSM_OK;
}

static hsm_rc script_notice(struct usb_pipe *p, struct wr *w)
{
	const char *line = peek(of(p));
	uint8_t bytes[BYTES_MAX];

	if (line == NULL || line[0] != 'n')
		return HSM_OK;
	of(p)->at++;
	wr_put(w, bytes, bytes_of(line + 1, bytes));
	return wr_done(w);
}

static uint64_t script_now(struct usb_pipe *p)
{
	(void)peek(of(p));
	return of(p)->time;
}

static void script_close(struct usb_pipe *p)
{
	assert_false(of(p)->closed);
	of(p)->closed = true;
}

void script_init(struct script_pipe *s, uint32_t features)
{
	static const struct usb_pipe_ops ops = {
		.out = script_out,
		.in = script_in,
		.abort = script_abort,
		.clear = script_clear,
		.notice = script_notice,
		.now = script_now,
		.close = script_close,
	};

	*s = (struct script_pipe){
		.pipe = {
			.ops = &ops,
			.function = {
				.interface = 1,
				.ep_out = 0x02,
				.ep_in = 0x82,
				.ep_notice = 0x81,
				.packet_out = 64,
				.packet_in = 64,
				.class_desc = {
					.voltages = 7,
					.protocols = CCID_PROTOCOL_T1,
					.clock = 3600,
					.rate_max = 116129,
					.ifsd_max = 254,
					.features = features,
					.message_max = 271,
				},
			},
		},
	};
}

void script_add(struct script_pipe *s, const char *const *lines)
{
	for (; *lines != NULL; lines++) {
		assert_true(s->n < SCRIPT_MAX);
		s->lines[s->n++] = *lines;
	}
}

void script_played(const struct script_pipe *s)
{
	if (s->at < s->n)
		fail_msg("not played: line %zu, %s", s->at + 1, s->lines[s->at]);
	assert_true(s->closed);
}
