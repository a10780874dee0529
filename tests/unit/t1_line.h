/* A T=1 host and a T=1 card with a bad line between them. Whoever drives it says what happens to
 * each block; what the card answers depends on every byte of the command, so that a wrong answer
 * cannot pass for a right one. */
#ifndef TWINHSM_TESTS_UNIT_T1_LINE_H
#define TWINHSM_TESTS_UNIT_T1_LINE_H

#include "wire/t1_card.h"
#include "wire/t1_host.h"

enum t1_fault {
	T1_FINE,
	T1_LOST,
	T1_FLIPPED, /* one byte is another */
	T1_CUT,     /* the end is missing */
	T1_DOUBLED, /* comes twice; of two answers the reader takes the first */
	T1_LATER,   /* as doubled, but of two answers the reader takes the last */
	T1_FILLER,  /* two bytes that are no block, as some readers have for a silent card */
	T1_FAULTS,
};

enum { T1_LINE_COMMAND = 1024, T1_LINE_ANSWER = 1024, T1_LINE_STEPS = 2000 };

struct t1_line {
	struct t1_host host;
	struct t1_card card;
	struct t1_host_setup setup;
	uint8_t card_ifsc;
	/* What happens to the next block; `where` picks a byte. */
	enum t1_fault (*fault)(void *arg, unsigned *where);
	void *arg;
	unsigned wtx;    /* S(WTX) before each answer */
	unsigned blocks; /* on the line so far */
	unsigned runs;   /* commands the card has done since the last t1_line_apdu began */
	bool endless;    /* more blocks than any exchange needs */
	uint8_t command[T1_LINE_COMMAND], answer[T1_LINE_ANSWER];
};

/* Powers both on. */
void t1_line_power(struct t1_line *l, const struct t1_host_setup *setup);

/* One command of the host; `answer` (T1_LINE_ANSWER) is what it got. HSM_OK or how it failed. */
hsm_rc t1_line_apdu(struct t1_line *l, struct rd command, struct wr *answer);

/* Writes the command number `serial` with `n` bytes (at least 4), to be answered with `answer_n`.
 */
void t1_line_command(struct wr *w, unsigned serial, size_t n, size_t answer_n);

/* Writes what the card answers to it. */
void t1_line_expect(struct wr *w, struct rd command);

#endif
