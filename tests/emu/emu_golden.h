/* Values of tests/golden for tests that speak APDU. */
#ifndef TWINHSM_TESTS_EMU_GOLDEN_H
#define TWINHSM_TESTS_EMU_GOLDEN_H

#include "base/buf.h"
#include "emu_card.h"
#include "p15/keyblob.h"

/* Initialises with one DKEK share and imports that of keyblobs.json; logs in. */
void golden_ready(struct emu_bench *b);

/* The bytes of `"key": "<hex>"` after `"anchor"` in a file of tests/golden; in keyblobs.json. */
struct rd golden_value(const char *file, const char *anchor, const char *key, struct buf *out);
struct rd golden_get(const char *anchor, const char *key, struct buf *out);

/* Sends a blob with UNWRAP KEY; the status word. */
uint16_t golden_unwrap(struct emu_bench *b, uint8_t kid, struct rd blob);

/* Sends WRAP KEY and opens the answer under that DKEK; `plain` owns what the parts borrow. */
void golden_wrap(struct emu_bench *b, uint8_t kid, struct buf *plain, struct keyblob *out);

/* Opens a blob under that DKEK; `plain` owns what the parts borrow. */
void golden_open(struct rd blob, struct buf *plain, struct keyblob *out);

/* A blob under that DKEK. */
struct rd golden_build(const struct keyblob *key, struct buf *out);

#endif
