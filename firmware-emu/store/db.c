#include "store/db.h"

#include <stdlib.h>

static const char *const sql_text[SQL_COUNT] = {
#define X(name, text) [SQL_##name] = (text),
#include "store/sql.def"
#undef X
};

hsm_rc db_rc(int code)
{
	static const struct {
		int code;
		hsm_rc rc;
	} rows[] = {
		{ SQLITE_OK, HSM_OK },
		{ SQLITE_ROW, HSM_OK },
		{ SQLITE_DONE, HSM_OK },
		{ SQLITE_BUSY, HSM_E_TOKEN_BUSY },
		{ SQLITE_LOCKED, HSM_E_TOKEN_BUSY },
		{ SQLITE_PROTOCOL, HSM_E_TOKEN_BUSY },
		{ SQLITE_PERM, HSM_E_TOKEN_ACCESS },
		{ SQLITE_READONLY, HSM_E_TOKEN_ACCESS },
		{ SQLITE_CANTOPEN, HSM_E_TOKEN_ACCESS },
		{ SQLITE_AUTH, HSM_E_TOKEN_ACCESS },
		{ SQLITE_CORRUPT, HSM_E_TOKEN_DAMAGED },
		{ SQLITE_NOTADB, HSM_E_TOKEN_DAMAGED },
		{ SQLITE_FORMAT, HSM_E_TOKEN_DAMAGED },
		{ SQLITE_ERROR, HSM_E_TOKEN_DAMAGED }, /* our text fits only our schema */
		{ SQLITE_MISMATCH, HSM_E_TOKEN_DAMAGED },
		{ SQLITE_CONSTRAINT, HSM_E_TOKEN_DAMAGED },
		{ SQLITE_TOOBIG, HSM_E_TOKEN_DAMAGED },
		{ SQLITE_FULL, HSM_E_FULL },
		{ SQLITE_NOMEM, HSM_E_MEMORY },
	};

	if (code == SQLITE_IOERR_SHORT_READ)
		return HSM_E_TOKEN_DAMAGED;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (rows[i].code == (code & 0xFF))
			return rows[i].rc;
	}
	return HSM_E_IO;
}

/* A file comes from anywhere: nothing in it may make SQLite run more than our own statements. */
static hsm_rc harden(sqlite3 *db)
{
	static const struct {
		int option, value;
	} rows[] = {
		{ SQLITE_DBCONFIG_DEFENSIVE, 1 },
		{ SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0 },
		{ SQLITE_DBCONFIG_ENABLE_TRIGGER, 0 },
		{ SQLITE_DBCONFIG_ENABLE_VIEW, 0 },
		{ SQLITE_DBCONFIG_ENABLE_LOAD_EXTENSION, 0 },
		{ SQLITE_DBCONFIG_ENABLE_FTS3_TOKENIZER, 0 },
		{ SQLITE_DBCONFIG_ENABLE_FKEY, 0 },
		{ SQLITE_DBCONFIG_DQS_DML, 0 },
		{ SQLITE_DBCONFIG_DQS_DDL, 0 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		if (sqlite3_db_config(db, rows[i].option, rows[i].value, NULL) != SQLITE_OK)
			return HSM_E_FAIL;
	}
	sqlite3_limit(db, SQLITE_LIMIT_LENGTH, 1 << 20);
	sqlite3_limit(db, SQLITE_LIMIT_SQL_LENGTH, 1 << 13);
	sqlite3_limit(db, SQLITE_LIMIT_ATTACHED, 0);
	return HSM_OK;
}

/* EXTRA: the folder is synced as well, or a journal that was deleted could come back with the
 * power and undo a counted PIN try. No spilling: the change counter moves only at a commit. */
hsm_rc db_configure(struct store *s)
{
	static const char settings[] = "PRAGMA cell_size_check = ON;"
	                               "PRAGMA temp_store = MEMORY;"
	                               "PRAGMA mmap_size = 0;"
	                               "PRAGMA cache_spill = OFF;"
	                               "PRAGMA secure_delete = ON;"
	                               "PRAGMA synchronous = EXTRA;"
	                               "PRAGMA locking_mode = NORMAL;";

	TRY(db_rc(sqlite3_busy_timeout(s->db, DB_BUSY_MS)));
	return db_rc(sqlite3_exec(s->db, settings, NULL, NULL, NULL));
}

hsm_rc db_open(const char *path, struct store **out)
{
	const int flags = SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_PRIVATECACHE |
	                  SQLITE_OPEN_EXRESCODE;
	struct store *s = calloc(1, sizeof(*s));
	hsm_rc rc;

	if (s == NULL)
		return HSM_E_MEMORY;
	s->schema = STORE_SCHEMA;
	rc = db_rc(sqlite3_open_v2(path, &s->db, flags, NULL));
	if (rc == HSM_OK)
		rc = harden(s->db);
	if (rc == HSM_OK && path[0] != ':')
		rc = db_rc(
		        sqlite3_file_control(s->db, "main", SQLITE_FCNTL_FILE_POINTER, &s->file));
	if (rc != HSM_OK) {
		store_close(s);
		return rc;
	}
	*out = s;
	return HSM_OK;
}

void store_close(struct store *s)
{
	if (s == NULL)
		return;
	for (size_t i = 0; i < SQL_COUNT; i++)
		sqlite3_finalize(s->sql[i]);
	sqlite3_close(s->db);
	free(s);
}

hsm_rc db_sql(struct store *s, enum db_sql which, sqlite3_stmt **out)
{
	if (s->sql[which] == NULL)
		TRY(db_rc(sqlite3_prepare_v3(s->db, sql_text[which], -1, SQLITE_PREPARE_PERSISTENT,
		        &s->sql[which], NULL)));
	sqlite3_reset(s->sql[which]);
	sqlite3_clear_bindings(s->sql[which]);
	*out = s->sql[which];
	return HSM_OK;
}

hsm_rc db_row(sqlite3_stmt *stmt, bool *more)
{
	const int code = sqlite3_step(stmt);

	*more = code == SQLITE_ROW;
	if (!*more)
		sqlite3_reset(stmt);
	return db_rc(code);
}

hsm_rc db_run(sqlite3_stmt *stmt)
{
	bool more = true;

	while (more)
		TRY(db_row(stmt, &more));
	return HSM_OK;
}

hsm_rc db_do(struct store *s, enum db_sql which)
{
	sqlite3_stmt *stmt;

	TRY(db_sql(s, which, &stmt));
	return db_run(stmt);
}

void db_bind_blob(sqlite3_stmt *stmt, int place, struct rd bytes)
{
	sqlite3_bind_blob64(stmt, place, bytes.n == 0 ? "" : (const void *)bytes.p, bytes.n, NULL);
}

struct rd db_bytes(sqlite3_stmt *stmt, int column)
{
	const void *p = sqlite3_column_blob(stmt, column);

	return rd_of(p, (size_t)sqlite3_column_bytes(stmt, column));
}
