/* Vectors: hex text in tables, or looked up in tests/golden. */
#ifndef TWINHSM_TESTS_UNIT_VEC_H
#define TWINHSM_TESTS_UNIT_VEC_H

/* cmocka wants these before itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "base/wr.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

struct vec {
	uint8_t p[4096];
	size_t n;
};

/* Decodes hex digits; blanks between bytes are allowed, anything else fails the test. */
struct rd unhex(struct vec *v, const char *hex);

/* The value of `"key": "<hex>"`, the first one after `"anchor"` (NULL: from the start) in
 * tests/golden/<file>. */
struct rd golden(struct vec *v, const char *file, const char *anchor, const char *key);

/* Fails the test, naming the row, unless the bytes are those of the hex text. */
void check_hex(const char *row, struct rd got, const char *want);
void check_rd(const char *row, struct rd got, struct rd want);
void check_rc(const char *row, hsm_rc got, hsm_rc want);

#endif
