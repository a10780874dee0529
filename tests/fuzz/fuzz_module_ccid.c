#include "base/log.h"
#include "base/ossl.h"
#include "emu.h"
#include "front/ccid_dev.h"
#include "liar.h"
#include "module_calls.h"
#include "sim_card.h"
#include "transport/ccid_host.h"
#include "transport/transport.h"

/* The whole module on a hostile USB device, down to its bulk transfers. The input is as that of
 * fuzz_module_apdu.c, only that what the device does is told of transfers: raw ones, two bytes of
 * length before each, nothing when there are none left; or lies (liar.h) about those of the device
 * model, in which is a card that works (sim_card.h). A lie about a transfer to the device makes it
 * fail or get lost. Time is what transfers take. Whatever comes, each command ends within its time,
 * and each call with an outcome of the standard. */

enum flags {
	RAW = 1,
	FOREVER = 2,
	STICK = 4,  /* the extended APDU level, else the Nitrokey's TPDU level */
	SHORT = 8,  /* says of itself that it has the short APDU level */
	READER = 16 /* not known, so that all of it goes by its descriptors */
};

enum {
	TRANSFER_MS = 50,
	OPEN_MS = 60 * 1000,
	KEYS_MS = 10 * 60 * 1000,
	LAST_MS = 10 * 1000, /* what was begun before the end of the time */
	COMMAND_MS = OPEN_MS + KEYS_MS + LAST_MS,
	TIRED = 3000, /* transfers of an input: the device is gone at the next command */
	SETUP = 8,
};

static struct {
	uint8_t flags;
	struct rd raw, raw_all;
	struct liar liar;
	struct sim_card card;
	struct ccid_dev *dev;
	const struct ccid_dev_facts *facts;
	struct usb_pipe pipe;
	uint64_t now, stamp;
	unsigned transfers, open;
	bool gone;
} device;

void calls_before(void)
{
}

/* ---- the card in the device model ---- */

hsm_rc __wrap_emu_open(const char *path, struct emu_card **out);
void __wrap_emu_close(struct emu_card *card);
void __wrap_emu_reset(struct emu_card *card);
struct rd __wrap_emu_atr(const struct emu_card *card);
hsm_rc __wrap_emu_lane_new(struct emu_card *card, struct emu_lane **out);
void __wrap_emu_lane_free(struct emu_lane *lane);
hsm_rc __wrap_emu_lane_xfer(struct emu_lane *lane, struct rd cmd, struct wr *rsp);

hsm_rc __wrap_emu_open(const char *path, struct emu_card **out)
{
	(void)path;
	*out = NULL;
	return HSM_OK;
}

void __wrap_emu_close(struct emu_card *card)
{
	(void)card;
}

void __wrap_emu_reset(struct emu_card *card)
{
	(void)card;
	device.card.verified = false;
}

struct rd __wrap_emu_atr(const struct emu_card *card)
{
	(void)card;
	return RD_LIT(
	        "\x3B\xDE\x96\xFF\x81\x91\xFE\x1F\xC3\x80\x31\x81\x54\x48\x53\x4D\x31\x73\x80\x21"
	        "\x40\x81\x07\x92");
}

hsm_rc __wrap_emu_lane_new(struct emu_card *card, struct emu_lane **out)
{
	(void)card;
	*out = NULL;
	return HSM_OK;
}

void __wrap_emu_lane_free(struct emu_lane *lane)
{
	(void)lane;
}

hsm_rc __wrap_emu_lane_xfer(struct emu_lane *lane, struct rd cmd, struct wr *rsp)
{
	(void)lane;
	sim_answer(&device.card, cmd, rsp);
	return wr_done(rsp);
}

/* ---- transfers ---- */

static hsm_rc outcome(enum ccid_dev_status status, unsigned timeout_ms)
{
	switch (status) {
	case CCID_DEV_OK:
		return HSM_OK;
	case CCID_DEV_NOT_YET:
		device.now += timeout_ms;
		return HSM_E_TIMEOUT;
	case CCID_DEV_STALL:
		return HSM_E_STALL;
	case CCID_DEV_OVERFLOW:
		return HSM_E_SMALL;
	case CCID_DEV_GONE:
		return HSM_E_GONE;
	}
	return HSM_E_IO;
}

