/* The CCID function in the descriptors of a USB device (USB 2.0, chapter 9; CCID 1.10, section 5.1:
 * class descriptor), as a host finds it and as a device model writes it. */
#ifndef TWINHSM_WIRE_CCID_DESC_H
#define TWINHSM_WIRE_CCID_DESC_H

#include "base/wr.h"

enum { CCID_CLASS = 0x0B, CCID_CLASS_DESC = 54, CCID_CLASS_DESC_TYPE = 0x21 };

/* Bits of dwProtocols. */
enum { CCID_PROTOCOL_T0 = 1, CCID_PROTOCOL_T1 = 2 };

/* Bits of dwFeatures. */
enum ccid_feature {
	CCID_AUTO_PARAMETERS = 0x02,
	CCID_AUTO_ACTIVATION = 0x04,
	CCID_AUTO_VOLTAGE = 0x08,
	CCID_AUTO_CLOCK = 0x10,
	CCID_AUTO_RATE = 0x20,
	CCID_AUTO_NEGOTIATION = 0x40,
	CCID_AUTO_PPS = 0x80,
	CCID_CLOCK_STOP = 0x100,
	CCID_NAD = 0x200,
	CCID_AUTO_IFSD = 0x400,
};

enum ccid_level {
	CCID_LEVEL_CHARACTER,
	CCID_LEVEL_TPDU,
	CCID_LEVEL_SHORT,
	CCID_LEVEL_EXTENDED,
};

/* The class descriptor, table 5.1-1, in its order. Clocks in kHz, rates in bit/s. */
struct ccid_class {
	uint16_t bcd_ccid;
	uint8_t max_slot, voltages;
	uint32_t protocols, clock, clock_max;
	uint8_t clocks_n;
	uint32_t rate, rate_max;
	uint8_t rates_n;
	uint32_t ifsd_max, synch_protocols, mechanical, features, message_max;
	uint8_t class_get_response, class_envelope;
	uint16_t lcd_layout;
	uint8_t pin_support, busy_slots_max;
};

/* Reads the 54 bytes, length and type included; what may follow is ignored. HSM_E_BAD_LEN. */
HSM_MUST hsm_rc ccid_class_get(struct rd bytes, struct ccid_class *out);

/* Writes the 54 bytes. */
void ccid_class_put(struct wr *w, const struct ccid_class *c);

/* The highest level that the features name; character level when they name none. */
enum ccid_level ccid_level(const struct ccid_class *c);

/* Most bytes after the header of one message: dwMaxCCIDMessageLength - 10, not more than
 * CCID_DATA_MAX, and not less than a T=1 block or a short APDU need when it says nonsense. */
size_t ccid_piece_max(const struct ccid_class *c);

/* The IFSD to tell the card: what dwMaxIFSD and the longest message allow, 1 to 254. */
uint8_t ccid_ifsd(const struct ccid_class *c);

/* Where a CCID function is. */
struct ccid_function {
	uint8_t interface, alternate, interface_class;
	uint8_t ep_out, ep_in, ep_notice; /* addresses; ep_notice 0: none */
	uint16_t packet_out, packet_in;   /* wMaxPacketSize */
	struct ccid_class class_desc;
};

/* Finds the next function in a configuration descriptor with all that belongs to it: an interface
 * of class 0B, or of class FF with a class descriptor of 54 bytes; bulk in and out, class
 * descriptor before or behind the endpoints. Begin with `*at` the whole descriptor.
 * HSM_E_NO_READER: no more. */
HSM_MUST hsm_rc ccid_find(struct rd *at, struct ccid_function *out);

#endif
