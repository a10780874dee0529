/* Requests to endpoint 0: USB 2.0, 9.4; HID 1.11, 7; CCID 1.10, 5.3. */
#include "front/ccid_dev_int.h"
#include "wire/le.h"

enum { TO_DEVICE = 0x00, TO_INTERFACE = 0x01, TO_ENDPOINT = 0x02, TO_CLASS = 0x21, IN = 0x80 };

enum standard {
	GET_STATUS = 0,
	CLEAR_FEATURE = 1,
	SET_FEATURE = 3,
	SET_ADDRESS = 5,
	GET_DESCRIPTOR = 6,
	GET_CONFIGURATION = 8,
	SET_CONFIGURATION = 9,
	GET_INTERFACE = 10,
	SET_INTERFACE = 11,
};

enum { HID_SET_IDLE = 0x0A, FEATURE_ENDPOINT_HALT = 0, ADDRESS_MAX = 127 };

struct request {
	uint8_t type, request;
	uint16_t value, index;
};

/* False: the request is refused. */
typedef bool handler(struct ccid_dev *d, const struct request *r, struct wr *answer);

static bool get_descriptor(struct ccid_dev *d, const struct request *r, struct wr *answer)
{
	const uint8_t index = (uint8_t)r->value;
	struct rd what = { 0 };

	switch (r->value >> 8) {
	case USB_DESC_DEVICE:
		what = d->model->device;
		break;
	case USB_DESC_CONFIGURATION:
		what = d->model->configuration;
		break;
	case USB_DESC_STRING:
		return usb_string_put(d->model, index, d->serial, answer);
	default:
		break;
	}
	wr_rd_put(answer, what);
	return index == 0 && what.n != 0;
}

static bool get_interface_descriptor(struct ccid_dev *d, const struct request *r, struct wr *answer)
{
	struct rd what = { 0 };

	if (r->value >> 8 == USB_DESC_REPORT)
		what = d->model->report;
	else if (r->value >> 8 == USB_DESC_HID)
		what = d->model->hid;
	wr_rd_put(answer, what);
	return r->index == 0 && (uint8_t)r->value == 0 && what.n != 0;
}

static bool set_address(struct ccid_dev *d, const struct request *r, struct wr *answer)
{
	(void)d;
	(void)answer;
	return r->value <= ADDRESS_MAX;
}

static bool get_configuration(struct ccid_dev *d, const struct request *r, struct wr *answer)
{
	(void)r;
	wr_u8(answer, d->configuration);
	return true;
}

static bool set_configuration(struct ccid_dev *d, const struct request *r, struct wr *answer)
{
	uint8_t bytes[2];
	struct wr notice = WR_ARRAY(bytes);

	(void)answer;
	if (r->value > 1)
		return false;
	dev_flush(d);
	d->configuration = (uint8_t)r->value;
	if (d->configuration == 0 || !d->model->notices)
		return true;
	ccid_notice_put(&notice, true, true);
	d->news = queue_add(&d->notice, wr_rd(&notice)) != NULL;
	return true;
}

static bool has_interface(const struct ccid_dev *d, const struct request *r)
{
	return d->configuration != 0 && r->index < d->model->interfaces;
}

static bool get_interface(struct ccid_dev *d, const struct request *r, struct wr *answer)
{
	wr_u8(answer, 0);
	return has_interface(d, r);
}

static bool set_interface(struct ccid_dev *d, const struct request *r, struct wr *answer)
{
	(void)answer;
	return has_interface(d, r) && r->value == 0;
}

static bool status_device(struct ccid_dev *d, const struct request *r, struct wr *answer)
{
	(void)d;
	le_put_u16(answer, 0);
	return r->index == 0;
}

static bool status_interface(struct ccid_dev *d, const struct request *r, struct wr *answer)
{
	le_put_u16(answer, 0);
	return has_interface(d, r);
}

