#include "store/store.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "store/db.h"

/* ---- opening ---- */

hsm_rc errno_rc(int error)
{
	switch (error) {
	case ENOENT:
	case ENOTDIR:
		return HSM_E_TOKEN_MISSING;
	case EACCES:
	case EPERM:
	case EROFS:
		return HSM_E_TOKEN_ACCESS;
	case EEXIST:
		return HSM_E_TOKEN_EXISTS;
	case ENOMEM:
		return HSM_E_MEMORY;
	default:
		return HSM_E_IO;
	}
}

/* A file in which a PIN try cannot be counted is not opened: neither a read-only one, nor one in a
 * folder where no journal can be made. */
static hsm_rc place_check(const char *path)
{
	char folder[PATH_MAX];
	struct stat st;

	if (stat(path, &st) != 0)
		return errno_rc(errno);
	if (!S_ISREG(st.st_mode))
		return HSM_E_TOKEN_FOREIGN;
	memcpy(folder, path, strlen(path) + 1);
	if (faccessat(AT_FDCWD, path, R_OK | W_OK, AT_EACCESS) != 0 ||
	        faccessat(AT_FDCWD, dirname(folder), W_OK | X_OK, AT_EACCESS) != 0)
		return errno_rc(errno);
	return HSM_OK;
}

hsm_rc file_check(struct store *s)
{
	hsm_rc rc;

	if (sqlite3_db_readonly(s->db, "main") != 0)
		return HSM_E_TOKEN_ACCESS;
	TRY(header_check(s));
	TRY(db_configure(s));
	TRY(db_do(s, SQL_BEGIN_READ));
	rc = schema_check(s);
	store_rollback(s);
	return rc;
}

hsm_rc store_open(const char *path, struct store **out)
{
	char absolute[PATH_MAX];
	struct store *s;
	hsm_rc rc;

	/* An absolute path is never taken for a URI or for ":memory:". */
	if (realpath(path, absolute) == NULL)
		return errno_rc(errno);
	TRY(place_check(absolute));
	TRY(db_open(absolute, &s));
	rc = file_check(s);
	if (rc != HSM_OK) {
		store_close(s);
		return rc;
	}
	*out = s;
	return HSM_OK;
}

hsm_rc store_memory(const struct store_factory *f, struct store **out)
{
	struct store *s;
	hsm_rc rc;

	TRY(db_open(":memory:", &s));
	rc = db_configure(s);
	if (rc == HSM_OK)
		rc = schema_create(s, f);
	if (rc != HSM_OK) {
		store_close(s);
		return rc;
	}
	*out = s;
	return HSM_OK;
}

/* ---- transactions ---- */

hsm_rc store_generation(struct store *s, uint32_t *out)
{
	uint8_t counter[4];
	struct rd r = rd_of(counter, sizeof(counter));

	if (s->file == NULL) {
		*out = atomic_load(&s->generation);
		return HSM_OK;
	}
	TRY(db_rc(s->file->pMethods->xRead(s->file, counter, sizeof(counter), 24)));
	return rd_u32(&r, out) ? HSM_OK : HSM_E_FAIL;
}

hsm_rc store_begin(struct store *s)
{
	return db_do(s, SQL_BEGIN_WRITE);
}

hsm_rc store_commit(struct store *s)
{
	const hsm_rc rc = db_do(s, SQL_COMMIT);

	if (rc != HSM_OK)
		store_rollback(s);
	else
		atomic_fetch_add(&s->generation, 1);
	return rc;
}

