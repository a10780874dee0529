/* One card and who uses it. */
#include <openssl/err.h>

#include "base/buf.h"
#include "base/log.h"
#include "emu.h"
#include "front/internal.h"

enum { SW_WRONG_LENGTH = 0x6700, SW_NO_DIAGNOSIS = 0x6F00 };

struct session {
	const struct stream *stream;
	struct emu_card *card;
	struct emu_lane *lane;
	struct trace_from from;
	struct buf cmd, rsp;
};

/* The status word instead of an answer, for what ends the command but not the card. */
static uint16_t instead(hsm_rc rc)
{
	if (rc == HSM_E_SMALL)
		return SW_WRONG_LENGTH;
	return rc == HSM_E_TOKEN_BUSY ? SW_NO_DIAGNOSIS : 0;
}

static hsm_rc run_command(struct session *s, struct rd cmd, struct wr *rsp)
{
	const size_t start = rsp->n;
	const hsm_rc rc = emu_lane_xfer(s->lane, cmd, rsp);
	struct rd answer;

	ERR_clear_error();
	if (rc != HSM_OK) {
		log_say(LOG_ERROR, "%s: %s: %s", s->stream->name, s->stream->front->token,
		        rc_text(rc));
		if (instead(rc) == 0)
			return rc;
		*rsp = (struct wr){ .p = rsp->p, .n = start, .cap = rsp->cap };
		wr_u16(rsp, instead(rc));
	}
	answer = rd_of(rsp->p + start, rsp->n - start);
	trace_say(s->stream->name, cmd, answer);
	trace_put(s->stream->front->trace, &s->from, cmd, answer);
	return HSM_OK;
}

/* Power, and the presence test. `*answered` says whether something is to be sent. */
static void run_control(struct session *s, uint8_t control, struct wr *rsp, bool *answered)
{
	*answered = control == FRAME_ATR;
	if (control == FRAME_ATR) {
		wr_rd_put(rsp, emu_atr(s->card));
	} else if (control <= FRAME_RESET) {
		emu_reset(s->card);
		trace_reset(s->stream->front->trace, &s->from);
	} else {
		log_say(LOG_INFO, "%s: message %02X is not known", s->stream->name, control);
	}
}

static hsm_rc next(struct session *s)
{
	const struct frame_format *format = s->stream->format;
	struct wr cmd = wr_of(s->cmd.p, s->cmd.cap);
	struct wr rsp = wr_of(s->rsp.p, format->head_n + format->max);
	bool answered = true;

	TRY(stream_get(s->stream, &cmd));
	frame_begin(format, &rsp);
	if (cmd.n == 1)
		run_control(s, cmd.p[0], &rsp, &answered);
	else
		TRY(run_command(s, wr_rd(&cmd), &rsp));
	if (!answered)
		return HSM_OK;
	TRY(frame_end(format, &rsp));
	return stream_put(s->stream, wr_rd(&rsp));
}

static hsm_rc power_up(struct session *s)
{
	const struct frame_format *format = s->stream->format;

	TRY(buf_reserve(&s->cmd, format->max));
	TRY(buf_reserve(&s->rsp, format->head_n + format->max));
	TRY(emu_open(s->stream->front->token, &s->card));
	return emu_lane_new(s->card, &s->lane);
}

void session_run(const struct stream *stream)
{
	struct session s = { .stream = stream };
	struct front *f = stream->front;
	hsm_rc rc;

	s.from.session = atomic_fetch_add(&f->sessions, 1) + 1;
	rc = power_up(&s);
	if (rc == HSM_OK)
		log_say(LOG_INFO, "%s: connected", stream->name);
	else
		log_say(LOG_ERROR, "%s: %s: %s", stream->name, f->token, rc_text(rc));
	while (rc == HSM_OK)
		rc = next(&s);
	emu_lane_free(s.lane);
	emu_close(s.card);
	buf_free(&s.cmd);
	buf_free(&s.rsp);
	log_say(LOG_INFO, "%s: ended", stream->name);
}
