/* Blocks out of a fuzzer's input, with the error detection code put right where the input wants it,
 * for no input would have many good ones by chance. */
#ifndef TWINHSM_TESTS_FUZZ_T1_INPUT_H
#define TWINHSM_TESTS_FUZZ_T1_INPUT_H

#include "wire/t1_block.h"

/* Takes a length, PCB and so many bytes of INF; with a length of 255 a raw block of as many bytes
 * as the next one says. False at the end of the input. */
static inline bool t1_input(struct rd *in, bool crc, struct wr *block)
{
	struct t1_block b = { 0 };
	uint8_t n;

	block->n = 0;
	if (!rd_u8(in, &n) || !rd_u8(in, &b.pcb))
		return false;
	if (n == 0xFF) {
		n = b.pcb < in->n ? b.pcb : (uint8_t)in->n;
		if (!rd_take(in, n, &b.inf))
			return false;
		wr_rd_put(block, b.inf);
		return true;
	}
	if (n > in->n)
		n = (uint8_t)in->n;
	return rd_take(in, n, &b.inf) && t1_put(block, &b, crc) == HSM_OK;
}

#endif
