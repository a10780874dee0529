#include "wire/ccid_desc.h"

#include "wire/ccid_msg.h"
#include "wire/le.h"

enum { DESC_INTERFACE = 4, DESC_ENDPOINT = 5 };
enum { INTERFACE_LEN = 9, ENDPOINT_LEN = 7 };
enum { CLASS_VENDOR = 0xFF, ENDPOINT_IN = 0x80, TRANSFER_MASK = 3, BULK = 2, INTERRUPT = 3 };
enum { VENDOR_DESC_FIRST = 0x40 }; /* bits 5 and 6 of the type: 01 class, 10 vendor, 11 reserved */

hsm_rc ccid_class_get(struct rd bytes, struct ccid_class *out)
{
	const uint8_t *p = bytes.p;

	*out = (struct ccid_class){ 0 };
	if (bytes.n < CCID_CLASS_DESC || p[0] < CCID_CLASS_DESC)
		return HSM_E_BAD_LEN;
	*out = (struct ccid_class){
		.bcd_ccid = le_u16(p + 2),
		.max_slot = p[4],
		.voltages = p[5],
		.protocols = le_u32(p + 6),
		.clock = le_u32(p + 10),
		.clock_max = le_u32(p + 14),
		.clocks_n = p[18],
		.rate = le_u32(p + 19),
		.rate_max = le_u32(p + 23),
		.rates_n = p[27],
		.ifsd_max = le_u32(p + 28),
		.synch_protocols = le_u32(p + 32),
		.mechanical = le_u32(p + 36),
		.features = le_u32(p + 40),
		.message_max = le_u32(p + 44),
		.class_get_response = p[48],
		.class_envelope = p[49],
		.lcd_layout = le_u16(p + 50),
		.pin_support = p[52],
		.busy_slots_max = p[53],
	};
	return HSM_OK;
}

void ccid_class_put(struct wr *w, const struct ccid_class *c)
{
	wr_u8(w, CCID_CLASS_DESC);
	wr_u8(w, CCID_CLASS_DESC_TYPE);
	le_put_u16(w, c->bcd_ccid);
	wr_u8(w, c->max_slot);
	wr_u8(w, c->voltages);
	le_put_u32(w, c->protocols);
	le_put_u32(w, c->clock);
	le_put_u32(w, c->clock_max);
	wr_u8(w, c->clocks_n);
	le_put_u32(w, c->rate);
	le_put_u32(w, c->rate_max);
	wr_u8(w, c->rates_n);
	le_put_u32(w, c->ifsd_max);
	le_put_u32(w, c->synch_protocols);
	le_put_u32(w, c->mechanical);
	le_put_u32(w, c->features);
	le_put_u32(w, c->message_max);
	wr_u8(w, c->class_get_response);
	wr_u8(w, c->class_envelope);
	le_put_u16(w, c->lcd_layout);
	wr_u8(w, c->pin_support);
	wr_u8(w, c->busy_slots_max);
}

enum ccid_level ccid_level(const struct ccid_class *c)
{
	static const enum ccid_level levels[8] = { CCID_LEVEL_CHARACTER, CCID_LEVEL_TPDU,
		CCID_LEVEL_SHORT, CCID_LEVEL_SHORT, CCID_LEVEL_EXTENDED, CCID_LEVEL_EXTENDED,
		CCID_LEVEL_EXTENDED, CCID_LEVEL_EXTENDED };

	return levels[c->features >> 16 & 7];
}

size_t ccid_piece_max(const struct ccid_class *c)
{
	enum { LEAST = 261 }; /* a short APDU; a T=1 block has 259 */

	if (c->message_max < CCID_HEAD + LEAST)
		return LEAST;
	if (c->message_max - CCID_HEAD > CCID_DATA_MAX)
		return CCID_DATA_MAX;
	return c->message_max - CCID_HEAD;
}

uint8_t ccid_ifsd(const struct ccid_class *c)
{
	enum { MOST = 254, AROUND = CCID_HEAD + 3 + 2 }; /* header; NAD PCB LEN and a CRC */
	size_t n = MOST;

	if (c->ifsd_max != 0 && c->ifsd_max < n)
		n = c->ifsd_max;
	if (c->message_max > AROUND && c->message_max - AROUND < n)
		n = c->message_max - AROUND;
	return (uint8_t)n;
}

/* Takes the next descriptor; false at the end, and where a length makes no sense. */
static bool take(struct rd *r, struct rd *desc)
{
	return r->n >= 2 && r->p[0] >= 2 && rd_take(r, r->p[0], desc);
}

static bool is_class_desc(const struct ccid_function *f, struct rd d)
{
	if (f->interface_class == CLASS_VENDOR)
		return d.n == CCID_CLASS_DESC &&
		       (d.p[1] == CCID_CLASS_DESC_TYPE || d.p[1] >= VENDOR_DESC_FIRST);
	return d.n >= CCID_CLASS_DESC && d.p[1] == CCID_CLASS_DESC_TYPE;
}

static void endpoint(struct ccid_function *f, struct rd d)
{
	uint8_t address = d.p[2], type = d.p[3] & TRANSFER_MASK;
	bool in = (address & ENDPOINT_IN) != 0;
	uint16_t packet = le_u16(d.p + 4);

	if (type == INTERRUPT && in && f->ep_notice == 0) {
		f->ep_notice = address;
	} else if (type == BULK && in && f->ep_in == 0) {
		f->ep_in = address;
		f->packet_in = packet;
	} else if (type == BULK && !in && f->ep_out == 0) {
		f->ep_out = address;
		f->packet_out = packet;
	}
}

/* Reads what belongs to the interface up to the next one. True: a usable CCID function. */
static bool interface(struct rd *at, struct rd head, struct ccid_function *f)
{
	struct rd rest = *at, d;
	bool described = false;

	*f = (struct ccid_function){
		.interface = head.p[2],
		.alternate = head.p[3],
		.interface_class = head.p[5],
	};
	while (take(&rest, &d) && d.p[1] != DESC_INTERFACE) {
		*at = rest;
		if (!described && is_class_desc(f, d))
			described = ccid_class_get(d, &f->class_desc) == HSM_OK;
		else if (d.p[1] == DESC_ENDPOINT && d.n >= ENDPOINT_LEN)
			endpoint(f, d);
	}
	return (f->interface_class == CCID_CLASS || f->interface_class == CLASS_VENDOR) &&
	       described && f->ep_in != 0 && f->ep_out != 0 && f->packet_in != 0 &&
	       f->packet_out != 0;
}

hsm_rc ccid_find(struct rd *at, struct ccid_function *out)
{
	struct rd d;

	while (take(at, &d))
		if (d.p[1] == DESC_INTERFACE && d.n >= INTERFACE_LEN && interface(at, d, out))
			return HSM_OK;
	*out = (struct ccid_function){ 0 };
	return HSM_E_NO_READER;
}
