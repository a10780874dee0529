/* Messages on their way to the host, and what faults make of them. */
#include <openssl/crypto.h>
#include <stdlib.h>

#include "front/ccid_dev_int.h"

enum { LATE_MS = 1000, OVERSIZE = 300, FRAME_MAX = 1 << 17 };

struct frame *queue_add(struct queue *q, struct rd bytes)
{
	struct frame *f = calloc(1, sizeof(*f) + bytes.n), **at = &q->first;

	if (f == NULL)
		return NULL;
	if (bytes.n != 0)
		memcpy(f->bytes, bytes.p, bytes.n);
	f->n = bytes.n;
	f->unplug_at = SIZE_MAX;
	while (*at != NULL)
		at = &(*at)->next;
	*at = f;
	q->n++;
	return f;
}

void frame_free(struct frame *f)
{
	OPENSSL_cleanse(f, sizeof(*f) + f->n);
	free(f);
}

void queue_pop(struct queue *q)
{
	struct frame *f = q->first;

	q->first = f->next;
	q->n--;
	frame_free(f);
}

void queue_clear(struct queue *q)
{
	while (q->first != NULL)
		queue_pop(q);
}

static uint32_t value_or(const struct ccid_fault *fault, uint32_t otherwise)
{
	return fault->value == CCID_FAULT_DEFAULT ? otherwise : fault->value;
}

static void add(struct ccid_dev *d, const struct ccid_msg *m, const struct ccid_fault *fault)
{
	uint8_t bytes[CCID_DEV_MESSAGE_MAX];
	struct wr w = WR_ARRAY(bytes);
	struct frame *f;

	if (ccid_put(&w, m) != HSM_OK)
		return;
	if (fault->kind == CCID_FAULT_LRC && m->data.n != 0)
		bytes[w.n - 1] ^= 0xFF;
	if (fault->kind == CCID_FAULT_TRUNCATE && value_or(fault, (uint32_t)w.n / 2) < w.n)
		w.n = value_or(fault, (uint32_t)w.n / 2);
	f = queue_add(&d->in, wr_rd(&w));
	if (f == NULL)
		return;
	f->late = fault->kind == CCID_FAULT_LATE;
	if (f->late)
		f->due = time_after(value_or(fault, LATE_MS));
	if (fault->kind == CCID_FAULT_UNPLUG)
		f->unplug_at = value_or(fault, 0);
	pthread_cond_broadcast(&d->wake);
}

static void add_oversize(struct ccid_dev *d, const struct ccid_msg *m, uint32_t more)
{
	size_t n = CCID_HEAD + m->data.n + (more < FRAME_MAX ? more : FRAME_MAX);
	AUTO_BUF bytes = { 0 };
	struct wr w;

	if (buf_reserve(&bytes, n) != HSM_OK)
		return;
	memset(bytes.p, 0, n);
	w = wr_of(bytes.p, n);
	if (ccid_put(&w, m) == HSM_OK)
		(void)queue_add(&d->in, rd_of(bytes.p, n));
}

void dev_emit(struct ccid_dev *d, const struct ccid_msg *m)
{
	const struct ccid_fault fault = ccid_faults_next_in(d->setup.faults);
	struct ccid_msg other = *m;

	d->news = true;
	switch (fault.kind) {
	case CCID_FAULT_STALL:
		d->in.halted = true;
		return;
	case CCID_FAULT_SILENCE:
		return;
	case CCID_FAULT_SEQ:
		other.seq++;
		break;
	case CCID_FAULT_OVERSIZE:
		add_oversize(d, m, value_or(&fault, OVERSIZE));
		return;
	case CCID_FAULT_DOUBLE:
		add(d, m, &fault);
		break;
	case CCID_FAULT_MUTE:
		other = ccid_reply_failed(m, slot_card(d), CCID_ERR_MUTE);
		other.type = m->type;
		break;
	default:
		break;
	}
	add(d, &other, &fault);
}
