#include "fuzz.h"
#include "wire/usbip.h"

static uint8_t room[USBIP_HEAD + USBIP_DATA_MAX];

/* Server: before and after a device is attached. Client: the answers. What was read of a command is
 * written again; fields that the protocol does not use may differ. */
static void request(struct rd in)
{
	char busid[USBIP_BUSID + 1], again[USBIP_BUSID + 1];
	enum usbip_op op, op_again;
	struct wr w = WR_ARRAY(room);

	if (usbip_request_get(in, &op, busid) != HSM_OK)
		return;
	FUZZ_ASSERT(strlen(busid) < USBIP_BUSID);
	FUZZ_ASSERT(usbip_request_put(&w, op == USBIP_REQ_IMPORT ? busid : NULL) == HSM_OK);
	FUZZ_ASSERT(w.n == in.n);
	FUZZ_ASSERT(usbip_request_get(wr_rd(&w), &op_again, again) == HSM_OK);
	FUZZ_ASSERT(op == op_again && strcmp(busid, again) == 0);
}

static void devices(struct rd in)
{
	struct usbip_device d;
	struct rd r = in;
	uint32_t n;

	if (usbip_import_get(&r, &d) == HSM_OK)
		FUZZ_ASSERT(fuzz_inside(r, in) && strlen(d.busid_read) < USBIP_BUSID);
	r = in;
	if (usbip_devlist_get(&r, &n) != HSM_OK)
		return;
	while (n-- != 0 && usbip_device_get(&r, &d) == HSM_OK)
		FUZZ_ASSERT(fuzz_inside(r, in) && d.interfaces_n <= USBIP_INTERFACES_MAX);
}

static void same(const struct usbip_urb *a, const struct usbip_urb *b)
{
	FUZZ_ASSERT(a->kind == b->kind && a->seq == b->seq && a->in == b->in && a->ep == b->ep);
	FUZZ_ASSERT(a->flags == b->flags && a->length == b->length && a->interval == b->interval);
	FUZZ_ASSERT(memcmp(a->setup, b->setup, 8) == 0 && a->unlink_seq == b->unlink_seq);
	FUZZ_ASSERT(a->status == b->status && a->actual == b->actual);
	FUZZ_ASSERT(rd_equal(a->data, b->data));
}

static void command(struct rd in)
{
	struct usbip_urb u, back, done;
	struct wr w = WR_ARRAY(room), v = WR_ARRAY(room);
	size_t n;

	FUZZ_ASSERT(usbip_command_length(in, &n) != HSM_OK || n <= sizeof(room));
	if (usbip_command_get(in, &u) != HSM_OK)
		return;
	FUZZ_ASSERT(n == in.n && fuzz_inside(u.data, in) && u.ep <= 15);
	FUZZ_ASSERT(usbip_urb_put(&w, &u) == HSM_OK && w.n == in.n);
	FUZZ_ASSERT(usbip_command_get(wr_rd(&w), &back) == HSM_OK);
	same(&u, &back);
	done = usbip_done(&u, -32, 0, (struct rd){ 0 });
	FUZZ_ASSERT(usbip_urb_put(&v, &done) == HSM_OK);
	FUZZ_ASSERT(usbip_answer_get(wr_rd(&v), u.in, &back) == HSM_OK);
	same(&done, &back);
}

static void answer(struct rd in, bool direction)
{
	struct usbip_urb u, back;
	struct wr w = WR_ARRAY(room);
	size_t n;

	FUZZ_ASSERT(usbip_answer_length(in, direction, &n) != HSM_OK || n <= sizeof(room));
	if (usbip_answer_get(in, direction, &u) != HSM_OK)
		return;
	FUZZ_ASSERT(n == in.n && fuzz_inside(u.data, in));
	FUZZ_ASSERT(usbip_urb_put(&w, &u) == HSM_OK && w.n == in.n);
	FUZZ_ASSERT(usbip_answer_get(wr_rd(&w), direction, &back) == HSM_OK);
	same(&u, &back);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd in = rd_of(data, size);

	request(in);
	devices(in);
	command(in);
	answer(in, true);
	answer(in, false);
	return 0;
}