/* A transfer begins. */
static bool is_there(void)
{
	device.transfers++;
	device.now += TRANSFER_MS;
	return !device.gone;
}

static hsm_rc noted(hsm_rc rc)
{
	device.gone = device.gone || rc == HSM_E_GONE;
	return rc;
}

static hsm_rc pipe_out(struct usb_pipe *p, struct rd bytes, unsigned timeout_ms)
{
	uint8_t lost[1 << 13];
	struct wr w = WR_ARRAY(lost);

	FUZZ_ASSERT(bytes.n != 0 && timeout_ms != 0);
	if (!is_there())
		return HSM_E_GONE;
	if ((device.flags & RAW) != 0)
		return HSM_OK;
	TRY(noted(liar_change(&device.liar, &w)));
	if (w.n != 0)
		return HSM_OK;
	return outcome(ccid_dev_out(device.dev, p->function.ep_out, bytes), timeout_ms);
}

static hsm_rc raw_in(struct wr *w, unsigned timeout_ms)
{
	struct rd bytes;
	uint16_t n;

	if (device.raw.n == 0 && (device.flags & FOREVER) != 0)
		device.raw = device.raw_all;
	if (!rd_u16(&device.raw, &n) || !rd_take(&device.raw, n, &bytes)) {
		device.now += timeout_ms;
		return HSM_E_TIMEOUT;
	}
	if (bytes.n > w->cap)
		return HSM_E_SMALL;
	wr_rd_put(w, bytes);
	return HSM_OK;
}

static hsm_rc pipe_in(struct usb_pipe *p, struct wr *w, unsigned timeout_ms)
{
	static uint8_t bytes[1 << 16];
	struct wr got = WR_ARRAY(bytes);
	hsm_rc rc;

	FUZZ_ASSERT(w->n == 0 && w->cap % p->function.packet_in == 0 && timeout_ms != 0);
	if (!is_there())
		return HSM_E_GONE;
	if ((device.flags & RAW) != 0)
		return raw_in(w, timeout_ms);
	got.cap = w->cap;
	rc = outcome(ccid_dev_in(device.dev, p->function.ep_in, &got), timeout_ms);
	got.cap = sizeof(bytes);
	if (rc == HSM_OK)
		rc = noted(liar_change(&device.liar, &got));
	TRY(rc);
	if (got.n > w->cap)
		return HSM_E_SMALL;
	wr_rd_put(w, wr_rd(&got));
	return HSM_OK;
}

static void control(const uint8_t *setup)
{
	uint8_t none[1];
	struct wr w = wr_of(none, 0);

	(void)ccid_dev_control(device.dev, setup, (struct rd){ 0 }, &w);
}

static hsm_rc pipe_abort(struct usb_pipe *p, uint8_t slot, uint8_t seq)
{
	if (!is_there())
		return HSM_E_GONE;
	if ((device.flags & RAW) == 0)
		control((const uint8_t[SETUP]){ 0x21, 1, slot, seq, p->function.interface });
	return HSM_OK;
}

static hsm_rc pipe_clear(struct usb_pipe *p)
{
	const uint8_t eps[] = { p->function.ep_out, p->function.ep_in };

	if (!is_there())
		return HSM_E_GONE;
	for (size_t i = 0; i < sizeof(eps) && (device.flags & RAW) == 0; i++)
		control((const uint8_t[SETUP]){ 0x02, 1, 0, 0, eps[i] });
	return HSM_OK;
}

/* Raw devices and liars flood it. */
static hsm_rc pipe_notice(struct usb_pipe *p, struct wr *w)
{
	if (!is_there())
		return HSM_E_GONE;
	if ((device.flags & (RAW | FOREVER)) != 0)
		wr_rd_put(w, RD_LIT("\x50\x03"));
	else if (p->function.ep_notice != 0)
		(void)ccid_dev_in(device.dev, p->function.ep_notice, w);
	return HSM_OK;
}

static uint64_t pipe_now(struct usb_pipe *p)
{
	(void)p;
	return device.now;
}

static void pipe_close(struct usb_pipe *p)
{
	(void)p;
	device.open--;
}

