/* PINs of the command line, or typed on the terminal without echo. All answer 0, or the exit status
 * after a message. */
#ifndef TWINHSM_TOOLS_ADMIN_PIN_ASK_H
#define TWINHSM_TOOLS_ADMIN_PIN_ASK_H

#include "session.h"

/* The PIN that a card has: `given` in the option of this name, or asked for when it is empty. An
 * SO-PIN becomes its eight bytes. */
int pin_current(
        enum schsm_ref ref, const char *option, const struct secret *given, struct secret *out);

/* A new PIN, typed twice. */
int pin_new(enum schsm_ref ref, const struct secret *given, struct secret *out);

/* Says why a PIN command failed, with the tries left for the PIN that was refused. */
int pin_refused(struct session *s, enum schsm_ref ref, hsm_rc rc);

#endif
