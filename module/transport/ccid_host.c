#include "transport/ccid_host.h"

#include <stdlib.h>

#include "base/log.h"
#include "transport/ccid_card.h"
#include "wire/ccid_chain.h"
#include "wire/t1_host.h"

enum {
	OPEN_MS = 60 * 1000,
	COMMAND_MS = 60 * 1000,
	KEYS_MS = 10 * 60 * 1000,
	MARGIN_MS = 500, /* beside the block waiting time, for the reader and the bus */
	EXTENDED_MAX = 4 + 3 + 0xFFFF + 2, /* ISO/IEC 7816-3 section 12.1 */
	SHORT_MAX = 258, /* so that an answer with its status word does not ask for more than 256 */
	NOTICE_MAX = 64,
	NOTICES_MAX = 64, /* at once: a reader may never end */
	POWER_ATTEMPTS = 2,
};

struct ccid_host {
	struct usb_pipe *pipe;
	struct ccid_link link;
	struct ccid_card_facts card;
	struct t1_host t1;
	enum ccid_level level;
	bool broken;    /* power on before the next command */
	bool was_reset; /* which the next command has to tell */
	bool swapped;   /* a card came: what is there after a reset may be another one */
	bool gone;
	uint64_t resets;
};

/* ---- one command ---- */

/* How long an instruction may take; other ones COMMAND_MS. */
static uint32_t limit_for(struct rd cmd)
{
	static const uint8_t key_makers[] = { 0x46, 0x48 }; /* GENERATE KEY PAIR, GENERATE KEY */

	return cmd.n > 1 && memchr(key_makers, cmd.p[1], sizeof(key_makers)) != NULL ? KEYS_MS
	                                                                             : COMMAND_MS;
}

/* A block to the card and what came for it. */
static hsm_rc block(struct ccid_host *h, uint8_t bwi, enum ccid_chain level, struct rd data,
        struct ccid_answer *a)
{
	const struct ccid_msg m = {
		.type = CCID_XFR_BLOCK,
		.param = { bwi, (uint8_t)level, 0 },
		.data = data,
	};

	return ccid_ask(&h->link, m, h->link.extension * (bwi == 0 ? 1U : bwi), a);
}

/* T=1 with the card. What the reader could not read is asked for again. */
static struct t1_step tpdu_step(struct ccid_host *h, const struct t1_step *to_send, hsm_rc *rc)
{
	struct ccid_answer a;

	*rc = block(h, to_send->bwi, CCID_WHOLE, to_send->block, &a);
	if (*rc == HSM_OK)
		return t1_host_block(&h->t1, a.data);
	if (h->link.pending || a.card != CCID_CARD_ACTIVE ||
	        (a.error != CCID_ERR_PARITY && a.error != CCID_ERR_OVERRUN &&
	                a.error != CCID_ERR_MUTE))
		return (struct t1_step){ .todo = T1_FAILED };
	*rc = HSM_OK;
	return a.error == CCID_ERR_MUTE ? t1_host_timeout(&h->t1)
	                                : t1_host_block(&h->t1, (struct rd){ 0 });
}

static hsm_rc xfer_tpdu(struct ccid_host *h, struct rd cmd, struct wr *rsp)
{
	struct t1_step step = t1_host_start(&h->t1, cmd, rsp);
	hsm_rc rc = HSM_OK;

	while (step.todo == T1_SEND) {
		step = tpdu_step(h, &step, &rc);
		TRY(rc);
	}
	if (step.todo == T1_DONE)
		return HSM_OK;
	h->broken = !t1_host_usable(&h->t1);
	return step.rc;
}

/* Sends the pieces of a command; `*a` is the answer to the last. */
static hsm_rc send_pieces(struct ccid_host *h, struct rd cmd, struct ccid_answer *a)
{
	struct ccid_cut cut = { .rest = cmd,
		.piece = ccid_piece_max(&h->pipe->function.class_desc) };

	do {
		struct rd piece;
		const enum ccid_chain where = ccid_cut_next(&cut, &piece);

		TRY(block(h, 0, where, piece, a));
		if (!cut.ended && (a->detail != CCID_GO_ON || a->data.n != 0))
			return HSM_E_CARD_DATA;
	} while (!cut.ended);
	return HSM_OK;
}

