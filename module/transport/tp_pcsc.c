/* A card in a reader of PC/SC, "pcsc:READER". Other programs may use the same card in turns: its
 * login is everybody's, and so is its reset. */
#include <openssl/crypto.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/log.h"
#include "transport/pcsc_lib.h"

enum {
	LANES_MAX = 1,
	COMMAND_MAX = 4 + 3 + 0xFFFF + 2, /* extended form, ISO/IEC 7816-3 section 12.1 */
};

struct pcsc_tp {
	struct tp tp;
	struct tp_lane lane;
	struct pcsc pcsc;
	long card;
	bool was_reset;          /* which the next command has to tell */
	_Atomic uint64_t resets; /* by other programs */
	atomic_bool gone;        /* for good: what is put in next is another card */
	atomic_bool busy;        /* with a command: the service answers nothing else then */
	char reader[PCSC_NAME_MAX];
	unsigned long count; /* of cards that came and went */
	struct buf answer;   /* room for the longest */
};

static struct pcsc_tp *of(struct tp *tp)
{
	return (struct pcsc_tp *)tp;
}

static bool is_end(hsm_rc rc)
{
	return rc == HSM_E_GONE || rc == HSM_E_NO_CARD || rc == HSM_E_NO_READER ||
	       rc == HSM_E_PCSC_DOWN || rc == HSM_E_PCSC_DENIED;
}

/* The outcome of a call for a card that was there. */
static hsm_rc outcome(struct pcsc_tp *t, const char *function, long result)
{
	hsm_rc rc = pcsc_outcome(function, result);

	if (!is_end(rc))
		return rc;
	atomic_store(&t->gone, true);
	return HSM_E_GONE;
}

/* Takes note of a reset: until then PC/SC refuses all commands. */
static hsm_rc reconnect(struct pcsc_tp *t)
{
	unsigned long protocol = 0;

	TRY(outcome(t, "SCardReconnect",
	        t->pcsc.reconnect(t->card, PCSC_SHARED, PCSC_T1, PCSC_LEAVE_CARD, &protocol)));
	atomic_fetch_add(&t->resets, 1);
	t->was_reset = true;
	return HSM_OK;
}

/* ---- the carrier ---- */

static hsm_rc connect_card(struct pcsc_tp *t, const char *where)
{
	struct pcsc_reader_state state;
	unsigned long protocol = 0;

	TRY(pcsc_find(&t->pcsc, where, t->reader));
	TRY(pcsc_state(&t->pcsc, t->reader, &state));
	t->count = state.event >> PCSC_COUNT_SHIFT;
	return pcsc_outcome("SCardConnect", t->pcsc.connect(t->pcsc.context, t->reader, PCSC_SHARED,
	                                            PCSC_T1, &t->card, &protocol));
}

static hsm_rc open_card(struct pcsc_tp *t, const char *where)
{
	hsm_rc rc;

	TRY(buf_reserve(&t->answer, PCSC_ANSWER_MAX));
	TRY(pcsc_open(&t->pcsc));
	rc = connect_card(t, where);
	if (rc != HSM_OK)
		pcsc_close(&t->pcsc);
	return rc == HSM_E_RESET ? HSM_E_MUTE : rc == HSM_E_GONE ? HSM_E_NO_CARD : rc;
}

static hsm_rc pcsc_tp_open(const char *where, struct tp **out)
{
	struct pcsc_tp *t = calloc(1, sizeof(*t));
	hsm_rc rc;

	if (t == NULL)
		return HSM_E_MEMORY;
	t->tp = (struct tp){ &tp_pcsc, LANES_MAX, COMMAND_MAX };
	t->lane.tp = &t->tp;
	rc = open_card(t, where);
	if (rc != HSM_OK) {
		buf_free(&t->answer);
		free(t);
		return rc;
	}
	*out = &t->tp;
	return HSM_OK;
}

/* The card stays as it is: another program may be logged in. */
static void pcsc_tp_close(struct tp *tp)
{
	struct pcsc_tp *t = of(tp);

	(void)t->pcsc.disconnect(t->card, PCSC_LEAVE_CARD);
	pcsc_close(&t->pcsc);
	buf_free(&t->answer);
	free(t);
}

