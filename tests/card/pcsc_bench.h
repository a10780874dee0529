/* A token in a reader of a PC/SC that is made up, with an emulated card behind it. */
#ifndef TWINHSM_TESTS_CARD_PCSC_BENCH_H
#define TWINHSM_TESTS_CARD_PCSC_BENCH_H

#include "fake_pcsc.h"
#include "token_bench.h"

#define READER "pcsc:Card Reader 00 00"

extern struct fake_pcsc *fake;
extern char pcsc_path[64]; /* of the token file */

/* For cmocka: a fresh card, initialised, in the reader; afterwards nothing may be open, and the
 * card must never have been reset. */
int pcsc_set_up(void **state);
int pcsc_tear_down(void **state);
#define READY(test) cmocka_unit_test_setup_teardown(test, pcsc_set_up, pcsc_tear_down)

/* Both, in a test. */
void pcsc_start_anew(void **state);

/* Three readers, one with the card, and no failures. */
void pcsc_fake_start(void);

/* Another program resets the card. */
void pcsc_other_resets(void);

struct token *pcsc_token(void);
struct token *pcsc_user_token(void); /* logged in */

/* A data object; the reference is the caller's. */
hsm_rc pcsc_add_data(struct token *t, struct object **out);

/* Runs tests with the library in place. */
int pcsc_run(const struct CMUnitTest *tests, size_t n);

#endif
