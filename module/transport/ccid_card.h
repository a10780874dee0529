/* The card in the first slot of a CCID reader: power, parameters, and what the ATR says. */
#ifndef TWINHSM_TRANSPORT_CCID_CARD_H
#define TWINHSM_TRANSPORT_CCID_CARD_H

#include "transport/ccid_link.h"
#include "wire/atr.h"

struct ccid_card_facts {
	uint8_t bytes[ATR_MAX];
	size_t n;
	struct atr atr; /* of these bytes */
};

/* Power off and on, with the voltages that the reader names one after the other, then protocol and
 * parameters as far as the reader leaves them to us. The card speaks T=1 then. HSM_E_MUTE,
 * HSM_E_CARD_DATA (an ATR that is none), HSM_E_UNSUPPORTED (no T=1), and the outcomes of ccid_ask.
 */
HSM_MUST hsm_rc ccid_power_on(struct ccid_link *l, struct ccid_card_facts *card);

HSM_MUST hsm_rc ccid_power_off(struct ccid_link *l);

#endif
