/* What the readers of the tables share. */
#ifndef TWINHSM_EMU_STORE_LOAD_H
#define TWINHSM_EMU_STORE_LOAD_H

#include "store/db.h"

/* A column that must lie within bounds; `*ok` only ever becomes false. */
int64_t get_int(sqlite3_stmt *stmt, int column, int64_t min, int64_t max, bool *ok);
struct rd get_bytes(sqlite3_stmt *stmt, int column, size_t min, size_t max, bool *ok);

/* Public key authentication: columns 6 to 8 of table card, and table pka. The image's options and
 * PINs have been read. */
void load_pka_card(sqlite3_stmt *stmt, struct emu_image *image, bool *ok);
HSM_MUST hsm_rc load_pka_keys(
        struct store *s, const struct emu_image *old, struct emu_image *image);

#endif
