/* Token files for tests, in a folder of their own. */
#ifndef TWINHSM_TESTS_EMU_FILE_H
#define TWINHSM_TESTS_EMU_FILE_H

#include "base/buf.h"
#include "emu_card.h"

#define INIT_CMD   "80500000 19 80020001 8106363438323139 8208" TEST_SO " 910103"
#define VERIFY_CMD "00200081 06 363438323139"
#define WRONG_CMD  "00200081 06 363438323138"
#define SELECT_CMD "00A40400 0B E82B0601040181C31F0201 00"

struct token_place {
	char folder[64];
	char path[96]; /* of the token file in it */
};

/* A new folder; with `kdf` a factory card in it. */
void place_make(struct token_place *p);
void place_create(struct token_place *p, enum emu_kdf kdf);

/* The same, initialised with SO-PIN and PIN. */
void place_ready(struct token_place *p, enum emu_kdf kdf);
void place_ready_as(struct token_place *p, const struct emu_make *make);

/* Removes folder and contents; returns how many files were there. */
unsigned place_remove(struct token_place *p);
unsigned place_count(const struct token_place *p);

/* Powers up a card on the file and selects the applet. */
struct emu_bench *emu_bench_open(const char *path);

/* Opens, expecting this outcome; powers down again. */
void check_open(const char *path, hsm_rc rc, const char *file, int line);
#define OPENS(path, rc) check_open(path, rc, __FILE__, __LINE__)

void file_read(const char *path, struct buf *out);
/* Runs SQL on the file, as somebody who edits it would. */
void file_sql(const char *path, const char *text);

void file_write(const char *path, struct rd bytes);

#endif
