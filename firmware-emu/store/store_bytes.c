#include <string.h>

#include "store/db.h"

/* Takes over nothing: SQLite gets a copy of its own. */
static hsm_rc put_bytes(struct store *s, struct rd bytes)
{
	const unsigned flags = SQLITE_DESERIALIZE_FREEONCLOSE | SQLITE_DESERIALIZE_RESIZEABLE;
	unsigned char *copy = sqlite3_malloc64(bytes.n + 1);

	if (copy == NULL)
		return HSM_E_MEMORY;
	if (bytes.n != 0)
		memcpy(copy, bytes.p, bytes.n);
	TRY(db_rc(sqlite3_deserialize(
	        s->db, "main", copy, (sqlite3_int64)bytes.n, (sqlite3_int64)bytes.n, flags)));
	return db_rc(sqlite3_file_control(s->db, "main", SQLITE_FCNTL_FILE_POINTER, &s->file));
}

static hsm_rc open_bytes(struct store *s, struct rd bytes)
{
	TRY(put_bytes(s, bytes));
	TRY(file_check(s));
	s->file = NULL; /* which only one thread may read while another one writes */
	return HSM_OK;
}

hsm_rc store_open_bytes(struct rd bytes, struct store **out)
{
	struct store *s;
	hsm_rc rc;

	TRY(db_open(":memory:", &s));
	rc = open_bytes(s, bytes);
	if (rc != HSM_OK) {
		store_close(s);
		return rc;
	}
	*out = s;
	return HSM_OK;
}

hsm_rc store_bytes(struct store *s, struct buf *out)
{
	sqlite3_int64 n = 0;
	unsigned char *bytes;
	hsm_rc rc;

	TRY(db_do(s, SQL_BEGIN_READ));
	bytes = sqlite3_serialize(s->db, "main", &n, 0);
	store_rollback(s);
	if (bytes == NULL)
		return HSM_E_MEMORY;
	rc = buf_set(out, rd_of(bytes, (size_t)n));
	sqlite3_free(bytes);
	return rc;
}