void store_rollback(struct store *s)
{
	for (size_t i = 0; i < SQL_COUNT; i++)
		sqlite3_reset(s->sql[i]);
	/* Some errors of SQLite end the transaction by themselves. */
	if (sqlite3_get_autocommit(s->db) == 0)
		(void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
}

hsm_rc store_mark(struct store *s)
{
	return db_do(s, SQL_MARK);
}

hsm_rc store_mark_end(struct store *s, bool keep)
{
	if (!keep)
		TRY(db_do(s, SQL_MARK_UNDO));
	return db_do(s, SQL_MARK_KEEP);
}

/* ---- changes ---- */

static hsm_rc next_rev(struct store *s, int64_t *rev)
{
	sqlite3_stmt *stmt;
	bool more;

	TRY(db_sql(s, SQL_NEXT_REV, &stmt));
	TRY(db_row(stmt, &more));
	if (!more)
		return HSM_E_TOKEN_DAMAGED;
	*rev = sqlite3_column_int64(stmt, 0);
	return db_run(stmt);
}

hsm_rc store_put_file(struct store *s, uint16_t fid, struct rd data)
{
	sqlite3_stmt *stmt;
	int64_t rev;

	TRY(next_rev(s, &rev));
	TRY(db_sql(s, SQL_PUT_FILE, &stmt));
	sqlite3_bind_int(stmt, 1, fid);
	sqlite3_bind_int64(stmt, 2, rev);
	db_bind_blob(stmt, 3, data);
	return db_run(stmt);
}

hsm_rc store_put_key(struct store *s, const struct emu_key_meta *meta, struct rd sealed)
{
	sqlite3_stmt *stmt;
	int64_t rev;

	TRY(next_rev(s, &rev));
	TRY(db_sql(s, SQL_PUT_KEY, &stmt));
	sqlite3_bind_int(stmt, 1, meta->kid);
	sqlite3_bind_int64(stmt, 2, rev);
	sqlite3_bind_int(stmt, 3, (int)meta->type);
	sqlite3_bind_int(stmt, 4, meta->bits);
	if (meta->curve != NULL)
		sqlite3_bind_text(stmt, 5, meta->curve->name, -1, NULL);
	db_bind_blob(stmt, 6, rd_of(meta->algs, meta->algs_n));
	sqlite3_bind_int(stmt, 7, meta->domain);
	sqlite3_bind_int64(stmt, 8, meta->uses);
	db_bind_blob(stmt, 9, sealed);
	return db_run(stmt);
}

hsm_rc store_put_uses(struct store *s, uint8_t kid, uint32_t left)
{
	sqlite3_stmt *stmt;

	TRY(db_sql(s, SQL_PUT_USES, &stmt));
	sqlite3_bind_int(stmt, 1, kid);
	sqlite3_bind_int64(stmt, 2, left);
	return db_run(stmt);
}

hsm_rc store_put_pin(struct store *s, enum schsm_ref ref, const struct emu_pin *pin)
{
	sqlite3_stmt *stmt;
	int64_t rev;

	TRY(next_rev(s, &rev));
	TRY(db_sql(s, SQL_PUT_PIN, &stmt));
	sqlite3_bind_int(stmt, 1, (int)ref);
	sqlite3_bind_int64(stmt, 2, rev);
	sqlite3_bind_int(stmt, 3, pin->tries);
	sqlite3_bind_int(stmt, 4, pin->initial);
	sqlite3_bind_int(stmt, 5, pin->length);
	sqlite3_bind_int(stmt, 6, pin->transport);
	sqlite3_bind_int64(stmt, 7, pin->tried_ms);
	db_bind_blob(stmt, 8, buf_rd(&pin->sealed));
	return db_run(stmt);
}

hsm_rc store_put_tries(struct store *s, enum schsm_ref ref, uint8_t tries, int64_t tried_ms)
{
	sqlite3_stmt *stmt;

	TRY(db_sql(s, SQL_PUT_TRIES, &stmt));
	sqlite3_bind_int(stmt, 1, (int)ref);
	sqlite3_bind_int(stmt, 2, tries);
	sqlite3_bind_int64(stmt, 3, tried_ms);
	return db_run(stmt);
}

hsm_rc store_put_kek(struct store *s, uint8_t domain, const struct emu_kek *kek)
{
	const bool complete = kek->missing == 0;
	sqlite3_stmt *stmt;

	TRY(db_sql(s, SQL_PUT_KEK, &stmt));
	sqlite3_bind_int(stmt, 1, domain);
	sqlite3_bind_int(stmt, 2, kek->shares);
	sqlite3_bind_int(stmt, 3, kek->missing);
	db_bind_blob(stmt, 4, rd_of(kek->public, sizeof(kek->public)));
	db_bind_blob(stmt, 5, rd_of(kek->private, sizeof(kek->private)));
	if (complete) {
		db_bind_blob(stmt, 7, rd_of(kek->kcv, sizeof(kek->kcv)));
		db_bind_blob(stmt, 8, rd_of(kek->sealed, sizeof(kek->sealed)));
	} else {
		db_bind_blob(stmt, 6, rd_of(kek->pending, sizeof(kek->pending)));
	}
	if (kek->uid_n != 0)
		db_bind_blob(stmt, 9, rd_of(kek->uid, kek->uid_n));
	return db_run(stmt);
}

hsm_rc store_put_options(struct store *s, uint16_t options, uint8_t domains)
{
	sqlite3_stmt *stmt;

	TRY(db_sql(s, SQL_PUT_OPTIONS, &stmt));
	sqlite3_bind_int(stmt, 1, options);
	sqlite3_bind_int(stmt, 2, domains);
	return db_run(stmt);
}

hsm_rc store_put_pka(struct store *s, uint8_t total, uint8_t required, struct rd token_key)
{
	sqlite3_stmt *stmt;

	TRY(db_sql(s, SQL_PUT_PKA, &stmt));
	sqlite3_bind_int(stmt, 1, total);
	sqlite3_bind_int(stmt, 2, required);
	if (token_key.n != 0)
		db_bind_blob(stmt, 3, token_key);
	return db_run(stmt);
}

hsm_rc store_put_pka_key(struct store *s, uint8_t number, struct rd chr, struct rd key)
{
	sqlite3_stmt *stmt;
	int64_t rev;

	TRY(next_rev(s, &rev));
	TRY(db_sql(s, SQL_PUT_PKA_KEY, &stmt));
	sqlite3_bind_int(stmt, 1, number);
	sqlite3_bind_int64(stmt, 2, rev);
	db_bind_blob(stmt, 3, chr);
	db_bind_blob(stmt, 4, key);
	return db_run(stmt);
}

static hsm_rc delete_row(struct store *s, enum db_sql which, int id)
{
	sqlite3_stmt *stmt;

	TRY(db_sql(s, which, &stmt));
	sqlite3_bind_int(stmt, 1, id);
	TRY(db_run(stmt));
	return sqlite3_changes(s->db) == 1 ? HSM_OK : HSM_E_NO_FILE;
}

hsm_rc store_delete_file(struct store *s, uint16_t fid)
{
	return delete_row(s, SQL_DELETE_FILE, fid);
}

hsm_rc store_delete_kek(struct store *s, uint8_t domain)
{
	return delete_row(s, SQL_DELETE_KEK, domain);
}

hsm_rc store_delete_key(struct store *s, uint8_t kid)
{
	return delete_row(s, SQL_DELETE_KEY, kid);
}

hsm_rc store_wipe(struct store *s)
{
	TRY(db_do(s, SQL_WIPE_FILES));
	TRY(db_do(s, SQL_WIPE_KEYS));
	TRY(db_do(s, SQL_WIPE_KEK));
	TRY(db_do(s, SQL_WIPE_PKA));
	TRY(store_put_pka(s, 0, 0, rd_of(NULL, 0)));
	return db_do(s, SQL_WIPE_PIN);
}
