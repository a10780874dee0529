/* A USB device in place of the twin's, for tests of what is around it: the front end under test is
 * linked with this instead of ccid_dev.c. It says what the test has put there. */
#ifndef TWINHSM_TESTS_FRONT_FAKE_CCID_DEV_H
#define TWINHSM_TESTS_FRONT_FAKE_CCID_DEV_H

#include "front/ccid_dev.h"

enum { FAKE_ENDPOINTS = 16, FAKE_PIECES = 8, FAKE_PIECE_MAX = 64 };

/* How one transfer ends; `status` CCID_DEV_OK sends the bytes. */
struct fake_piece {
	enum ccid_dev_status status;
	uint8_t bytes[FAKE_PIECE_MAX];
	size_t n;
};

/* What an IN endpoint has, first to last; with nothing there it is not yet ready. */
struct fake_endpoint {
	struct fake_piece pieces[FAKE_PIECES];
	size_t first, n;
};

struct ccid_dev {
	struct ccid_dev_setup setup;
	struct fake_endpoint in[FAKE_ENDPOINTS];
	enum ccid_dev_status out_status; /* of OUT transfers */
	unsigned outs, controls, resets, in_calls;
	size_t out_n;            /* bytes of the last OUT transfer */
	uint8_t setup_packet[8]; /* of the last control transfer */
	bool gone;
};

/* Puts a piece at the end; `ready` is not called. */
void fake_put(struct ccid_dev *d, uint8_t ep, enum ccid_dev_status status, struct rd bytes);

#endif