static hsm_rc xfer_extended(struct ccid_host *h, struct rd cmd, struct wr *rsp)
{
	struct ccid_gather gather = { .to = rsp };
	struct ccid_answer a;
	bool complete;
	hsm_rc rc;

	TRY(send_pieces(h, cmd, &a));
	for (;;) {
		rc = ccid_gather_add(&gather, (enum ccid_chain)a.detail, a.data, &complete);
		if (rc == HSM_E_BAD_DATA)
			return HSM_E_CARD_DATA;
		TRY(rc);
		if (complete)
			return HSM_OK;
		TRY(block(h, 0, CCID_GO_ON, (struct rd){ 0 }, &a));
	}
}

static hsm_rc xfer_short(struct ccid_host *h, struct rd cmd, struct wr *rsp)
{
	struct ccid_answer a;

	TRY(block(h, 0, CCID_WHOLE, cmd, &a));
	wr_rd_put(rsp, a.data);
	return wr_done(rsp);
}

/* Lc or Le of two bytes: ISO/IEC 7816-3, 12.1.3. */
static bool is_long(struct rd cmd)
{
	return cmd.n > 5 + 1 && cmd.p[4] == 0;
}

static hsm_rc refuse(const struct ccid_host *h, struct rd cmd)
{
	if (cmd.n < 4)
		return HSM_E_BAD_LEN;
	if (h->level != CCID_LEVEL_SHORT || !is_long(cmd))
		return HSM_OK;
	log_say(LOG_ERROR, "USB reader: it takes no command or answer of more than 256 bytes");
	return HSM_E_UNSUPPORTED;
}

static hsm_rc xfer(struct ccid_host *h, struct rd cmd, struct wr *rsp)
{
	static hsm_rc (*const levels[])(struct ccid_host *, struct rd, struct wr *) = {
		[CCID_LEVEL_TPDU] = xfer_tpdu,
		[CCID_LEVEL_SHORT] = xfer_short,
		[CCID_LEVEL_EXTENDED] = xfer_extended,
	};
	hsm_rc rc;

	ccid_link_allow(&h->link, limit_for(cmd));
	h->broken = true;
	rc = levels[h->level](h, cmd, rsp);
	if (rc == HSM_OK)
		h->broken = false;
	ccid_link_wipe(&h->link);
	return rc;
}

/* ---- the card over time ---- */

static hsm_rc gone(struct ccid_host *h)
{
	h->gone = true;
	return HSM_E_GONE;
}

/* A card taken out of a reader, or the device out of its port, is gone for good. */
static hsm_rc outcome(struct ccid_host *h, hsm_rc rc)
{
	return rc == HSM_E_GONE || rc == HSM_E_NO_CARD ? gone(h) : rc;
}

/* What the reader told about its slot; `*left` when a card was taken out. */
static hsm_rc notices(struct ccid_host *h, bool *left, bool *came)
{
	const bool fixed = h->pipe->quirk != NULL && (h->pipe->quirk->flags & QUIRK_TOKEN) != 0;
	uint8_t bytes[NOTICE_MAX];
	struct ccid_notice n;

	*left = *came = false;
	for (unsigned i = 0; i < NOTICES_MAX; i++) {
		struct wr w = WR_ARRAY(bytes);

		TRY(h->pipe->ops->notice(h->pipe, &w));
		if (w.n == 0)
			return HSM_OK;
		if (fixed || ccid_notice_get(wr_rd(&w), &n) != HSM_OK || n.type != CCID_SLOT_CHANGE)
			continue;
		if (!ccid_notice_present(&n, 0))
			*left = true;
		else if (ccid_notice_changed(&n, 0))
			*came = true;
	}
	return HSM_OK;
}

hsm_rc ccid_host_look(struct ccid_host *h)
{
	bool left, came;

	if (h->gone)
		return HSM_E_GONE;
	if (notices(h, &left, &came) != HSM_OK || left)
		return gone(h);
	h->swapped = h->swapped || came;
	return HSM_OK;
}

