#include "wire/usbip.h"

enum { EP_MAX = 15, TAIL_UNLINK = 24, TAIL_RET_SUBMIT = 8, NOT_ISO = 0xFFFFFFFF };

struct head {
	uint32_t kind, seq, devid, direction, ep;
	uint32_t word[5]; /* what they are depends on the kind */
	struct rd tail;   /* the last 8 bytes: setup */
};

static hsm_rc head_get(struct rd *r, struct head *h)
{
	uint32_t *const all[] = { &h->kind, &h->seq, &h->devid, &h->direction, &h->ep, &h->word[0],
		&h->word[1], &h->word[2], &h->word[3], &h->word[4] };

	for (size_t i = 0; i < sizeof(all) / sizeof(all[0]); i++)
		if (!rd_u32(r, all[i]))
			return HSM_E_BAD_LEN;
	return rd_take(r, 8, &h->tail) ? HSM_OK : HSM_E_BAD_LEN;
}

static hsm_rc whole(size_t data_n, size_t *n)
{
	if (data_n > USBIP_DATA_MAX)
		return HSM_E_BAD_LEN;
	*n = USBIP_HEAD + data_n;
	return HSM_OK;
}

/* number_of_packets of what is not isochronous: -1 by the tables of the document, 0 in its example,
 * which was recorded. Ours is 0 too. */
static hsm_rc command_size(const struct head *h, size_t *n)
{
	if (h->kind == USBIP_CMD_UNLINK)
		return whole(0, n);
	if (h->kind != USBIP_CMD_SUBMIT || (h->word[3] != 0 && h->word[3] != NOT_ISO))
		return HSM_E_UNSUPPORTED;
	if (h->word[1] > USBIP_DATA_MAX)
		return HSM_E_BAD_LEN;
	return whole(h->direction == 0 ? h->word[1] : 0, n);
}

hsm_rc usbip_command_length(struct rd head, size_t *n)
{
	struct head h;

	*n = 0;
	TRY(head_get(&head, &h));
	return command_size(&h, n);
}

hsm_rc usbip_command_get(struct rd bytes, struct usbip_urb *out)
{
	struct rd r = bytes;
	struct head h;
	size_t n;

	*out = (struct usbip_urb){ 0 };
	TRY(head_get(&r, &h));
	TRY(command_size(&h, &n));
	if (n != bytes.n)
		return HSM_E_BAD_LEN;
	if (h.ep > EP_MAX || h.direction > 1)
		return HSM_E_BAD_DATA;
	out->kind = (enum usbip_urb_kind)h.kind;
	out->seq = h.seq;
	out->devid = h.devid;
	out->in = h.direction != 0;
	out->ep = (uint8_t)h.ep;
	if (out->kind == USBIP_CMD_UNLINK) {
		out->unlink_seq = h.word[0];
		return HSM_OK;
	}
	out->flags = h.word[0];
	out->length = h.word[1];
	out->interval = h.word[4];
	memcpy(out->setup, h.tail.p, sizeof(out->setup));
	out->data = r;
	return HSM_OK;
}

static hsm_rc answer_size(const struct head *h, bool in, size_t *n)
{
	if (h->kind == USBIP_RET_UNLINK)
		return whole(0, n);
	if (h->kind != USBIP_RET_SUBMIT || (h->word[3] != 0 && h->word[3] != NOT_ISO))
		return HSM_E_UNSUPPORTED;
	if (h->word[1] > USBIP_DATA_MAX)
		return HSM_E_BAD_LEN;
	return whole(in ? h->word[1] : 0, n);
}

hsm_rc usbip_answer_length(struct rd head, bool in, size_t *n)
{
	struct head h;

	*n = 0;
	TRY(head_get(&head, &h));
	return answer_size(&h, in, n);
}

hsm_rc usbip_answer_get(struct rd bytes, bool in, struct usbip_urb *out)
{
	struct rd r = bytes;
	struct head h;
	size_t n;

	*out = (struct usbip_urb){ 0 };
	TRY(head_get(&r, &h));
	TRY(answer_size(&h, in, &n));
	if (n != bytes.n)
		return HSM_E_BAD_LEN;
	*out = (struct usbip_urb){
		.kind = (enum usbip_urb_kind)h.kind,
		.seq = h.seq,
		.in = in,
		.status = (int32_t)h.word[0],
		.actual = h.kind == USBIP_RET_SUBMIT ? h.word[1] : 0,
		.data = r,
	};
	return HSM_OK;
}

static void zeros(struct wr *w, size_t n)
{
	for (; n != 0; n--)
		wr_u8(w, 0);
}

static void submit(struct wr *w, const struct usbip_urb *urb)
{
	wr_u32(w, urb->flags);
	wr_u32(w, urb->length);
	wr_u32(w, 0); /* start_frame */
	wr_u32(w, 0); /* number_of_packets */
	wr_u32(w, urb->interval);
	wr_put(w, urb->setup, sizeof(urb->setup));
	wr_rd_put(w, urb->data);
}

static void submitted(struct wr *w, const struct usbip_urb *urb)
{
	wr_u32(w, (uint32_t)urb->status);
	wr_u32(w, urb->actual);
	wr_u32(w, 0); /* start_frame */
	wr_u32(w, 0); /* number_of_packets */
	wr_u32(w, 0); /* error_count */
	zeros(w, TAIL_RET_SUBMIT);
	wr_rd_put(w, urb->data);
}

hsm_rc usbip_urb_put(struct wr *w, const struct usbip_urb *urb)
{
	bool command = urb->kind == USBIP_CMD_SUBMIT || urb->kind == USBIP_CMD_UNLINK;

	if (urb->data.n > USBIP_DATA_MAX)
		return HSM_E_BAD_LEN;
	wr_u32(w, urb->kind);
	wr_u32(w, urb->seq);
	wr_u32(w, command ? urb->devid : 0);
	wr_u32(w, command ? urb->in : 0);
	wr_u32(w, command ? urb->ep : 0);
	switch (urb->kind) {
	case USBIP_CMD_SUBMIT:
		submit(w, urb);
		break;
	case USBIP_RET_SUBMIT:
		submitted(w, urb);
		break;
	case USBIP_CMD_UNLINK:
		wr_u32(w, urb->unlink_seq);
		zeros(w, TAIL_UNLINK);
		break;
	case USBIP_RET_UNLINK:
		wr_u32(w, (uint32_t)urb->status);
		zeros(w, TAIL_UNLINK);
		break;
	}
	return wr_done(w);
}

struct usbip_urb usbip_done(
        const struct usbip_urb *cmd, int32_t status, uint32_t actual, struct rd data)
{
	return (struct usbip_urb){
		.kind = cmd->kind == USBIP_CMD_UNLINK ? USBIP_RET_UNLINK : USBIP_RET_SUBMIT,
		.seq = cmd->seq,
		.in = cmd->in,
		.status = status,
		.actual = actual,
		.data = data,
	};
}
