/* A libpcsclite.so.1 of our own: readers, cards and failures as the test wants them. */
#ifndef TWINHSM_TESTS_CARD_FAKE_PCSC_H
#define TWINHSM_TESTS_CARD_FAKE_PCSC_H

#include "base/wr.h"

/* Results of pcsclite.h. */
#define SCARD_E_INVALID_HANDLE       0x80100003
#define SCARD_E_NO_MEMORY            0x80100006
#define SCARD_E_INSUFFICIENT_BUFFER  0x80100008
#define SCARD_E_UNKNOWN_READER       0x80100009
#define SCARD_E_TIMEOUT              0x8010000A
#define SCARD_E_SHARING_VIOLATION    0x8010000B
#define SCARD_E_NO_SMARTCARD         0x8010000C
#define SCARD_E_PROTO_MISMATCH       0x8010000F
#define SCARD_F_COMM_ERROR           0x80100013
#define SCARD_E_NOT_TRANSACTED       0x80100016
#define SCARD_E_READER_UNAVAILABLE   0x80100017
#define SCARD_E_NO_SERVICE           0x8010001D
#define SCARD_E_SERVICE_STOPPED      0x8010001E
#define SCARD_E_NO_ACCESS            0x80100027
#define SCARD_E_NO_READERS_AVAILABLE 0x8010002E
#define SCARD_W_UNRESPONSIVE_CARD    0x80100066
#define SCARD_W_UNPOWERED_CARD       0x80100067
#define SCARD_W_RESET_CARD           0x80100068
#define SCARD_W_REMOVED_CARD         0x80100069
#define SCARD_E_UNSUPPORTED_FEATURE  0x8010001F
#define SCARD_W_SECURITY_VIOLATION   0x8010006A

struct fake_reader {
	const char *name;
	const char *atr;  /* hex; NULL: no card */
	unsigned count;   /* of cards that came and went */
	uint32_t channel; /* SCARD_ATTR_CHANNEL_ID; 0: the reader has none */
};

/* The library's symbol `fake_pcsc`. */
struct fake_pcsc {
	const struct fake_reader *readers;
	size_t readers_n;
	struct rd names; /* what SCardListReaders gives, when not that of the readers */

	hsm_rc (*answer)(void *arg, struct rd cmd, struct wr *rsp);
	void *arg;

	bool reset, removed; /* noticed by the next call for a card; a reconnection ends a reset */

	/* This function fails once, after `skip` calls of it that do not, and calls `failed`. */
	const char *failing;
	unsigned skip;
	long result;
	void (*failed)(void);
	unsigned long length; /* of an answer, when not 0, whatever was answered */

	int contexts, cards, holds; /* open now */
	unsigned resets, commands;  /* reconnections and commands so far */
	bool power_touched;         /* a disconnection that does not leave the card as it is */
};

#endif
