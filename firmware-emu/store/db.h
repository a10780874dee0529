/* The SQLite connection behind a store. */
#ifndef TWINHSM_EMU_STORE_DB_H
#define TWINHSM_EMU_STORE_DB_H

#include <sqlite3.h>
#include <stdatomic.h>

#include "store/store.h"

enum db_sql {
#define X(name, text) SQL_##name,
#include "store/sql.def"
#undef X
	SQL_COUNT
};

enum {
	DB_HEADER_LEN = 100,
	DB_PAGE_SIZE = 4096,
	DB_APPLICATION_ID = 0x54774853, /* "TwHS", at offset 68 of the file */
	DB_BUSY_MS = 15000,
};

/* user_version, offset 60: the version of the format, and above it the oldest version of it that
 * a program must know to use the file. */
#define DB_USER_VERSION (STORE_SCHEMA << 16 | STORE_SCHEMA)

struct store {
	sqlite3 *db;
	sqlite3_file *file;           /* SQLite's own; NULL for a store in memory */
	_Atomic uint32_t generation;  /* of a store in memory */
	uint32_t schema;              /* version of the file */
	sqlite3_stmt *sql[SQL_COUNT]; /* prepared on first use */
};

/* What an SQLite result code means here. */
hsm_rc db_rc(int code);

/* What an errno of a call on the file or its folder means here. */
hsm_rc errno_rc(int error);

/* Opens a connection; nothing of the file is looked at yet. Absolute path or ":memory:". */
HSM_MUST hsm_rc db_open(const char *path, struct store **out);

/* Makes all settings. SQLite may read the file for it and even play a journal back, so what the
 * file is must be known before. */
HSM_MUST hsm_rc db_configure(struct store *s);

/* A statement ready to bind, borrowed. */
HSM_MUST hsm_rc db_sql(struct store *s, enum db_sql which, sqlite3_stmt **out);

/* Next row? false and HSM_OK at the end, when the statement is reset as well. */
HSM_MUST hsm_rc db_row(sqlite3_stmt *stmt, bool *more);

/* Runs a statement whose rows do not matter. */
HSM_MUST hsm_rc db_run(sqlite3_stmt *stmt);
HSM_MUST hsm_rc db_do(struct store *s, enum db_sql which);

/* Binds an empty blob as an empty blob, not as NULL. */
void db_bind_blob(sqlite3_stmt *stmt, int place, struct rd bytes);

/* A blob or text column, borrowed until the statement moves on. */
struct rd db_bytes(sqlite3_stmt *stmt, int column);

/* Makes the tables and their first contents. */
HSM_MUST hsm_rc schema_create(struct store *s, const struct store_factory *f);

/* Is this our format, sound and whole? Runs inside a read transaction. HSM_E_TOKEN_DAMAGED. */
HSM_MUST hsm_rc schema_check(struct store *s);

/* Is this a file that we can use? Configures the connection on the way. HSM_E_TOKEN_*. */
HSM_MUST hsm_rc file_check(struct store *s);

/* Reads the file's header without a lock: HSM_E_TOKEN_FOREIGN, _NEWER, _DAMAGED. */
HSM_MUST hsm_rc header_check(struct store *s);

#endif