static hsm_rc pcsc_tp_lane_new(struct tp *tp, struct tp_lane **out)
{
	*out = &of(tp)->lane;
	return HSM_OK;
}

static void pcsc_tp_lane_close(struct tp_lane *lane)
{
	(void)lane;
}

static hsm_rc transmit(struct pcsc_tp *t, struct rd cmd, struct wr *rsp)
{
	const struct pcsc_pci pci = { PCSC_T1, sizeof(pci) };
	unsigned long n = PCSC_ANSWER_MAX;
	long result;

	atomic_store(&t->busy, true);
	result = t->pcsc.transmit(t->card, &pci, cmd.p, cmd.n, NULL, t->answer.p, &n);
	atomic_store(&t->busy, false);
	TRY(outcome(t, "SCardTransmit", result));
	if (n > PCSC_ANSWER_MAX)
		return HSM_E_IO;
	wr_put(rsp, t->answer.p, n);
	OPENSSL_cleanse(t->answer.p, n);
	return wr_done(rsp);
}

static hsm_rc pcsc_tp_xfer(struct tp_lane *lane, struct rd cmd, struct wr *rsp)
{
	struct pcsc_tp *t = of(lane->tp);
	hsm_rc rc = HSM_OK;

	if (atomic_load(&t->gone))
		return HSM_E_GONE;
	if (!t->was_reset)
		rc = transmit(t, cmd, rsp);
	if (rc == HSM_E_RESET)
		rc = reconnect(t);
	if (rc != HSM_OK || !t->was_reset)
		return rc;
	t->was_reset = false;
	return HSM_E_RESET;
}

static hsm_rc begin(struct pcsc_tp *t)
{
	return outcome(t, "SCardBeginTransaction", t->pcsc.begin(t->card));
}

static hsm_rc end(struct pcsc_tp *t)
{
	return outcome(t, "SCardEndTransaction", t->pcsc.end(t->card, PCSC_LEAVE_CARD));
}

static hsm_rc pcsc_tp_hold(struct tp_lane *lane, bool on)
{
	struct pcsc_tp *t = of(lane->tp);
	hsm_rc rc;

	if (atomic_load(&t->gone))
		return HSM_E_GONE;
	rc = on ? begin(t) : end(t);
	if (rc != HSM_E_RESET)
		return rc;
	TRY(reconnect(t));
	return on ? begin(t) : HSM_OK;
}

/* What others changed without a reset is not known. */
static hsm_rc pcsc_tp_look(struct tp *tp, struct tp_epoch *out)
{
	uint64_t resets = atomic_load(&of(tp)->resets);

	*out = (struct tp_epoch){ resets, resets };
	return atomic_load(&of(tp)->gone) ? HSM_E_GONE : HSM_OK;
}

/* Another card in the reader is not ours. */
static hsm_rc pcsc_tp_present(struct tp *tp)
{
	struct pcsc_tp *t = of(tp);
	struct pcsc_reader_state state = { .reader = t->reader };

	if (atomic_load(&t->gone))
		return HSM_E_GONE;
	if (atomic_load(&t->busy))
		return HSM_OK;
	TRY(outcome(t, "SCardGetStatusChange", t->pcsc.changed(t->pcsc.context, 0, &state, 1)));
	if ((state.event & PCSC_PRESENT) != 0 && state.event >> PCSC_COUNT_SHIFT == t->count)
		return HSM_OK;
	atomic_store(&t->gone, true);
	return HSM_E_GONE;
}

/* Connections of the parent stay open in the child, unused, until it ends. */
static void pcsc_tp_forget(void)
{
}

const struct tp_ops tp_pcsc = {
	.scheme = "pcsc",
	.open = pcsc_tp_open,
	.lane = pcsc_tp_lane_new,
	.lane_close = pcsc_tp_lane_close,
	.xfer = pcsc_tp_xfer,
	.hold = pcsc_tp_hold,
	.look = pcsc_tp_look,
	.close = pcsc_tp_close,
	.forget = pcsc_tp_forget,
	.list = pcsc_list,
	.sight = pcsc_sight,
	.present = pcsc_tp_present,
	.usb_id = pcsc_usb_id,
	.watch = pcsc_watch,
	.changed = pcsc_changed,
	.unwatch = pcsc_unwatch,
};