/* The halt of an endpoint; NULL when there is none. Those that never have data do not halt. */
static bool *halt_of(struct ccid_dev *d, uint16_t ep)
{
	const struct usb_model *m = d->model;

	if (d->configuration == 0)
		return NULL;
	return ep == m->ep_in       ? &d->in.halted
	       : ep == m->ep_out    ? &d->out.halted
	       : ep == m->ep_notice ? &d->notice.halted
	                            : NULL;
}

static bool status_endpoint(struct ccid_dev *d, const struct request *r, struct wr *answer)
{
	const bool *halted = halt_of(d, r->index);
	const bool known = halted != NULL || (r->index & 0x7F) == 0 ||
	                   (d->configuration != 0 && r->index == d->model->ep_hid);

	le_put_u16(answer, halted != NULL && *halted ? 1 : 0);
	return known;
}

static bool set_halt(struct ccid_dev *d, const struct request *r, bool on)
{
	bool *halted = halt_of(d, r->index);

	if (r->value != FEATURE_ENDPOINT_HALT)
		return false;
	if (halted == NULL)
		return d->configuration != 0 && r->index == d->model->ep_hid && r->index != 0;
	*halted = on;
	d->news = true;
	return true;
}

static bool clear_feature(struct ccid_dev *d, const struct request *r, struct wr *answer)
{
	(void)answer;
	return set_halt(d, r, false);
}

static bool set_feature(struct ccid_dev *d, const struct request *r, struct wr *answer)
{
	(void)answer;
	return set_halt(d, r, true);
}

static bool ccid_abort(struct ccid_dev *d, const struct request *r, struct wr *answer)
{
	(void)answer;
	if (d->configuration == 0 || r->index != d->model->ccid)
		return false;
	slot_abort(d, (uint8_t)r->value, (uint8_t)(r->value >> 8));
	return true;
}

static bool set_idle(struct ccid_dev *d, const struct request *r, struct wr *answer)
{
	(void)answer;
	return d->configuration != 0 && d->model->report.n != 0 && r->index == 0;
}

static const struct {
	uint8_t type, request;
	handler *run;
} handlers[] = {
	{ IN | TO_DEVICE, GET_STATUS, status_device },
	{ IN | TO_INTERFACE, GET_STATUS, status_interface },
	{ IN | TO_ENDPOINT, GET_STATUS, status_endpoint },
	{ TO_ENDPOINT, CLEAR_FEATURE, clear_feature },
	{ TO_ENDPOINT, SET_FEATURE, set_feature },
	{ TO_DEVICE, SET_ADDRESS, set_address },
	{ IN | TO_DEVICE, GET_DESCRIPTOR, get_descriptor },
	{ IN | TO_INTERFACE, GET_DESCRIPTOR, get_interface_descriptor },
	{ IN | TO_DEVICE, GET_CONFIGURATION, get_configuration },
	{ TO_DEVICE, SET_CONFIGURATION, set_configuration },
	{ IN | TO_INTERFACE, GET_INTERFACE, get_interface },
	{ TO_INTERFACE, SET_INTERFACE, set_interface },
	{ TO_CLASS, CCID_REQ_ABORT, ccid_abort },
	{ TO_CLASS, HID_SET_IDLE, set_idle },
};

enum ccid_dev_status usb_control(struct ccid_dev *d, const uint8_t *setup, struct wr *in)
{
	const struct request r = { setup[0], setup[1], le_u16(setup + 2), le_u16(setup + 4) };
	const size_t length = le_u16(setup + 6);
	uint8_t bytes[256];
	struct wr answer = WR_ARRAY(bytes);

	for (size_t i = 0; i < sizeof(handlers) / sizeof(handlers[0]); i++) {
		if (handlers[i].type != r.type || handlers[i].request != r.request)
			continue;
		if (!handlers[i].run(d, &r, &answer) || answer.bad)
			return CCID_DEV_STALL;
		wr_put(in, bytes, answer.n < length ? answer.n : length);
		return in->bad ? CCID_DEV_OVERFLOW : CCID_DEV_OK;
	}
	return CCID_DEV_STALL;
}
