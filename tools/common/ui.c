#include "ui.h"

#include <openssl/crypto.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>

#include "base/text.h"

enum { SECURE_HEAP = 1 << 18, SECURE_HEAP_MIN = 32 };

static const char *program = "twinhsm";
static char printed[BUFSIZ]; /* on its way to standard output */

void ui_name(const char *name)
{
	program = name;
}

void ui_begin(const char *name)
{
	ui_name(name);
	(void)setvbuf(
	        stdout, printed, isatty(STDOUT_FILENO) == 1 ? _IOLBF : _IOFBF, sizeof(printed));
	prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
	/* Without locked memory to spare OpenSSL falls back to its ordinary heap. */
	(void)CRYPTO_secure_malloc_init(SECURE_HEAP, SECURE_HEAP_MIN);
}

void ui_end(void)
{
	fflush(stdout);
	OPENSSL_cleanse(printed, sizeof(printed));
}

static void say(const char *format, va_list args) __attribute__((format(printf, 1, 0)));

static void say(const char *format, va_list args)
{
	fflush(stdout);
	fprintf(stderr, "%s: ", program);
	vfprintf(stderr, format, args);
	fputc('\n', stderr);
}

int ui_fail(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
	return EXIT_FAILURE;
}

int ui_usage(const char *format, ...)
{
	va_list args;

	va_start(args, format);
	say(format, args);
	va_end(args);
	fprintf(stderr, "%s: see --help\n", program);
	return EXIT_USAGE;
}

/* Does a terminal do anything but show it? Control characters, C1 too, and those that turn the
 * direction of writing (Unicode's Bidi_Control). */
static bool is_harmful(uint32_t c)
{
	return c < 0x20 || (c >= 0x7F && c < 0xA0) || c == 0x061C || c == 0x200E || c == 0x200F ||
	       (c >= 0x2028 && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0xFFFD;
}

void ui_print(struct rd text)
{
	const uint8_t *at = text.p;
	uint32_t c;

	for (; utf8_take(&text, &c); at = text.p) {
		if (is_harmful(c))
			putchar('?');
		else
			fwrite(at, 1, (size_t)(text.p - at), stdout);
	}
}

void ui_clean(struct rd text, char *out, size_t cap)
{
	struct wr w = wr_of(out, cap - 1);
	const uint8_t *at = text.p;
	uint32_t c;

	for (; utf8_take(&text, &c) && !w.bad; at = text.p) {
		if (is_harmful(c))
			wr_u8(&w, '?');
		else
			wr_put(&w, at, (size_t)(text.p - at));
	}
	out[w.n] = '\0';
}

bool ui_has_terminal(void)
{
	return isatty(STDIN_FILENO) == 1;
}

bool ui_confirm(const char *question)
{
	char answer[16];

	if (!ui_has_terminal())
		return false;
	fprintf(stderr, "%s [yes/no] ", question);
	return fgets(answer, sizeof(answer), stdin) != NULL && strcmp(answer, "yes\n") == 0;
}
