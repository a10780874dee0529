/* A pipe that plays a script, a line for each thing that happens on it:
 *
 *   > BYTES      the host sends this        < BYTES      and reads this; without bytes: nothing
 *   - MS         it reads in vain, for so long
 *   x OUTCOME    the next transfer fails: stall, gone, small, io
 *   c            it clears the halt         a BYTES      it asks to abort: slot, bSeq
 *   A BYTES      the same, and the device does not know the request
 *   n BYTES      a notice is there          + MS         time passes
 *
 * BYTES are hex with blanks where they help; XX*N is a byte N times. What the host does and the
 * script does not say fails the test. */
#ifndef TWINHSM_TESTS_TRANSPORT_SCRIPT_PIPE_H
#define TWINHSM_TESTS_TRANSPORT_SCRIPT_PIPE_H

#include "bench.h"
#include "transport/usb_pipe.h"

enum { SCRIPT_MAX = 64 };

struct script_pipe {
	struct usb_pipe pipe;
	const char *lines[SCRIPT_MAX];
	size_t n, at;
	uint64_t time;
	bool closed;
};

/* A reader like the Nitrokey's, by its class descriptor, but with these features and without a
 * quirk; borrowed by who opens it. */
void script_init(struct script_pipe *s, uint32_t features);

/* Adds lines, up to a NULL. */
void script_add(struct script_pipe *s, const char *const *lines);

/* Fails the test unless all lines were played. */
void script_played(const struct script_pipe *s);

#define SCRIPT(s, ...) script_add((s), (const char *const[]){ __VA_ARGS__, NULL })

#endif
