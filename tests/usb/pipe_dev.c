#include "pipe_dev.h"

#include <stdlib.h>

#include "wire/ccid_msg.h"
#include "wire/le.h"

enum {
	TRANSFER_MS = 1,
	SET_CONFIGURATION = 0x09,
	CLEAR_FEATURE = 0x01,
	TO_ENDPOINT = 0x02,
	CLASS_TO_INTERFACE = 0x21,
};

struct pipe_dev {
	struct usb_pipe pipe;
	struct ccid_dev *device;
	uint64_t time;
};

static struct pipe_dev *of(struct usb_pipe *p)
{
	return (struct pipe_dev *)p;
}

static hsm_rc outcome(enum ccid_dev_status status)
{
	static const hsm_rc rcs[] = {
		[CCID_DEV_OK] = HSM_OK,
		[CCID_DEV_NOT_YET] = HSM_E_TIMEOUT,
		[CCID_DEV_STALL] = HSM_E_STALL,
		[CCID_DEV_OVERFLOW] = HSM_E_SMALL,
		[CCID_DEV_GONE] = HSM_E_GONE,
	};

	return rcs[status];
}

/* A control transfer without data. */
static hsm_rc control(
        struct pipe_dev *p, uint8_t type, uint8_t request, uint16_t value, uint16_t index)
{
	uint8_t setup[8], nothing;
	struct wr w = WR_ARRAY(setup), none = wr_of(&nothing, 0);

	wr_u8(&w, type);
	wr_u8(&w, request);
	le_put_u16(&w, value);
	le_put_u16(&w, index);
	le_put_u16(&w, 0);
	p->time += TRANSFER_MS;
	return outcome(ccid_dev_control(p->device, setup, (struct rd){ 0 }, &none));
}

static hsm_rc dev_out(struct usb_pipe *p, struct rd bytes, unsigned timeout_ms)
{
	(void)timeout_ms;
	of(p)->time += TRANSFER_MS;
	return outcome(ccid_dev_out(of(p)->device, p->function.ep_out, bytes));
}

static hsm_rc dev_in(struct usb_pipe *p, struct wr *w, unsigned timeout_ms)
{
	hsm_rc rc = outcome(ccid_dev_in(of(p)->device, p->function.ep_in, w));

	of(p)->time += rc == HSM_E_TIMEOUT ? timeout_ms : TRANSFER_MS;
	return rc;
}

static hsm_rc dev_abort(struct usb_pipe *p, uint8_t slot, uint8_t seq)
{
	return control(of(p), CLASS_TO_INTERFACE, CCID_REQ_ABORT, ccid_abort_value(slot, seq),
	        p->function.interface);
}

static hsm_rc dev_clear(struct usb_pipe *p)
{
	TRY(control(of(p), TO_ENDPOINT, CLEAR_FEATURE, 0, p->function.ep_in));
	return control(of(p), TO_ENDPOINT, CLEAR_FEATURE, 0, p->function.ep_out);
}

static hsm_rc dev_notice(struct usb_pipe *p, struct wr *w)
{
	hsm_rc rc;

	if (p->function.ep_notice == 0)
		return HSM_OK;
	rc = outcome(ccid_dev_in(of(p)->device, p->function.ep_notice, w));
	return rc == HSM_E_GONE ? rc : HSM_OK;
}

static uint64_t dev_now(struct usb_pipe *p)
{
	return of(p)->time;
}

static void dev_close(struct usb_pipe *p)
{
	free(p);
}

static const struct usb_pipe_ops ops = {
	.out = dev_out,
	.in = dev_in,
	.abort = dev_abort,
	.clear = dev_clear,
	.notice = dev_notice,
	.now = dev_now,
	.close = dev_close,
};

hsm_rc pipe_dev_open(struct ccid_dev *device, struct usb_pipe **out)
{
	const struct ccid_dev_facts *facts = ccid_dev_facts(device);
	struct pipe_dev *p = calloc(1, sizeof(*p));
	struct rd at = facts->configuration;
	hsm_rc rc;

	if (p == NULL)
		return HSM_E_MEMORY;
	p->pipe.ops = &ops;
	p->pipe.quirk = quirk_find(facts->vid, facts->pid, facts->bcd);
	p->device = device;
	rc = ccid_find(&at, &p->pipe.function);
	if (rc == HSM_OK)
		rc = control(p, 0, SET_CONFIGURATION, 1, 0);
	if (rc != HSM_OK) {
		free(p);
		return rc;
	}
	*out = &p->pipe;
	return HSM_OK;
}

uint64_t pipe_dev_time(struct usb_pipe *pipe)
{
	return of(pipe)->time;
}
