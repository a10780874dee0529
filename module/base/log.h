/* Messages to the person who runs the host program, on standard error. Secrets never get here:
 * bytes are not logged at all, only command headers, lengths and status words. */
#ifndef TWINHSM_BASE_LOG_H
#define TWINHSM_BASE_LOG_H

#include <stdbool.h>

enum log_level { LOG_OFF, LOG_ERROR, LOG_INFO, LOG_TRACE };

/* Process-wide; LOG_ERROR until set. */
void log_set(enum log_level level);

/* "off", "error", "info" or "trace"; false for anything else. */
bool log_level_parse(const char *name, enum log_level *out);

bool log_on(enum log_level level);

/* One line, "twinhsm: " in front. `format` as printf, without a newline at the end. */
void log_say(enum log_level level, const char *format, ...) __attribute__((format(printf, 2, 3)));

#endif
