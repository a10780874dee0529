#include "reuse.h"

#include <sqlite3.h>
#include <string.h>

#include "fuzz.h"

enum { STATEMENTS = 64, CONNECTIONS = 8 };

/* sqlite3_prepare_v3 and sqlite3_finalize of a statement. */
struct statement {
	sqlite3_stmt *stmt;
	const char *text; /* as given, which lives for ever */
	bool used;
};

struct connection {
	sqlite3 *db;
	bool used, has_bytes;
	struct statement statements[STATEMENTS];
};

static struct connection connections[CONNECTIONS];
static bool started;

void reuse_start(void)
{
	started = true;
}

static struct connection *connection_of(sqlite3 *db)
{
	for (size_t i = 0; i < CONNECTIONS; i++) {
		if (connections[i].db == db)
			return &connections[i];
	}
	return NULL;
}

/* One that is free, if possible with a connection. */
static struct connection *connection_free(void)
{
	struct connection *c = NULL;

	for (size_t i = 0; i < CONNECTIONS; i++) {
		if (!connections[i].used && (c == NULL || connections[i].db != NULL))
			c = &connections[i];
	}
	FUZZ_ASSERT(c != NULL);
	return c;
}

/* ---- the functions that are replaced: X becomes __wrap_X, and is itself __real_X ---- */

int __real_sqlite3_open_v2(const char *path, sqlite3 **out, int flags, const char *vfs);
int __real_sqlite3_close(sqlite3 *db);
int __real_sqlite3_exec(sqlite3 *db, const char *sql, int (*each)(void *, int, char **, char **),
        void *arg, char **error);
int __real_sqlite3_deserialize(sqlite3 *db, const char *schema, unsigned char *bytes,
        sqlite3_int64 n, sqlite3_int64 room, unsigned flags);
int __real_sqlite3_prepare_v3(
        sqlite3 *db, const char *sql, int n, unsigned flags, sqlite3_stmt **out, const char **tail);
int __real_sqlite3_finalize(sqlite3_stmt *stmt);

int __wrap_sqlite3_open_v2(const char *path, sqlite3 **out, int flags, const char *vfs);
int __wrap_sqlite3_close(sqlite3 *db);
int __wrap_sqlite3_exec(sqlite3 *db, const char *sql, int (*each)(void *, int, char **, char **),
        void *arg, char **error);
int __wrap_sqlite3_deserialize(sqlite3 *db, const char *schema, unsigned char *bytes,
        sqlite3_int64 n, sqlite3_int64 room, unsigned flags);
int __wrap_sqlite3_prepare_v3(
        sqlite3 *db, const char *sql, int n, unsigned flags, sqlite3_stmt **out, const char **tail);
int __wrap_sqlite3_finalize(sqlite3_stmt *stmt);

int __wrap_sqlite3_open_v2(const char *path, sqlite3 **out, int flags, const char *vfs)
{
	struct connection *c;
	int code = SQLITE_OK;

	if (!started)
		return __real_sqlite3_open_v2(path, out, flags, vfs);
	c = connection_free();
	if (c->db == NULL)
		code = __real_sqlite3_open_v2(path, &c->db, flags, vfs);
	c->used = true;
	*out = c->db;
	return code;
}

int __wrap_sqlite3_close(sqlite3 *db)
{
	struct connection *c = connection_of(db);

	if (c == NULL)
		return __real_sqlite3_close(db);
	FUZZ_ASSERT(sqlite3_get_autocommit(db) != 0);
	for (size_t i = 0; i < STATEMENTS; i++)
		FUZZ_ASSERT(!c->statements[i].used);
	c->used = false;
	return SQLITE_OK;
}

/* Settings of the connection stay; everything else is to be done. */
int __wrap_sqlite3_exec(sqlite3 *db, const char *sql, int (*each)(void *, int, char **, char **),
        void *arg, char **error)
{
	const struct connection *c = connection_of(db);
	static const char settings[] = "PRAGMA cell_size_check";

	if (c != NULL && c->statements[0].stmt != NULL &&
	        strncmp(sql, settings, sizeof(settings) - 1) == 0)
		return SQLITE_OK;
	return __real_sqlite3_exec(db, sql, each, arg, error);
}

/* The bytes take the place of those that are there, as if another process had written them. */
static int replace(sqlite3 *db, const unsigned char *bytes, sqlite3_int64 n)
{
	sqlite3_file *file;

	FUZZ_ASSERT(
	        sqlite3_file_control(db, "main", SQLITE_FCNTL_FILE_POINTER, &file) == SQLITE_OK);
	FUZZ_ASSERT(sqlite3_db_release_memory(db) == SQLITE_OK);
	FUZZ_ASSERT(file->pMethods->xTruncate(file, 0) == SQLITE_OK);
	return file->pMethods->xWrite(file, bytes, (int)n, 0);
}

int __wrap_sqlite3_deserialize(sqlite3 *db, const char *schema, unsigned char *bytes,
        sqlite3_int64 n, sqlite3_int64 room, unsigned flags)
{
	struct connection *c = connection_of(db);
	int code;

	if (c == NULL || !c->has_bytes) {
		if (c != NULL)
			c->has_bytes = true;
		return __real_sqlite3_deserialize(db, schema, bytes, n, room, flags);
	}
	code = replace(db, bytes, n);
	sqlite3_free(bytes);
	return code;
}

int __wrap_sqlite3_prepare_v3(
        sqlite3 *db, const char *sql, int n, unsigned flags, sqlite3_stmt **out, const char **tail)
{
	struct connection *c = connection_of(db);
	struct statement *s = NULL;
	int code = SQLITE_OK;

	if (c == NULL)
		return __real_sqlite3_prepare_v3(db, sql, n, flags, out, tail);
	for (size_t i = 0; i < STATEMENTS; i++) {
		s = &c->statements[i];
		if (s->stmt == NULL || (s->text == sql && !s->used))
			break;
	}
	if (s->stmt == NULL) {
		code = __real_sqlite3_prepare_v3(db, sql, n, flags, &s->stmt, tail);
		s->text = sql;
	}
	FUZZ_ASSERT(s->text == sql && !s->used);
	s->used = code == SQLITE_OK;
	*out = s->stmt;
	return code;
}

int __wrap_sqlite3_finalize(sqlite3_stmt *stmt)
{
	struct connection *c = stmt == NULL ? NULL : connection_of(sqlite3_db_handle(stmt));

	if (c == NULL)
		return __real_sqlite3_finalize(stmt);
	for (size_t i = 0; i < STATEMENTS; i++) {
		if (c->statements[i].stmt == stmt)
			c->statements[i].used = false;
	}
	return sqlite3_reset(stmt);
}