static const struct usb_pipe_ops pipe_ops = { pipe_out, pipe_in, pipe_abort, pipe_clear,
	pipe_notice, pipe_now, pipe_close };

/* ---- the module's ends ---- */

hsm_rc __wrap_tp_open(const char *address, struct tp **out);
hsm_rc __wrap_tp_sight(const char *address, uint64_t *stamp);
hsm_rc __real_ccid_host_xfer(struct ccid_host *h, struct rd cmd, struct wr *rsp);
hsm_rc __wrap_ccid_host_xfer(struct ccid_host *h, struct rd cmd, struct wr *rsp);

static void describe(struct usb_pipe *p)
{
	struct rd configuration = device.facts->configuration;

	*p = (struct usb_pipe){ .ops = &pipe_ops };
	FUZZ_ASSERT(ccid_find(&configuration, &p->function) == HSM_OK);
	if ((device.flags & SHORT) != 0)
		p->function.class_desc.features =
		        (p->function.class_desc.features & 0xFFFF) | 0x20000; /* table 5.1-1 */
	if ((device.flags & READER) == 0)
		p->quirk = quirk_find(device.facts->vid, device.facts->pid, device.facts->bcd);
}

/* One that was pulled out is away for one look, then another one is there. */
hsm_rc __wrap_tp_sight(const char *address, uint64_t *stamp)
{
	(void)address;
	*stamp = device.stamp;
	if (!device.gone || device.open != 0)
		return HSM_OK;
	device.gone = false;
	device.stamp++;
	return HSM_E_NO_READER;
}

hsm_rc __wrap_tp_open(const char *address, struct tp **out)
{
	const uint64_t begin = device.now;
	hsm_rc rc;

	(void)address;
	FUZZ_ASSERT(device.open++ == 0);
	device.gone = device.transfers > TIRED;
	ccid_dev_reset(device.dev);
	control((const uint8_t[SETUP]){ 0x00, 9, 1 }); /* SET_CONFIGURATION */
	describe(&device.pipe);
	rc = tp_usb_over(&device.pipe, out);
	FUZZ_ASSERT(device.now - begin <= OPEN_MS + LAST_MS);
	return rc;
}

hsm_rc __wrap_ccid_host_xfer(struct ccid_host *h, struct rd cmd, struct wr *rsp)
{
	const uint64_t begin = device.now;
	hsm_rc rc;

	device.gone = device.gone || device.transfers > TIRED;
	rc = __real_ccid_host_xfer(h, cmd, rsp);
	FUZZ_ASSERT(device.now - begin <= COMMAND_MS);
	return rc;
}

/* ---- the target ---- */

/* Made once for each model: what an input leaves goes with the reset. */
static struct ccid_dev *model(uint8_t flags)
{
	static struct ccid_dev *devs[2];
	struct ccid_dev_setup setup = { .token = ":memory:", .in_step = true };
	const bool stick = (flags & STICK) != 0;

	setup.model = stick ? CCID_DEV_STICK : CCID_DEV_NITROKEY;
	if (devs[stick] == NULL)
		FUZZ_ASSERT(ccid_dev_new(&setup, &devs[stick]) == HSM_OK);
	return devs[stick];
}

static void start(uint8_t flags, struct rd bytes)
{
	device.flags = flags;
	device.raw = device.raw_all = bytes;
	device.dev = model(flags);
	device.facts = ccid_dev_facts(device.dev);
	device.now = device.stamp = 0;
	device.gone = false;
	device.transfers = 0;
	liar_start(&device.liar, bytes, (flags & FOREVER) != 0);
	sim_reset(&device.card);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd in = rd_of(data, size), program;
	uint8_t flags, n;

	/* Held on to, so that libcrypto is not set up again for every input. */
	if (ossl_ctx() == NULL)
		FUZZ_ASSERT(ossl_acquire() == HSM_OK);
	if (!rd_u8(&in, &flags) || !rd_u8(&in, &n) || !rd_take(&in, n < in.n ? n : in.n, &program))
		return 0;
	start(flags, in);
	calls_run(program, "cards=fuzz:device;log=off;secure=off");
	FUZZ_ASSERT(device.open == 0);
	return 0;
}
