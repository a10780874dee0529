#include "usb_bench.h"

#include "base/alg.h"
#include "pipe_dev.h"
#include "transport/transport.h"

enum { KID = 1 };

void usb_bench_init(struct usb_bench *b, enum ccid_dev_model model, const char *faults)
{
	*b = (struct usb_bench){ 0 };
	assert_ok(ccid_faults_parse(rd_str(faults), &b->faults));
	assert_ok(ccid_dev_new(
	        &(struct ccid_dev_setup){
	                .token = ":memory:", .model = model, .faults = b->faults, .in_step = true },
	        &b->device));
}

void usb_bench_done(struct usb_bench *b)
{
	usb_bench_close(b);
	ccid_dev_free(b->device);
	ccid_faults_free(b->faults);
}

hsm_rc usb_bench_open(struct usb_bench *b)
{
	struct tp *tp;
	hsm_rc rc = pipe_dev_open(b->device, &b->pipe);

	if (rc == HSM_OK)
		rc = tp_usb_over(b->pipe, &tp);
	if (rc == HSM_OK)
		rc = card_open_tp(tp, &b->card);
	if (rc != HSM_OK)
		b->card = NULL;
	return rc;
}

void usb_bench_close(struct usb_bench *b)
{
	if (b->card != NULL)
		card_close(b->card);
	b->card = NULL;
}

static hsm_rc initialize(struct card_lane *lane)
{
	const struct card_init init = {
		.options = OPT_RESET_RETRY,
		.pin = rd_str(TEST_PIN),
		.so_pin = rd_str(TEST_SO),
		.pin_tries = 3,
	};

	return card_initialize(lane, &init);
}

static hsm_rc login(struct card_lane *lane)
{
	return card_verify(lane, REF_USER_PIN, rd_str(TEST_PIN));
}

static hsm_rc generate(struct card_lane *lane)
{
	AUTO_BUF request = { 0 };

	TRY(card_generate_ec(lane, KID, curve_by_name("prime256v1"), &request));
	return card_write_file(lane, (uint16_t)(0xCE00 | KID), buf_rd(&request));
}

static hsm_rc sign(struct card_lane *lane)
{
	const uint8_t hash[32] = { 1 };
	uint8_t raw[64];
	struct wr w = WR_ARRAY(raw);

	return card_sign_ec(lane, KID, ALG_ECDSA, rd_of(hash, sizeof(hash)), 32, &w);
}

static hsm_rc list(struct card_lane *lane)
{
	AUTO_BUF files = { 0 }, request = { 0 };

	TRY(card_enumerate(lane, &files));
	return card_read_file(lane, (uint16_t)(0xCE00 | KID), &request);
}

hsm_rc usb_bench_story(struct usb_bench *b, unsigned *at)
{
	static hsm_rc (*const steps[STEPS])(struct card_lane *) = {
		[STEP_INITIALIZE] = initialize,
		[STEP_LOGIN] = login,
		[STEP_GENERATE] = generate,
		[STEP_SIGN] = sign,
		[STEP_LIST] = list,
	};

	*at = STEP_OPEN;
	if (b->card == NULL)
		TRY(usb_bench_open(b));
	for (*at = STEP_INITIALIZE; *at < STEPS; ++*at) {
		AUTO_LANE *lane = NULL;

		TRY(card_take(b->card, &lane));
		TRY(steps[*at](lane));
	}
	return HSM_OK;
}
