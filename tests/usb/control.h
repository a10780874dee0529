/* Commands to a bus from other programs, over a socket in its UMOCKDEV_DIR. */
#ifndef TWINHSM_TEST_USB_CONTROL_H
#define TWINHSM_TEST_USB_CONTROL_H

#include "bus.h"

/* Carries out one command, words as on a command line; `text` (200 bytes) is what to say to the
 * one who asked. */
typedef bool control_do(struct bus *b, int argc, char **argv, char *text);

enum { CONTROL_TEXT = 200 };

/* Serves commands in the main loop until the process ends. */
HSM_MUST bool control_serve(struct bus *b, control_do *run);

/* Client: sends a command to the bus of UMOCKDEV_DIR. `text` is the answer, also of a refusal. */
HSM_MUST bool control_tell(int argc, const char *const *argv, char *text);

#endif
