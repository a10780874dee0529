#include "ccid_frames.h"

static const uint8_t challenge[] = { 0x00, 0x84, 0x00, 0x00, 0x08 };

static const struct quirk nitrokey = {
	.flags = QUIRK_SEND_IFS | QUIRK_ZLP | QUIRK_ONLY_T1 | QUIRK_TOKEN,
};

const struct quirk script_stick = { .flags = QUIRK_ONLY_T1 | QUIRK_TOKEN };

struct ccid_host *host_open(struct script_pipe *s)
{
	struct ccid_host *h;

	assert_ok(ccid_host_open(&s->pipe, &h));
	return h;
}

struct ccid_host *token(struct script_pipe *s, uint32_t features)
{
	script_init(s, features);
	s->pipe.quirk = features == NITROKEY ? &nitrokey : &script_stick;
	SCRIPT(s, OPEN);
	return host_open(s);
}

void asks(struct ccid_host *h, hsm_rc want)
{
	uint8_t bytes[16];
	struct wr w = WR_ARRAY(bytes);

	assert_rc(ccid_host_xfer(h, rd_of(challenge, sizeof(challenge)), &w), want);
	if (want == HSM_OK)
		assert_hex(wr_rd(&w), "01020304050607089000");
}

void closes(struct ccid_host *h, struct script_pipe *s)
{
	ccid_host_close(h);
	script_played(s);
}
