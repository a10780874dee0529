/* The emulated SmartCard-HSM: command bytes in, answer bytes out, for any front end.
 * An image is what persists, a card is one powered chip, a lane is one execution context. */
#ifndef TWINHSM_EMU_H
#define TWINHSM_EMU_H

#include "base/buf.h"

struct emu_card;
struct emu_lane;

/* How hard a guess at a PIN is made for whoever holds the file. */
enum emu_kdf {
	EMU_KDF_STRONG, /* scrypt of 50 to 100 ms on this machine, never below N = 2^14 */
	EMU_KDF_CHEAP,  /* scrypt with N = 2^4: throw-away tokens only */
};

/* What a new token file shall be. */
struct emu_make {
	enum emu_kdf kdf;
	const char *profile; /* which model of card; NULL: the first one */
};

/* The names of the models, the first is the usual one; NULL past the end. */
const char *emu_profile_name(size_t i);

/* Makes a token file with a card as it leaves the factory: device key and certificate, no PIN.
 * HSM_E_TOKEN_EXISTS when there is something at `path` already; HSM_E_TOKEN_ACCESS;
 * HSM_E_NO_PROFILE. The file is complete and durable when this returns, or not there. */
HSM_MUST hsm_rc emu_create(const char *path, const struct emu_make *make);

/* What can be said of a token file without a PIN. */
struct emu_info {
	char serial[17];
	char label[256]; /* empty: none */
	bool initialised;
	bool user_pin;                 /* has been set */
	bool pka;                      /* registered keys log in */
	unsigned user_tries, so_tries; /* left */
	unsigned keys, files;
	enum emu_kdf kdf;
	unsigned schema;     /* version of the file format */
	const char *profile; /* which model of card */
};

/* HSM_E_TOKEN_MISSING, _ACCESS, _FOREIGN, _DAMAGED, _NEWER, _BUSY. The file is left as it is. */
HSM_MUST hsm_rc emu_inspect(const char *path, struct emu_info *out);

/* Powers up a card on the token file `path`; ":memory:" is a fresh factory card with cheap key
 * stretching that lives as long as the card, ":memory:NAME" one of another profile. Files must
 * exist. Outcomes as emu_inspect, and HSM_E_NO_PROFILE. */
HSM_MUST hsm_rc emu_open(const char *path, struct emu_card **out);

/* The same on a copy of a token file's bytes; what changes is gone with the card, unless its bytes
 * are taken. HSM_E_TOKEN_FOREIGN, _DAMAGED, _NEWER. */
HSM_MUST hsm_rc emu_open_bytes(struct rd bytes, struct emu_card **out);

/* The bytes of a token file with the card's state as of the last command; replaces `out`. Not
 * while a lane holds. HSM_E_TOKEN_*. */
HSM_MUST hsm_rc emu_bytes(struct emu_card *card, struct buf *out);

/* Powers down; all lanes are freed before. Accepts NULL. */
void emu_close(struct emu_card *card);

/* Forgets the security status and the selected applet, as a cold reset does. */
void emu_reset(struct emu_card *card);

struct rd emu_atr(const struct emu_card *card); /* borrowed */

HSM_MUST hsm_rc emu_lane_new(struct emu_card *card, struct emu_lane **out);
void emu_lane_free(struct emu_lane *lane); /* accepts NULL */

/* One command, always one answer with a status word. What libcrypto leaves in its error queue is
 * the caller's to clear. HSM_E_SMALL only when `rsp` has less room than
 * the answer needs (RAPDU_MAX always suffices), HSM_E_IO and HSM_E_TOKEN_* when the token file can
 * no longer be used. Lanes of a card may run side by side. */
HSM_MUST hsm_rc emu_lane_xfer(struct emu_lane *lane, struct rd cmd, struct wr *rsp);

/* Between on and off the changes of this lane's commands are one transaction; others see them,
 * and they are durable, only when off has returned HSM_OK. Key generation runs before the
 * transaction's lock is taken. */
HSM_MUST hsm_rc emu_lane_hold(struct emu_lane *lane, bool on);

/* Numbers that change when files or keys changed, and when a login earned before became void,
 * whoever did it; costs one read of four bytes of the file. */
HSM_MUST hsm_rc emu_epoch(struct emu_card *card, uint64_t *content, uint64_t *security);

/* In a forked child: forget everything the parent had open without touching it. */
void emu_forget(void);

#endif
