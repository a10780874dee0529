#include "store/db.h"

#include <string.h>

enum { TABLES_N = 6, INDEXES_N = 2, FILE_SIZE_MAX = 128 << 20 };

static const char *const tables[TABLES_N] = {
	"CREATE TABLE card("
	"id INTEGER PRIMARY KEY CHECK(id=1),"
	"rev INTEGER NOT NULL,"
	"chr TEXT NOT NULL,"
	"device_key BLOB NOT NULL,"
	"scrypt_log2_n INTEGER NOT NULL,"
	"profile TEXT NOT NULL,"
	"options INTEGER NOT NULL,"
	"domains INTEGER NOT NULL,"
	"pka_keys INTEGER NOT NULL,"
	"pka_required INTEGER NOT NULL,"
	"token_key BLOB"
	") STRICT",

	"CREATE TABLE pin("
	"ref INTEGER PRIMARY KEY,"
	"rev INTEGER NOT NULL,"
	"tries INTEGER NOT NULL,"
	"initial INTEGER NOT NULL,"
	"length INTEGER NOT NULL,"
	"transport INTEGER NOT NULL,"
	"tried_ms INTEGER NOT NULL,"
	"sealed BLOB NOT NULL"
	") STRICT",

	"CREATE TABLE file("
	"seq INTEGER PRIMARY KEY,"
	"fid INTEGER NOT NULL UNIQUE,"
	"rev INTEGER NOT NULL,"
	"data BLOB NOT NULL"
	") STRICT",

	"CREATE TABLE key("
	"seq INTEGER PRIMARY KEY,"
	"kid INTEGER NOT NULL UNIQUE,"
	"rev INTEGER NOT NULL,"
	"type INTEGER NOT NULL,"
	"bits INTEGER NOT NULL,"
	"curve TEXT,"
	"algs BLOB NOT NULL,"
	"domain INTEGER NOT NULL,"
	"uses INTEGER NOT NULL,"
	"uses_left INTEGER NOT NULL,"
	"sealed BLOB NOT NULL"
	") STRICT",

	"CREATE TABLE kek("
	"domain INTEGER PRIMARY KEY,"
	"shares INTEGER NOT NULL,"
	"missing INTEGER NOT NULL,"
	"public BLOB NOT NULL,"
	"private BLOB NOT NULL,"
	"pending BLOB,"
	"kcv BLOB,"
	"sealed BLOB,"
	"uid BLOB"
	") STRICT",

	"CREATE TABLE pka("
	"number INTEGER PRIMARY KEY,"
	"rev INTEGER NOT NULL,"
	"chr BLOB NOT NULL,"
	"key BLOB NOT NULL"
	") STRICT",
};

static hsm_rc exec(struct store *s, const char *sql)
{
	return db_rc(sqlite3_exec(s->db, sql, NULL, NULL, NULL));
}

static hsm_rc exec_number(struct store *s, const char *format, int number)
{
	char sql[64];

	sqlite3_snprintf(sizeof(sql), sql, format, number);
	return exec(s, sql);
}

static hsm_rc fill(struct store *s, const struct store_factory *f)
{
	sqlite3_stmt *stmt;

	for (size_t i = 0; i < TABLES_N; i++)
		TRY(exec(s, tables[i]));
	TRY(exec_number(s, "PRAGMA application_id = %d", DB_APPLICATION_ID));
	TRY(exec_number(s, "PRAGMA user_version = %d", DB_USER_VERSION));
	TRY(db_sql(s, SQL_PUT_CARD, &stmt));
	sqlite3_bind_text(stmt, 1, f->chr, -1, NULL);
	db_bind_blob(stmt, 2, f->device_key);
	sqlite3_bind_int(stmt, 3, f->scrypt_log2_n);
	sqlite3_bind_text(stmt, 4, f->profile, -1, NULL);
	TRY(db_run(stmt));
	return store_put_file(s, EF_DEVAUT, f->devaut);
}

