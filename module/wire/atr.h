/* Answer to reset: ISO/IEC 7816-3:2006, clause 8; parameters of T=1: clause 11.4. */
#ifndef TWINHSM_WIRE_ATR_H
#define TWINHSM_WIRE_ATR_H

#include "base/rd.h"

enum { ATR_MAX = 33 };

struct atr {
	bool inverse;       /* convention */
	uint8_t fidi;       /* TA1, 11 by default */
	uint8_t guard;      /* TC1: extra guard time, FF: the least there is */
	uint16_t protocols; /* bit n: T=n is offered */
	uint8_t first;      /* protocol offered first */
	bool specific;      /* TA2: the card keeps to one protocol */
	uint8_t only;       /* that protocol */
	uint8_t ifsc;       /* bytes the card takes in one T=1 block, 1 to 254 */
	uint8_t bwi, cwi;   /* waiting time integers of T=1 */
	bool crc;           /* T=1 blocks end with a CRC, not an LRC */
	uint8_t clock_stop; /* TA for T=15, the two high bits moved down */
	struct rd history;  /* historical bytes, borrowed */
};

/* Reads all of `bytes`. HSM_E_CARD_DATA: not an ATR, bytes missing or too many, wrong TCK, or
 * values that T=1 must not have. */
HSM_MUST hsm_rc atr_get(struct rd bytes, struct atr *out);

/* Block waiting time in milliseconds, rounded up, at a clock in kHz (dwDefaultClock; 0 is taken
 * as 1 MHz, the slowest). For T=1 without negotiated parameters: 11 etu + 2^BWI * 960 * 372 / f. */
uint32_t atr_bwt_ms(const struct atr *atr, uint32_t clock_khz);

/* Do the historical bytes name a SmartCard-HSM ("HSM1" as issuer's data)? Others may still be one:
 * SELECT tells. */
bool atr_is_hsm(const struct atr *atr);

#endif
