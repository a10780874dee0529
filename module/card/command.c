#include "card/command.h"

#include <openssl/crypto.h>

#include "base/log.h"

static hsm_rc carry(struct card_lane *lane, const struct capdu *c, struct rapdu *answer)
{
	struct wr w = wr_of(lane->cmd.p, lane->cmd.cap);
	hsm_rc rc;

	TRY(capdu_build(c, &w));
	lane->cmd.n = w.n;
	if (w.n > lane->card->tp->command_max)
		return HSM_E_UNSUPPORTED;
	w = wr_of(lane->rsp.p, lane->rsp.cap);
	rc = lane->card->tp->ops->xfer(lane->carrier, buf_rd(&lane->cmd), &w);
	lane->rsp.n = w.n;
	if (rc == HSM_E_SMALL) /* more than was asked for */
		return HSM_E_CARD_DATA;
	TRY(rc);
	return rapdu_parse(buf_rd(&lane->rsp), answer);
}

hsm_rc command_transmit(struct card_lane *lane, const struct capdu *c, struct rapdu *answer)
{
	TRY(buf_reserve(&lane->cmd, c->data.n + 4 + 3 + 2));
	TRY(buf_reserve(&lane->rsp, c->ne + 2));
	return carry(lane, c, answer);
}

static hsm_rc send_once(struct card_lane *lane, const struct capdu *c, struct rapdu *answer)
{
	return lane->card->trusted ? secure_send(lane, c, answer)
	                           : command_transmit(lane, c, answer);
}

/* A reset by another program took the selection and the login away, before the card saw the
 * command. Once more, then: the card refuses what needs the login. */
static hsm_rc send_again(struct card_lane *lane, const struct capdu *c, struct rapdu *answer)
{
	TRY(applet_select(lane));
	return send_once(lane, c, answer);
}

hsm_rc command_send(struct card_lane *lane, const struct capdu *c, struct rapdu *answer)
{
	hsm_rc rc = send_once(lane, c, answer);

	if (rc == HSM_E_RESET)
		rc = send_again(lane, c, answer);
	if (!log_on(LOG_TRACE))
		return rc;
	if (rc == HSM_OK)
		log_say(LOG_TRACE, "> %02X %02X %02X %02X, %zu bytes < %zu bytes, %04X", c->cla,
		        c->ins, c->p1, c->p2, c->data.n, answer->data.n, answer->sw);
	else
		log_say(LOG_TRACE, "> %02X %02X %02X %02X, %zu bytes: %s", c->cla, c->ins, c->p1,
		        c->p2, c->data.n, rc_text(rc));
	return rc;
}

hsm_rc command_outcome(uint16_t sw, const struct sw_rule *rules)
{
	for (; rules != NULL && rules->sw != 0; rules++) {
		if (rules->sw == sw)
			return rules->rc;
	}
	return sw_to_rc(sw, NULL);
}

hsm_rc command_run(
        struct card_lane *lane, const struct capdu *c, const struct sw_rule *rules, struct rd *data)
{
	struct rapdu answer;

	if (data != NULL)
		*data = (struct rd){ 0 };
	TRY(command_send(lane, c, &answer));
	TRY(command_outcome(answer.sw, rules));
	if (data != NULL)
		*data = answer.data;
	return HSM_OK;
}

void command_wipe(struct card_lane *lane)
{
	OPENSSL_cleanse(lane->cmd.p, lane->cmd.n);
	OPENSSL_cleanse(lane->rsp.p, lane->rsp.n);
	OPENSSL_cleanse(lane->plain.p, lane->plain.n);
	lane->cmd.n = lane->rsp.n = lane->plain.n = 0;
}
