/* Blocks of T=1: ISO/IEC 7816-3:2006, clause 11.3. */
#ifndef TWINHSM_WIRE_T1_BLOCK_H
#define TWINHSM_WIRE_T1_BLOCK_H

#include "base/wr.h"

enum {
	T1_INF_MAX = 254,
	T1_IFS_DEFAULT = 32,
	T1_BLOCK_MAX = 3 + T1_INF_MAX + 2,
};

/* PCB, 11.3.2.2. */
enum {
	T1_I_NUMBER = 0x40,
	T1_I_MORE = 0x20,
	T1_R = 0x80,
	T1_R_NUMBER = 0x10,
	T1_R_EDC = 0x01,   /* error detection code was wrong, or a parity bit */
	T1_R_OTHER = 0x02, /* any other error */
	T1_S_RESYNCH = 0xC0,
	T1_S_IFS = 0xC1,
	T1_S_ABORT = 0xC2,
	T1_S_WTX = 0xC3,
	T1_S_RESPONSE = 0x20,
};

enum t1_kind { T1_KIND_I, T1_KIND_R, T1_KIND_S };

struct t1_block {
	uint8_t nad, pcb;
	struct rd inf;
};

static inline enum t1_kind t1_kind(const struct t1_block *b)
{
	return (b->pcb & 0x80) == 0 ? T1_KIND_I : (b->pcb & 0x40) == 0 ? T1_KIND_R : T1_KIND_S;
}

/* N(S) of an I-block, N(R) of an R-block. */
static inline unsigned t1_number(const struct t1_block *b)
{
	return (b->pcb >> ((b->pcb & T1_R) == 0 ? 6 : 4)) & 1;
}

/* Writes a block with its LRC or CRC. HSM_E_BAD_LEN for more than T1_INF_MAX bytes, HSM_E_SMALL. */
HSM_MUST hsm_rc t1_put(struct wr *w, const struct t1_block *b, bool crc);

/* Reads a block that is all of `bytes`. HSM_E_CARD_DATA: wrong error detection code. HSM_E_BAD_LEN:
 * a length that does not fit. HSM_E_BAD_DATA: a PCB that there is not, or INF where none belongs.
 * `inf` is a view. */
HSM_MUST hsm_rc t1_get(struct rd bytes, bool crc, struct t1_block *b);

#endif
