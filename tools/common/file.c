#include "file.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "ui.h"

/* ---- reading ---- */

/* Until the end, or one byte more than may be. */
static hsm_rc read_all(int fd, size_t max, struct buf *out)
{
	ssize_t n;

	TRY(buf_reserve(out, max + 1));
	while (out->n <= max && (n = read(fd, out->p + out->n, max + 1 - out->n)) != 0) {
		if (n > 0)
			out->n += (size_t)n;
		else if (errno != EINTR)
			return HSM_E_IO;
	}
	return out->n > max ? HSM_E_BAD_LEN : HSM_OK;
}

hsm_rc file_read(const char *path, size_t max, struct buf *out)
{
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	hsm_rc rc;

	out->n = 0;
	if (fd < 0)
		return HSM_E_IO;
	rc = read_all(fd, max, out);
	close(fd);
	return rc;
}

/* ---- writing ---- */

static hsm_rc write_all(int fd, struct rd r)
{
	while (r.n != 0) {
		const ssize_t n = write(fd, r.p, r.n);

		if (n < 0 && errno != EINTR)
			return HSM_E_IO;
		if (n > 0) {
			r.p += n;
			r.n -= (size_t)n;
		}
	}
	return HSM_OK;
}

/* A link never replaces, a rename does. */
static hsm_rc give_name(const char *from, const char *to, bool replace)
{
	if (replace)
		return rename(from, to) == 0 ? HSM_OK : HSM_E_IO;
	if (link(from, to) == 0) {
		unlink(from);
		return HSM_OK;
	}
	return errno == EEXIST ? HSM_E_EXISTS : HSM_E_IO;
}

static void sync_folder(const char *path)
{
	char copy[PATH_MAX];
	int fd;

	memcpy(copy, path, strlen(path) + 1);
	fd = open(dirname(copy), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return;
	(void)!fsync(fd);
	close(fd);
}

/* What is no ordinary file (a terminal, a pipe) is written to as it is. */
static hsm_rc write_special(const char *path, struct rd content)
{
	const int fd = open(path, O_WRONLY | O_CLOEXEC);
	hsm_rc rc;

	if (fd < 0)
		return HSM_E_IO;
	rc = write_all(fd, content);
	close(fd);
	return rc;
}

static hsm_rc write_new(const char *path, struct rd content, bool replace)
{
	char temporary[PATH_MAX];
	hsm_rc rc;
	int fd;

	if (snprintf(temporary, sizeof(temporary), "%s.XXXXXX", path) >= (int)sizeof(temporary)) {
		errno = ENAMETOOLONG;
		return HSM_E_IO;
	}
	fd = mkostemp(temporary, O_CLOEXEC);
	if (fd < 0)
		return HSM_E_IO;
	rc = write_all(fd, content);
	if (rc == HSM_OK && fsync(fd) != 0)
		rc = HSM_E_IO;
	if (close(fd) != 0)
		rc = HSM_E_IO;
	if (rc == HSM_OK)
		rc = give_name(temporary, path, replace);
	if (rc != HSM_OK) {
		const int error = errno;

		unlink(temporary);
		errno = error;
		return rc;
	}
	sync_folder(path);
	return HSM_OK;
}

hsm_rc file_write(const char *path, struct rd content, bool replace)
{
	struct stat st;

	if (stat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return write_special(path, content);
	return write_new(path, content, replace);
}

/* ---- with messages ---- */

int file_load(const char *path, size_t max, struct buf *out)
{
	const hsm_rc rc = file_read(path, max, out);

	if (rc == HSM_E_IO)
		return ui_fail("%s: %s", path, strerror(errno));
	if (rc == HSM_E_BAD_LEN)
		return ui_fail("%s: the file is too long to be what it should be", path);
	return rc == HSM_OK ? 0 : ui_fail("%s: %s", path, rc_text(rc));
}

int file_save(const char *path, struct rd content, bool replace)
{
	const hsm_rc rc = file_write(path, content, replace);

	if (rc == HSM_E_IO)
		return ui_fail("%s: %s", path, strerror(errno));
	if (rc == HSM_E_EXISTS)
		return ui_fail("%s: the file exists already; nothing was written", path);
	return rc == HSM_OK ? 0 : ui_fail("%s: %s", path, rc_text(rc));
}
