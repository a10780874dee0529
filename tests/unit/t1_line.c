#include "t1_line.h"

void t1_line_command(struct wr *w, unsigned serial, size_t n, size_t answer_n)
{
	wr_u16(w, (uint16_t)answer_n);
	wr_u16(w, (uint16_t)serial);
	for (size_t i = 4; i < n; i++)
		wr_u8(w, (uint8_t)(i * 7 + serial));
}

void t1_line_expect(struct wr *w, struct rd command)
{
	size_t n = command.n < 2 ? 2 : (size_t)(command.p[0] << 8 | command.p[1]) % T1_LINE_ANSWER;
	uint32_t hash = 2166136261U; /* FNV-1a */

	for (size_t i = 0; i < command.n; i++)
		hash = (hash ^ command.p[i]) * 16777619U;
	for (size_t i = 0; i < n; i++, hash = hash * 1664525U + 1013904223U)
		wr_u8(w, (uint8_t)(hash >> 24));
}

void t1_line_power(struct t1_line *l, const struct t1_host_setup *setup)
{
	l->setup = *setup;
	t1_host_init(&l->host, setup);
	t1_card_init(&l->card, l->card_ifsc, setup->crc, WR_ARRAY(l->command));
}

/* Does the card's work, asking for time as often as told. */
static struct t1_card_step work(struct t1_line *l, struct t1_card_step step, unsigned *asked)
{
	struct wr w = WR_ARRAY(l->answer);

	if (step.todo != T1_CARD_RUN)
		return step;
	if (*asked < l->wtx) {
		++*asked;
		return t1_card_wtx(&l->card, (uint8_t)*asked);
	}
	l->runs++;
	*asked = 0;
	t1_line_expect(&w, step.command);
	return t1_card_answer(&l->card, wr_rd(&w));
}

/* Changes a block as the fault says; how often it arrives. */
static unsigned carry(struct t1_line *l, struct wr *block, bool *later)
{
	unsigned where = 0;
	enum t1_fault fault = l->fault == NULL ? T1_FINE : l->fault(l->arg, &where);
	size_t at = block->n == 0 ? 0 : where % block->n;

	l->blocks++;
	switch (fault) {
	case T1_LOST:
		return 0;
	case T1_FLIPPED:
		if (block->n != 0)
			block->p[at] ^= (uint8_t)(1U << where / 64 % 8);
		return 1;
	case T1_CUT:
		block->n = at;
		return 1;
	case T1_FILLER:
		block->n = 0;
		wr_put(block, "\xA5\xA5", 2);
		return 1;
	case T1_LATER:
		*later = true;
		return 2;
	case T1_DOUBLED:
		return 2;
	default:
		return 1;
	}
}

/* To the card and back. False: nothing came back. */
static bool exchange(struct t1_line *l, struct rd block, unsigned *asked, struct wr *back)
{
	uint8_t there[T1_BLOCK_MAX];
	struct wr w = WR_ARRAY(there);
	bool later = false, ignored = false;
	unsigned times;

	wr_rd_put(&w, block);
	times = carry(l, &w, &later);
	for (unsigned i = 0; i < times; i++) {
		struct t1_card_step step = work(l, t1_card_block(&l->card, wr_rd(&w)), asked);

		if (step.todo == T1_CARD_SEND && (back->n == 0 || later)) {
			back->n = 0;
			wr_rd_put(back, step.block);
		}
	}
	return back->n != 0 && carry(l, back, &ignored) != 0;
}

hsm_rc t1_line_apdu(struct t1_line *l, struct rd command, struct wr *answer)
{
	struct t1_step step = t1_host_start(&l->host, command, answer);
	unsigned asked = 0;

	l->runs = 0;
	for (unsigned n = 0; step.todo == T1_SEND; n++) {
		uint8_t room[T1_BLOCK_MAX];
		struct wr back = WR_ARRAY(room);

		if (n == T1_LINE_STEPS) {
			l->endless = true;
			return HSM_E_FAIL;
		}
		step = exchange(l, step.block, &asked, &back)
		               ? t1_host_block(&l->host, wr_rd(&back))
		               : t1_host_timeout(&l->host);
	}
	return step.todo == T1_DONE ? HSM_OK : step.rc;
}
