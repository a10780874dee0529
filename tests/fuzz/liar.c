#include "liar.h"

#include "fuzz.h"

void liar_start(struct liar *l, struct rd lies, bool forever)
{
	l->all = l->lies = lies;
	l->forever = forever && lies.n >= 2;
	l->wait = 0;
	l->waiting = false;
	l->before_n = 0;
}

static uint8_t next(struct liar *l)
{
	uint8_t v = 0;

	(void)!rd_u8(&l->lies, &v);
	return v;
}

/* Is it the turn of the next lie? */
static bool is_turn(struct liar *l)
{
	if (l->lies.n == 0 && l->forever)
		l->lies = l->all;
	if (!l->waiting && l->lies.n != 0) {
		l->wait = next(l);
		l->waiting = true;
	}
	if (!l->waiting || l->wait-- != 0)
		return false;
	l->waiting = false;
	return true;
}

/* A place of the answer, and how many bytes there are from it up to `n`. */
static size_t place(struct liar *l, const struct wr *w)
{
	const size_t at = next(l) + (size_t)next(l) * 256;

	return w->n == 0 ? 0 : at % w->n;
}

static size_t some(struct liar *l, size_t max)
{
	const size_t n = next(l);

	return n < max ? n : max;
}

/* Puts `with` in the place of `n` bytes; what has no room is cut. */
static void splice(struct wr *w, size_t at, size_t n, struct rd with)
{
	const size_t rest = w->n - at - n;
	const size_t put = with.n < w->cap - w->n + n ? with.n : w->cap - w->n + n;

	if (rest != 0)
		memmove(w->p + at + put, w->p + at + n, rest);
	if (put != 0)
		memcpy(w->p + at, with.p, put);
	w->n = at + put + rest;
}

static struct rd given(struct liar *l)
{
	const size_t n = some(l, l->lies.n);
	struct rd bytes = { 0 };

	if (!rd_take(&l->lies, n < l->lies.n ? n : l->lies.n, &bytes))
		return (struct rd){ 0 };
	return bytes;
}

static size_t end_of_data(const struct wr *w)
{
	return w->n < 2 ? 0 : w->n - 2;
}

static void change_byte(struct liar *l, struct wr *w, enum lie how)
{
	const size_t at = place(l, w);
	const uint8_t v = next(l);

	if (w->n == 0)
		return;
	if (how == LIE_SET)
		w->p[w->n - 1 - at] = v;
	else
		w->p[w->n - 1 - at] ^= v;
}

static void fill(struct liar *l, struct wr *w)
{
	uint8_t bytes[256 * 16];
	const size_t n = (size_t)next(l) * 16;

	memset(bytes, next(l), sizeof(bytes));
	splice(w, end_of_data(w), 0, rd_of(bytes, n));
}

static void change_length(struct liar *l, struct wr *w, enum lie how)
{
	uint8_t copy[256];
	const size_t at = how == LIE_CUT ? 0 : place(l, w);
	size_t n;

	switch (how) {
	case LIE_CUT:
		n = some(l, end_of_data(w));
		splice(w, end_of_data(w) - n, n, (struct rd){ 0 });
		return;
	case LIE_DROP:
		splice(w, at, some(l, w->n - at), (struct rd){ 0 });
		return;
	case LIE_DOUBLE:
		n = some(l, w->n - at);
		memcpy(copy, w->p + at, n);
		splice(w, at, 0, rd_of(copy, n));
		return;
	default:
		splice(w, at, 0, given(l));
		return;
	}
}

static hsm_rc failure(uint8_t which)
{
	static const hsm_rc failures[] = { HSM_E_GONE, HSM_E_RESET, HSM_E_TIMEOUT, HSM_E_IO,
		HSM_E_MUTE, HSM_E_STALL, HSM_E_CARD_DATA, HSM_E_MEMORY };

	return failures[which % (sizeof(failures) / sizeof(failures[0]))];
}

static hsm_rc lie(struct liar *l, struct wr *w)
{
	const enum lie how = (enum lie)(next(l) % LIE_KINDS);
	uint8_t status[2];

	switch (how) {
	case LIE_SET:
	case LIE_FLIP:
		change_byte(l, w, how);
		return HSM_OK;
	case LIE_STATUS:
		status[0] = next(l);
		status[1] = next(l);
		splice(w, 0, w->n, rd_of(status, sizeof(status)));
		return HSM_OK;
	case LIE_FILL:
		fill(l, w);
		return HSM_OK;
	case LIE_REPLACE:
		splice(w, 0, w->n, given(l));
		return HSM_OK;
	case LIE_AGAIN:
		splice(w, 0, w->n, rd_of(l->before, l->before_n));
		return HSM_OK;
	case LIE_FAIL:
		return failure(next(l));
	default:
		change_length(l, w, how);
		return HSM_OK;
	}
}

hsm_rc liar_change(struct liar *l, struct wr *w)
{
	const hsm_rc rc = is_turn(l) ? lie(l, w) : HSM_OK;

	if (w->n == 0)
		return rc;
	l->before_n = w->n < sizeof(l->before) ? w->n : sizeof(l->before);
	memcpy(l->before, w->p, l->before_n);
	return rc;
}
