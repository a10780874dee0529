#include "base/log.h"

#include <stdarg.h>
#include <stdatomic.h>
#include <stdio.h>
#include <string.h>

static _Atomic(enum log_level) current = LOG_ERROR;

void log_set(enum log_level level)
{
	atomic_store_explicit(&current, level, memory_order_relaxed);
}

bool log_level_parse(const char *name, enum log_level *out)
{
	static const char *const names[] = { "off", "error", "info", "trace" };

	for (unsigned i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(name, names[i]) == 0) {
			*out = (enum log_level)i;
			return true;
		}
	}
	return false;
}

bool log_on(enum log_level level)
{
	return level <= atomic_load_explicit(&current, memory_order_relaxed);
}

void log_say(enum log_level level, const char *format, ...)
{
	char line[1024];
	va_list args;

	if (!log_on(level))
		return;
	va_start(args, format);
	vsnprintf(line, sizeof(line), format, args);
	va_end(args);
	fprintf(stderr, "twinhsm: %s\n", line);
}