static void begin_session(struct ccid_host *h)
{
	const struct ccid_class *c = &h->pipe->function.class_desc;
	const struct quirk *q = h->pipe->quirk;
	const bool reader_tells = (c->features & CCID_AUTO_IFSD) != 0 &&
	                          (q == NULL || (q->flags & QUIRK_SEND_IFS) == 0);
	const uint32_t wait = atr_bwt_ms(&h->card.atr, c->clock) + MARGIN_MS;

	h->link.extension = wait > CCID_ANSWER_MS ? wait : CCID_ANSWER_MS;
	t1_host_init(&h->t1, &(struct t1_host_setup){ .ifsc = h->card.atr.ifsc,
	                             .ifsd = reader_tells ? 0 : ccid_ifsd(c),
	                             .crc = h->card.atr.crc });
}

static hsm_rc power_up_once(struct ccid_host *h)
{
	enum ccid_card card;

	TRY(ccid_resync(&h->link, &card));
	if (card == CCID_CARD_ABSENT)
		return HSM_E_NO_CARD;
	return ccid_power_on(&h->link, &h->card);
}

/* Once more when the reader got out of step meanwhile. */
static hsm_rc power_up(struct ccid_host *h)
{
	hsm_rc rc = HSM_E_TIMEOUT;

	h->link.extension = CCID_ANSWER_MS;
	ccid_link_allow(&h->link, OPEN_MS);
	for (unsigned i = 0; i < POWER_ATTEMPTS; i++) {
		rc = power_up_once(h);
		if (rc == HSM_OK)
			begin_session(h);
		if (rc == HSM_E_GONE || !h->link.pending)
			break;
	}
	return rc;
}

/* Before the next command, after one that failed on the way. */
static hsm_rc recover(struct ccid_host *h)
{
	if (h->swapped)
		return gone(h);
	log_say(LOG_INFO, "USB reader: the card is powered on again");
	TRY(outcome(h, power_up(h)));
	h->broken = false;
	h->was_reset = true;
	h->resets++;
	return HSM_OK;
}

hsm_rc ccid_host_xfer(struct ccid_host *h, struct rd cmd, struct wr *rsp)
{
	TRY(ccid_host_look(h));
	TRY(refuse(h, cmd));
	if (h->broken)
		TRY(recover(h));
	if (h->was_reset) {
		h->was_reset = false;
		return HSM_E_RESET;
	}
	return outcome(h, xfer(h, cmd, rsp));
}

/* ---- life ---- */

static hsm_rc begin(struct ccid_host *h)
{
	bool left, came;

	h->level = ccid_level(&h->pipe->function.class_desc);
	if (h->level == CCID_LEVEL_CHARACTER) {
		log_say(LOG_ERROR, "USB reader: it works at the character level, which is not "
		                   "supported");
		return HSM_E_UNSUPPORTED;
	}
	TRY(ccid_link_init(&h->link, h->pipe));
	TRY(notices(h, &left, &came)); /* of the time before */
	return power_up(h);
}

hsm_rc ccid_host_open(struct usb_pipe *pipe, struct ccid_host **out)
{
	struct ccid_host *h = calloc(1, sizeof(*h));
	hsm_rc rc;

	if (h == NULL) {
		pipe->ops->close(pipe);
		return HSM_E_MEMORY;
	}
	h->pipe = pipe;
	rc = begin(h);
	if (rc != HSM_OK) {
		h->gone = true;
		ccid_host_close(h);
		return rc;
	}
	*out = h;
	return HSM_OK;
}

void ccid_host_close(struct ccid_host *h)
{
	if (h == NULL)
		return;
	if (!h->gone && !h->broken) {
		ccid_link_allow(&h->link, CCID_ANSWER_MS);
		(void)!ccid_power_off(&h->link);
	}
	h->pipe->ops->close(h->pipe);
	ccid_link_done(&h->link);
	free(h);
}

size_t ccid_host_command_max(const struct ccid_host *h)
{
	return h->level == CCID_LEVEL_SHORT ? SHORT_MAX : EXTENDED_MAX;
}

bool ccid_host_is_hsm(const struct ccid_host *h)
{
	return atr_is_hsm(&h->card.atr);
}

uint64_t ccid_host_resets(const struct ccid_host *h)
{
	return h->resets;
}
