#include "vec.h"

#include <ctype.h>
#include <stdio.h>
#include <string.h>

static uint8_t nibble(char c)
{
	static const char digits[] = "0123456789ABCDEF";
	const char *at = c == '\0' ? NULL : strchr(digits, toupper((unsigned char)c));

	if (at == NULL)
		fail_msg("not a hex digit: %c", c);
	return (uint8_t)(at - digits);
}

struct rd unhex(struct vec *v, const char *hex)
{
	v->n = 0;
	for (; *hex != '\0'; hex += *hex == ' ' ? 1 : 2) {
		if (*hex == ' ')
			continue;
		if (v->n == sizeof(v->p))
			fail_msg("vector too long");
		v->p[v->n++] = (uint8_t)(nibble(hex[0]) << 4 | nibble(hex[1]));
	}
	return rd_of(v->p, v->n);
}

static const char *find(const char *text, const char *format, const char *name)
{
	char pattern[128];
	const char *at;

	snprintf(pattern, sizeof(pattern), format, name);
	at = strstr(text, pattern);
	if (at == NULL)
		fail_msg("no %s", pattern);
	return at + strlen(pattern);
}

struct rd golden(struct vec *v, const char *file, const char *anchor, const char *key)
{
	static char text[65536];
	char path[512], hex[2 * sizeof(v->p) + 1];
	const char *value;
	size_t n;
	FILE *f;

	snprintf(path, sizeof(path), "%s/golden/%s", TEST_SOURCE_DIR, file);
	f = fopen(path, "re");
	if (f == NULL)
		fail_msg("no %s", path);
	n = fread(text, 1, sizeof(text) - 1, f);
	fclose(f);
	text[n] = '\0';
	value = anchor == NULL ? text : find(text, "\"%s\"", anchor);
	value = find(value, "\"%s\": \"", key);
	n = strcspn(value, "\"");
	if (n >= sizeof(hex))
		fail_msg("%s: %s is too long", file, key);
	memcpy(hex, value, n);
	hex[n] = '\0';
	return unhex(v, hex);
}

static void say(const char *name, struct rd bytes)
{
	print_error("%s (%zu):", name, bytes.n);
	for (size_t i = 0; i < bytes.n; i++)
		print_error(" %02X", bytes.p[i]);
	print_error("\n");
}

void check_rd(const char *row, struct rd got, struct rd want)
{
	if (rd_equal(got, want))
		return;
	say("got", got);
	say("want", want);
	fail_msg("%s: other bytes", row);
}

void check_hex(const char *row, struct rd got, const char *want)
{
	struct vec v;

	check_rd(row, got, unhex(&v, want));
}

void check_rc(const char *row, hsm_rc got, hsm_rc want)
{
	if (got != want)
		fail_msg("%s: got %s, want %s", row, rc_name(got), rc_name(want));
}
