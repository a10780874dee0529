#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/ossl.h"
#include "base/text.h"
#include "store/db.h"

/* Where a file is made before it gets its name: beside it, so that a link can follow. */
struct place {
	char folder[PATH_MAX]; /* absolute */
	char final[PATH_MAX];
	char temporary[PATH_MAX];
};

static hsm_rc place_make(const char *path, struct place *p)
{
	char copy_folder[PATH_MAX], copy_name[PATH_MAX], random[2 * 8 + 1];
	uint8_t bytes[8];
	const size_t n = strlen(path);
	int len_final, len_temporary;

	if (n == 0 || n >= PATH_MAX || path[n - 1] == '/')
		return HSM_E_TOKEN_MISSING;
	memcpy(copy_folder, path, n + 1);
	memcpy(copy_name, path, n + 1);
	if (realpath(dirname(copy_folder), p->folder) == NULL)
		return errno_rc(errno);
	TRY(ossl_random(bytes, sizeof(bytes)));
	TRY(hex_put(rd_of(bytes, sizeof(bytes)), random, sizeof(random)));
	len_final = snprintf(p->final, PATH_MAX, "%s/%s", p->folder, basename(copy_name));
	len_temporary = snprintf(p->temporary, PATH_MAX, "%s/.twinhsm-%s", p->folder, random);
	return len_final >= PATH_MAX || len_temporary >= PATH_MAX ? HSM_E_TOKEN_ACCESS : HSM_OK;
}

static hsm_rc make_private(const char *path)
{
	const int fd = open(path, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, S_IRUSR | S_IWUSR);

	if (fd < 0)
		return errno_rc(errno);
	close(fd);
	return HSM_OK;
}

static hsm_rc make_database(const char *path, const struct store_factory *f)
{
	struct store *s;
	hsm_rc rc;

	TRY(db_open(path, &s));
	rc = db_configure(s);
	if (rc == HSM_OK)
		rc = schema_create(s, f);
	store_close(s);
	return rc;
}

static hsm_rc sync_folder(const char *path)
{
	const int fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	hsm_rc rc;

	if (fd < 0)
		return errno_rc(errno);
	rc = fsync(fd) == 0 ? HSM_OK : HSM_E_IO;
	close(fd);
	return rc;
}

hsm_rc store_create(const char *path, const struct store_factory *f)
{
	struct place place;
	hsm_rc rc;

	TRY(place_make(path, &place));
	TRY(make_private(place.temporary));
	rc = make_database(place.temporary, f);
	/* A link, unlike a rename, never replaces what is there. */
	if (rc == HSM_OK && link(place.temporary, place.final) != 0)
		rc = errno_rc(errno);
	unlink(place.temporary);
	return rc == HSM_OK ? sync_folder(place.folder) : rc;
}
