#include "emu_file.h"

#include <dirent.h>
#include <fcntl.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

void place_make(struct token_place *p)
{
	strcpy(p->folder, "/tmp/twinhsm-test-XXXXXX");
	assert_non_null(mkdtemp(p->folder));
	snprintf(p->path, sizeof(p->path), "%s/card.token", p->folder);
}

void place_create(struct token_place *p, enum emu_kdf kdf)
{
	place_make(p);
	assert_int_equal(emu_create(p->path, &(struct emu_make){ .kdf = kdf }), HSM_OK);
}

void place_ready(struct token_place *p, enum emu_kdf kdf)
{
	place_ready_as(p, &(struct emu_make){ .kdf = kdf });
}

void place_ready_as(struct token_place *p, const struct emu_make *make)
{
	struct emu_bench *b;

	place_make(p);
	assert_int_equal(emu_create(p->path, make), HSM_OK);
	b = emu_bench_open(p->path);
	EMU(b, INIT_CMD, 0x9000, "");
	emu_bench_free(b);
}

static unsigned each(const char *folder, bool remove)
{
	DIR *dir = opendir(folder);
	struct dirent *entry;
	unsigned n = 0;

	assert_non_null(dir);
	while ((entry = readdir(dir)) != NULL) {
		if (strcmp(entry->d_name, ".") == 0 || strcmp(entry->d_name, "..") == 0)
			continue;
		n++;
		if (remove)
			assert_int_equal(unlinkat(dirfd(dir), entry->d_name, 0), 0);
	}
	closedir(dir);
	return n;
}

unsigned place_count(const struct token_place *p)
{
	return each(p->folder, false);
}

unsigned place_remove(struct token_place *p)
{
	const unsigned n = each(p->folder, true);

	assert_int_equal(rmdir(p->folder), 0);
	return n;
}

struct emu_bench *emu_bench_open(const char *path)
{
	struct emu_bench *b = calloc(1, sizeof(*b));

	assert_non_null(b);
	b->owns_card = true;
	assert_int_equal(emu_open(path, &b->card), HSM_OK);
	assert_int_equal(emu_lane_new(b->card, &b->lane), HSM_OK);
	EMU(b, SELECT_CMD, 0x9000, NULL);
	return b;
}

void check_open(const char *path, hsm_rc want, const char *file, int line)
{
	struct emu_card *card = NULL;
	struct emu_info info;
	const hsm_rc rc = emu_open(path, &card);

	if (rc == HSM_OK)
		emu_close(card);
	if (rc == want && emu_inspect(path, &info) == want)
		return;
	print_error("%s: %s instead of %s\n", path, rc_name(rc), rc_name(want));
	_fail(file, line);
}

void file_read(const char *path, struct buf *out)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	struct stat st;

	assert_true(fd >= 0);
	assert_int_equal(fstat(fd, &st), 0);
	assert_int_equal(buf_reserve(out, (size_t)st.st_size + 1), HSM_OK);
	assert_int_equal(read(fd, out->p, (size_t)st.st_size), st.st_size);
	out->n = (size_t)st.st_size;
	close(fd);
}

void file_write(const char *path, struct rd bytes)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	assert_true(fd >= 0);
	assert_int_equal(write(fd, bytes.p, bytes.n), (ssize_t)bytes.n);
	close(fd);
}

void file_sql(const char *path, const char *text)
{
	sqlite3 *db = NULL;
	char *message = NULL;

	assert_int_equal(sqlite3_open(path, &db), SQLITE_OK);
	sqlite3_db_config(db, SQLITE_DBCONFIG_WRITABLE_SCHEMA, 1, NULL);
	if (sqlite3_exec(db, text, NULL, NULL, &message) != SQLITE_OK) {
		print_error("%s\n", message);
		fail();
	}
	assert_int_equal(sqlite3_close(db), SQLITE_OK);
}
