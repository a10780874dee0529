#include "fake_ccid_dev.h"

#include <stdlib.h>

static const uint8_t device[18] = { 18, 1, 0x10, 1, 0, 0, 0, 64, 0xa0, 0x20, 0x30, 0x42, 1, 1, 1, 2,
	3, 1 };
/* An interface of class FF with a second setting, and one of class 0B. */
static const uint8_t configuration[36] = { 9, 2, 36, 0, 2, 7, 0, 0x80, 50, /**/
	9, 4, 0, 0, 0, 0xFF, 1, 2, 0,                                      /**/
	9, 4, 0, 1, 0, 0xFE, 1, 2, 0,                                      /**/
	9, 4, 1, 0, 0, 0x0B, 0, 0, 0 };

static const struct ccid_dev_facts facts = {
	.vid = 0x20a0,
	.pid = 0x4230,
	.bcd = 0x0101,
	.device = { device, sizeof(device) },
	.configuration = { configuration, sizeof(configuration) },
	.serial = "1",
};

hsm_rc ccid_dev_new(const struct ccid_dev_setup *setup, struct ccid_dev **out)
{
	struct ccid_dev *d = calloc(1, sizeof(*d));

	if (d == NULL)
		return HSM_E_MEMORY;
	d->setup = *setup;
	*out = d;
	return HSM_OK;
}

void ccid_dev_free(struct ccid_dev *d)
{
	free(d);
}

const struct ccid_dev_facts *ccid_dev_facts(const struct ccid_dev *d)
{
	(void)d;
	return &facts;
}

void fake_put(struct ccid_dev *d, uint8_t ep, enum ccid_dev_status status, struct rd bytes)
{
	struct fake_endpoint *e = &d->in[ep & 0x0F];
	struct fake_piece *p = &e->pieces[(e->first + e->n) % FAKE_PIECES];

	if (e->n == FAKE_PIECES || bytes.n > FAKE_PIECE_MAX)
		return;
	e->n++;
	*p = (struct fake_piece){ .status = status, .n = bytes.n };
	if (bytes.n != 0)
		memcpy(p->bytes, bytes.p, bytes.n);
}

enum ccid_dev_status ccid_dev_in(struct ccid_dev *d, uint8_t ep, struct wr *w)
{
	struct fake_endpoint *e = &d->in[ep & 0x0F];
	const struct fake_piece *p = &e->pieces[e->first];

	d->in_calls++;
	if (d->gone)
		return CCID_DEV_GONE;
	if (e->n == 0)
		return CCID_DEV_NOT_YET;
	e->first = (e->first + 1) % FAKE_PIECES;
	e->n--;
	if (p->status == CCID_DEV_OK)
		wr_put(w, p->bytes, p->n);
	return w->bad ? CCID_DEV_OVERFLOW : p->status;
}

enum ccid_dev_status ccid_dev_out(struct ccid_dev *d, uint8_t ep, struct rd data)
{
	(void)ep;
	if (d->gone)
		return CCID_DEV_GONE;
	d->outs++;
	d->out_n = data.n;
	return d->out_status;
}

/* GET_DESCRIPTOR, DEVICE; without data stage anything; the rest stalls. */
enum ccid_dev_status ccid_dev_control(
        struct ccid_dev *d, const uint8_t setup[8], struct rd out, struct wr *in)
{
	const size_t want = (size_t)(setup[6] | setup[7] << 8);

	if (d->gone)
		return CCID_DEV_GONE;
	d->controls++;
	d->out_n = out.n;
	memcpy(d->setup_packet, setup, 8);
	if (setup[0] == 0x80 && setup[1] == 6 && setup[3] == 1) {
		wr_put(in, device, want < sizeof(device) ? want : sizeof(device));
		return CCID_DEV_OK;
	}
	return (setup[0] & 0x80) == 0 ? CCID_DEV_OK : CCID_DEV_STALL;
}

void ccid_dev_reset(struct ccid_dev *d)
{
	d->resets++;
}

void ccid_dev_unplug(struct ccid_dev *d)
{
	d->gone = true;
}

bool ccid_dev_gone(struct ccid_dev *d)
{
	return d->gone;
}
