/* The card of the targets that send it commands. Its token file is made once, so that each input
 * begins with the same card and costs neither key generation nor a new database. */
#ifndef TWINHSM_TESTS_FUZZ_TWIN_H
#define TWINHSM_TESTS_FUZZ_TWIN_H

#include "apdu/sm.h"
#include "emu.h"
#include "fuzz.h"

enum { TWIN_LANES = 3, TWIN_PROBE = TWIN_LANES };

/* A card with its lanes, the last of them for questions between commands, and the other end of
 * secure messaging for each. */
struct twin {
	struct emu_card *card;
	struct emu_lane *lanes[TWIN_LANES + 1];
	struct sm sm[TWIN_LANES + 1];
	bool secure[TWIN_LANES + 1];
	struct buf checked; /* what was stored when twin_check saw it */
};

/* Bytes of the token file, borrowed: as it leaves the factory, or initialised, with a DKEK, a key
 * of each kind and data objects. */
struct rd twin_file(bool filled);

void twin_open(struct twin *t, struct rd file);
void twin_close(struct twin *t);

/* Sends a command and checks that the answer is well-formed; borrowed until the next one. With
 * `secure` through a channel, which is opened when there is none. */
struct rd twin_send(struct twin *t, size_t lane, struct rd cmd, bool secure);

/* Selects the applet and gives the PIN of the filled card. */
void twin_login(struct twin *t);

void twin_reset(struct twin *t);

/* What a card says of who is logged in. */
struct twin_session {
	uint8_t says[4][6];
};

void twin_session(struct twin *t, struct twin_session *out);

/* New lanes, as if nothing had been sent to the card. */
void twin_new_lanes(struct twin *t);

/* A second card made from what is stored must say of itself what this one says, which goes on. What
 * was checked before is not checked again. */
void twin_check(struct twin *t);

/* The power is cut: the card goes on as a new one made from what is stored, which must say of
 * itself what the old one said after a reset; with `login` both when the PIN has been given. */
void twin_cut(struct twin *t, bool login);

#endif
