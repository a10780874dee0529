/* A token on an emulated card, and shortcuts for what tests do with it. */
#ifndef TWINHSM_TESTS_CARD_TOKEN_BENCH_H
#define TWINHSM_TESTS_CARD_TOKEN_BENCH_H

#include "keys.h"
#include "token/token.h"

/* Opens a token: `path` NULL is one in memory, initialised, the user logged in. */
struct token *token_bench(const char *path);

/* For cmocka: *state is a token in memory, the user logged in. */
int token_set_up(void **state);
int token_tear_down(void **state);

/* A P-256 key; references dropped, the private key's handle returned. */
unsigned long bench_key(struct token *t, const char *label, struct rd id);

/* A reference to the only object of this kind with this label; fails the test otherwise. */
struct object *bench_find(struct token *t, enum object_kind kind, const char *label);

/* How many objects of this kind there are. */
size_t bench_count(struct token *t, enum object_kind kind);

/* The file as hex; a missing one is "". Valid until the next call. */
const char *bench_file_hex(struct token *t, uint16_t fid);
void bench_write_hex(struct token *t, uint16_t fid, const char *hex);
void bench_delete(struct token *t, uint16_t fid);

#define ON_TOKEN(test) cmocka_unit_test_setup_teardown(test, token_set_up, token_tear_down)

#endif
