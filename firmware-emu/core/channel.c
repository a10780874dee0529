#include <openssl/crypto.h>

#include "core/core.h"

void channel_end(struct emu_lane *lane)
{
	struct channel *ch = &lane->channel;

	if (ch->user_login)
		card_drop(lane->card, REF_USER_PIN);
	if (ch->so_login)
		card_drop(lane->card, REF_SO_PIN);
	if (ch->pka)
		card_drop_pka(lane->card);
	OPENSSL_cleanse(ch, sizeof(*ch));
}

static hsm_rc open_command(struct emu_lane *lane, struct buf *room, struct capdu *c)
{
	struct wr w;

	TRY(buf_reserve(room, c->data.n));
	w = wr_of(room->p, room->cap);
	lane->channel.ne = c->ne;
	TRY(sm_unprotect_command(&lane->channel.sm, c, &w, c));
	room->n = w.n;
	return HSM_OK;
}

hsm_rc channel_receive(struct emu_lane *lane, struct buf *room, struct capdu *c)
{
	struct channel *ch = &lane->channel;
	hsm_rc rc;

	if (!ch->open)
		return HSM_OK;
	if ((c->cla & ~0x80) != CLA_SM) {
		channel_end(lane);
		return HSM_OK;
	}
	rc = open_command(lane, room, c);
	ch->protected = rc == HSM_OK;
	if (rc != HSM_OK)
		channel_end(lane);
	return rc;
}

/* What the command has written becomes the contents of the protected answer; data that Le has no
 * room for is a wrong length. */
static hsm_rc protect(struct emu_lane *lane, size_t start, uint16_t sw, struct wr *rsp)
{
	struct channel *ch = &lane->channel;
	const size_t room = lane->image->profile->apdu_max - 2;
	const size_t ne = ch->ne < room ? ch->ne : room;
	AUTO_BUF plain = { 0 };
	struct rapdu answer = { .sw = sw };
	hsm_rc rc;

	TRY(buf_set(&plain, rd_of(rsp->p + start, rsp->n - start)));
	rsp->n = start;
	answer.data = buf_rd(&plain);
	rc = sm_protect_answer(&ch->sm, &answer, ne, rsp);
	if (rc != HSM_E_BAD_LEN)
		return rc;
	answer = (struct rapdu){ .sw = 0x6700 };
	return sm_protect_answer(&ch->sm, &answer, ne, rsp);
}

/* The channel as the next command finds it. */
static void settle(struct emu_lane *lane)
{
	struct channel *ch = &lane->channel;

	ch->protected = false;
	if (ch->ending) {
		channel_end(lane);
	} else if (ch->has_next) {
		ch->sm = ch->next;
		sm_wipe(&ch->next);
		ch->has_next = false;
		ch->open = true;
	}
}

hsm_rc channel_answer(struct emu_lane *lane, size_t start, uint16_t sw, struct wr *rsp)
{
	hsm_rc rc = HSM_OK;

	if (lane->channel.protected)
		rc = protect(lane, start, sw, rsp);
	else
		wr_u16(rsp, sw);
	settle(lane);
	return rc == HSM_OK ? wr_done(rsp) : rc;
}

void channel_login(struct emu_lane *lane, enum schsm_ref ref, bool stay)
{
	struct channel *ch = &lane->channel;

	/* Until version 2.0 a login did not know of the channel it was earned in. */
	const bool bound = ch->protected && profile_since(lane->image->profile, APPLET(2, 0));

	*(ref == REF_SO_PIN ? &ch->so_login : &ch->user_login) = bound && !stay;
}

void channel_pka(struct emu_lane *lane)
{
	lane->channel.pka |= lane->channel.protected;
}

void channel_agree(struct emu_lane *lane, const struct sm *sm)
{
	lane->channel.next = *sm;
	lane->channel.has_next = true;
}

void channel_last(struct emu_lane *lane)
{
	lane->channel.ending = true;
}