hsm_rc schema_create(struct store *s, const struct store_factory *f)
{
	hsm_rc rc;

	TRY(exec_number(s, "PRAGMA page_size = %d", DB_PAGE_SIZE));
	TRY(exec(s, "PRAGMA journal_mode = DELETE"));
	TRY(store_begin(s));
	rc = fill(s, f);
	if (rc == HSM_OK)
		rc = store_commit(s);
	else
		store_rollback(s);
	return rc;
}

static bool is_our_table(const char *sql)
{
	for (size_t i = 0; i < TABLES_N; i++) {
		if (strcmp(tables[i], sql) == 0)
			return true;
	}
	return false;
}

/* The texts of all tables must be ours, and there must be nothing else but the indexes that
 * SQLite made for them. Names are unique, so as many of our texts as there are tables are all of
 * them. */
static hsm_rc tables_check(struct store *s)
{
	size_t tables_n = 0, indexes_n = 0;
	sqlite3_stmt *stmt;
	bool more;

	TRY(db_sql(s, SQL_SCHEMA, &stmt));
	for (;;) {
		const char *sql;

		TRY(db_row(stmt, &more));
		if (!more)
			break;
		sql = (const char *)sqlite3_column_text(stmt, 2);
		if (sql == NULL)
			indexes_n++;
		else if (is_our_table(sql))
			tables_n++;
		else
			tables_n = TABLES_N + 1;
	}
	return tables_n == TABLES_N && indexes_n == INDEXES_N ? HSM_OK : HSM_E_TOKEN_DAMAGED;
}

/* A file that lost its end still has a sound beginning. */
static hsm_rc size_check(struct store *s)
{
	sqlite3_int64 size = 0;
	sqlite3_stmt *stmt;
	int64_t pages;
	bool more;

	TRY(db_sql(s, SQL_PAGES, &stmt));
	TRY(db_row(stmt, &more));
	pages = sqlite3_column_int64(stmt, 0);
	TRY(db_run(stmt));
	TRY(db_rc(s->file->pMethods->xFileSize(s->file, &size)));
	return size == pages * DB_PAGE_SIZE && size <= FILE_SIZE_MAX ? HSM_OK : HSM_E_TOKEN_DAMAGED;
}

static hsm_rc integrity_check(struct store *s)
{
	sqlite3_stmt *stmt;
	bool more, ok;

	TRY(db_sql(s, SQL_INTEGRITY, &stmt));
	TRY(db_row(stmt, &more));
	ok = more && rd_equal(db_bytes(stmt, 0), RD_LIT("ok"));
	sqlite3_reset(stmt);
	return ok ? HSM_OK : HSM_E_TOKEN_DAMAGED;
}

hsm_rc schema_check(struct store *s)
{
	TRY(size_check(s));
	if (s->schema == STORE_SCHEMA)
		TRY(tables_check(s));
	return integrity_check(s);
}

/* Fields of the header: SQLite file format, section 1.3. */
hsm_rc header_check(struct store *s)
{
	uint8_t header[DB_HEADER_LEN] = { 0 };
	struct rd r = rd_of(header, sizeof(header)), magic, skip;
	uint16_t page_size, formats, needs, version;
	uint32_t application;
	const int code = s->file->pMethods->xRead(s->file, header, sizeof(header), 0);

	if (code != SQLITE_OK && code != SQLITE_IOERR_SHORT_READ)
		return db_rc(code);
	if (!rd_take(&r, 16, &magic) || !rd_u16(&r, &page_size) || !rd_u16(&r, &formats) ||
	        !rd_take(&r, 40, &skip) || !rd_u16(&r, &needs) || !rd_u16(&r, &version) ||
	        !rd_take(&r, 4, &skip) || !rd_u32(&r, &application))
		return HSM_E_FAIL;
	if (code != SQLITE_OK || memcmp(magic.p, "SQLite format 3", 16) != 0 ||
	        application != DB_APPLICATION_ID)
		return HSM_E_TOKEN_FOREIGN;
	if (needs > STORE_SCHEMA)
		return HSM_E_TOKEN_NEWER;
	/* 0101: a rollback journal, not a write-ahead log, which would leave files of its own */
	if (version == 0 || needs == 0 || formats != 0x0101 || page_size != DB_PAGE_SIZE)
		return HSM_E_TOKEN_DAMAGED;
	s->schema = version;
	return HSM_OK;
}
