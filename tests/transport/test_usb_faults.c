/* The carrier "usb:" on a device with a fault at each message of the story, one at a time: the
 * error names the cause, nothing waits longer than a command may, and the card works again with the
 * next command. */
#include <stdio.h>

#include "pipe_dev.h"
#include "usb_bench.h"

enum { COMMAND_MS = 60 * 1000 };

/* What a fault comes to when it is not overcome, by model. HSM_OK: it always is. */
static const struct fault {
	const char *kind, *value;
	hsm_rc rcs[2];
} faults[] = {
	{ "stall", "", { HSM_E_STALL, HSM_E_STALL } },
	{ "silence", "", { HSM_E_TIMEOUT, HSM_E_TIMEOUT } },
	{ "seq", "", { HSM_E_TIMEOUT, HSM_E_TIMEOUT } },
	{ "truncate", "", { HSM_E_CARD_DATA, HSM_E_CARD_DATA } },
	{ "truncate", "=0", { HSM_E_TIMEOUT, HSM_E_TIMEOUT } }, /* nothing but an empty transfer */
	{ "oversize", "", { HSM_E_CARD_DATA, HSM_E_CARD_DATA } },
	{ "oversize", "=1", { HSM_E_CARD_DATA, HSM_E_CARD_DATA } },
	{ "double", "", { HSM_OK, HSM_OK } },
	{ "lrc", "", { HSM_OK, HSM_E_CARD_SW } }, /* it is that of the answer, not of a block */
	{ "mute", "", { HSM_OK, HSM_E_MUTE } },   /* T=1 asks again */
	{ "wtx", "", { HSM_OK, HSM_OK } },
	{ "unplug", "", { HSM_E_GONE, HSM_E_GONE } },
	{ "unplug", "=5", { HSM_E_GONE, HSM_E_GONE } },
	{ "unplug-out", "", { HSM_E_GONE, HSM_E_GONE } },
};

static const enum ccid_dev_model models[] = { CCID_DEV_NITROKEY, CCID_DEV_STICK };

/* The story with a fault at the n-th message. True when it failed. */
static bool one(enum ccid_dev_model model, const struct fault *f, unsigned n)
{
	const hsm_rc want = f->rcs[model == CCID_DEV_STICK];
	struct usb_bench b;
	char text[32];
	unsigned at;
	hsm_rc rc;

	snprintf(text, sizeof(text), "%s%s@%u", f->kind, f->value, n);
	usb_bench_init(&b, model, text);
	rc = usb_bench_story(&b, &at);
	if (rc != HSM_OK && rc != want)
		fail_msg("%s: %s at step %u", text, rc_name(rc), at);
	assert_true(rc == HSM_OK || ccid_faults_hit(b.faults) == 1);
	if (b.card != NULL)
		assert_true(pipe_dev_time(b.pipe) < COMMAND_MS);
	if (rc != HSM_OK && usb_bench_story(&b, &at) != (rc == HSM_E_GONE ? rc : HSM_OK))
		fail_msg("%s: not to be used again at step %u", text, at);
	usb_bench_done(&b);
	return rc != HSM_OK;
}

static unsigned messages(enum ccid_dev_model model)
{
	struct usb_bench b;
	unsigned at, n;

	usb_bench_init(&b, model, "");
	assert_ok(usb_bench_story(&b, &at));
	n = ccid_faults_in(b.faults);
	usb_bench_done(&b);
	return n;
}

static void sweep(enum ccid_dev_model model)
{
	const unsigned n = messages(model);

	for (size_t i = 0; i < COUNT(faults); i++) {
		unsigned failed = 0;

		for (unsigned k = 1; k <= n; k++)
			failed += one(model, &faults[i], k);
		if ((failed != 0) != (faults[i].rcs[model == CCID_DEV_STICK] != HSM_OK))
			fail_msg("%s%s failed %u times", faults[i].kind, faults[i].value, failed);
	}
}

static void each_fault__at_each_message__of_both(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(models); i++)
		sweep(models[i]);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(each_fault__at_each_message__of_both),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
