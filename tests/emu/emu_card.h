/* A card in memory for tests that speak APDU: commands as hex or in parts, answers at hand. */
#ifndef TWINHSM_TESTS_EMU_CARD_H
#define TWINHSM_TESTS_EMU_CARD_H

#include <openssl/evp.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include <cmocka.h>

#include "apdu/capdu.h"
#include "emu.h"

#define TEST_PIN "648219"
#define TEST_SO  "3537363231383830" /* hex, as on the wire */

struct emu_bench {
	struct emu_card *card;
	struct emu_lane *lane;
	bool owns_card;
	size_t n;    /* data of the last answer */
	uint16_t sw; /* its status word */
	uint8_t rsp[RAPDU_MAX];
	uint8_t cmd[CAPDU_MAX + 16]; /* room for a command that is too long */
};

/* A fresh factory card in memory with the applet selected; both allocate, emu_bench_free frees. */
struct emu_bench *emu_bench_new(void);

/* The same of another profile. */
struct emu_bench *emu_bench_of(const char *profile);

/* The same with SO-PIN and PIN set and the user logged in. */
struct emu_bench *emu_bench_ready(void);
struct emu_bench *emu_bench_ready_of(const char *profile);

/* One more lane of the same card. */
struct emu_bench *emu_bench_lane(struct emu_bench *of);
void emu_bench_free(struct emu_bench *b);

/* Sends hex digits (blanks allowed), returns the status word. */
uint16_t emu_hex(struct emu_bench *b, const char *hex);

/* Sends a command in extended form; `ne` 0: no Le. Returns the status word. */
uint16_t emu_cmd(struct emu_bench *b, uint32_t header, struct rd data, size_t ne);

/* The data of the last answer, borrowed until the next command. */
struct rd emu_data(const struct emu_bench *b);

/* Sends hex and checks status word and, when `data` is not NULL, the answer's data. */
#define EMU(b, hex, sw, data) emu_check(b, hex, sw, data, __FILE__, __LINE__)
void emu_check(struct emu_bench *b, const char *hex, uint16_t sw, const char *data,
        const char *file, int line);

/* Plays a transcript of tests/golden/: "> command", "< answer"; ".." in an answer stands for any
 * bytes. Fails at the first line that differs. */
void emu_play(struct emu_bench *b, const char *name);

/* Decodes hex digits (blanks allowed) into `out`, returns the number of bytes. */
size_t emu_unhex(const char *hex, uint8_t *out, size_t cap);

#endif
