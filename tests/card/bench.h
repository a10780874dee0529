/* Cards for tests of the layers above the carriers: emulated ones, and ones that are made up. */
#ifndef TWINHSM_TESTS_CARD_BENCH_H
#define TWINHSM_TESTS_CARD_BENCH_H

/* cmocka wants these before itself. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "card/card.h"

#define TEST_PIN    "648219"
#define TEST_SO     "57621880"         /* eight bytes, as on the wire */
#define TEST_SO_HEX "3537363231383830" /* as typed */
#define COUNT(a)    (sizeof(a) / sizeof((a)[0]))

#define assert_rc(expr, want) check_rc((expr), (want), #expr, __FILE__, __LINE__)
#define assert_ok(expr)       assert_rc(expr, HSM_OK)
void check_rc(hsm_rc got, hsm_rc want, const char *what, const char *file, int line);

/* Fails the test unless the bytes are those of the hex text. */
void assert_hex(struct rd got, const char *want);

/* Decodes hex digits into `out`, returns how many bytes. */
size_t unhex(const char *hex, void *out, size_t cap);

/* A token file below a folder of its own; `path` has room for 64 characters. */
void bench_file(char *path);
void bench_file_gone(const char *path);

/* Initialises a card with the PINs above; nobody is logged in. */
void bench_init(struct card *card);

/* An emulated card: ":memory:" or a path; with `path` NULL one in memory, initialised. */
struct card *bench_card(const char *path);

/* The golden file's bytes. */
void golden_file(const char *name, struct buf *out);

#endif
