#include "folder.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "base/ossl.h"
#include "common/file.h"
#include "common/ui.h"

#define MANIFEST "manifest.json"

enum { OWNER_ONLY = 0700, SUFFIX = 7 /* ".XXXXXX" of a file that is not finished */ };

/* ---- the folder ---- */

static int folder_fail(const struct folder *f)
{
	return ui_fail("%s: %s", f->path, strerror(errno));
}

static int open_locked(struct folder *f, int lock)
{
	f->fd = open(f->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (f->fd < 0)
		return folder_fail(f);
	if (flock(f->fd, lock | LOCK_NB) == 0)
		return 0;
	return errno == EWOULDBLOCK ? ui_fail("%s: another process works on this backup", f->path)
	                            : folder_fail(f);
}

int folder_open_read(struct folder *f, const char *path)
{
	*f = (struct folder){ .path = path, .fd = -1 };
	return open_locked(f, LOCK_SH);
}

int folder_open_write(struct folder *f, const char *path)
{
	*f = (struct folder){ .path = path, .fd = -1 };
	if (mkdir(path, OWNER_ONLY) != 0 && errno != EEXIST)
		return folder_fail(f);
	return open_locked(f, LOCK_EX);
}

void folder_close(struct folder *f)
{
	if (f->path != NULL && f->fd >= 0)
		close(f->fd);
	*f = (struct folder){ .fd = -1 };
}

/* Did file_write not come to its end with a file of ours? */
static bool is_unfinished(const char *name)
{
	char before[NAME_MAX + 1];
	const size_t n = strlen(name);

	if (n <= SUFFIX || name[n - SUFFIX] != '.')
		return false;
	snprintf(before, sizeof(before), "%.*s", (int)(n - SUFFIX), name);
	return strcmp(before, MANIFEST) == 0 || item_is_name(before);
}

static bool is_dots(const char *name)
{
	return strcmp(name, ".") == 0 || strcmp(name, "..") == 0;
}

const char *folder_stranger(const struct folder *f, char *name, size_t cap)
{
	DIR *dir = opendir(f->path);
	const struct dirent *e;
	const char *found = NULL;

	while (dir != NULL && found == NULL && (e = readdir(dir)) != NULL) {
		if (is_dots(e->d_name) || is_unfinished(e->d_name))
			continue;
		ui_clean(rd_str(e->d_name), name, cap);
		found = name;
	}
	if (dir != NULL)
		closedir(dir);
	return found;
}

static bool is_wanted(const struct manifest *m, const char *name)
{
	char known[ITEM_NAME_MAX];

	for (size_t i = 0; i < m->items_n; i++) {
		if (item_name(m->items[i].fid, known) && strcmp(known, name) == 0)
			return true;
	}
	return false;
}

void folder_tidy(const struct folder *f, const struct manifest *m)
{
	DIR *dir = opendir(f->path);
	const struct dirent *e;

	if (dir == NULL)
		return;
	while ((e = readdir(dir)) != NULL) {
		if (is_unfinished(e->d_name) ||
		        (item_is_name(e->d_name) && !is_wanted(m, e->d_name)))
			(void)unlinkat(dirfd(dir), e->d_name, 0);
	}
	closedir(dir);
	(void)fsync(f->fd);
}

/* ---- files ---- */

static int path_of(const struct folder *f, const char *name, char path[PATH_MAX])
{
	const int n = snprintf(path, PATH_MAX, "%s/%s", f->path, name);

	return n < PATH_MAX ? 0 : ui_fail("%s: the path is too long", f->path);
}

/* A pipe or a link in place of a file is nothing that a backup has. */
static bool is_plain_file(const char *path)
{
	struct stat st;

	return lstat(path, &st) == 0 && S_ISREG(st.st_mode);
}

static int save(const struct folder *f, const char *name, struct rd content)
{
	char path[PATH_MAX];
	struct stat st;

	if (path_of(f, name, path) != 0)
		return EXIT_FAILURE;
	if (lstat(path, &st) == 0 && !S_ISREG(st.st_mode))
		return ui_fail("%s: there is something else than a file; remove it", path);
	return file_save(path, content, true);
}

hsm_rc digest_of(struct rd bytes, uint8_t out[MANIFEST_DIGEST])
{
	return EVP_Digest(bytes.p, bytes.n, out, NULL, ossl_md("SHA256"), NULL) == 1 ? HSM_OK
	                                                                             : HSM_E_FAIL;
}

static bool is_content(const struct item *item, struct rd content)
{
	uint8_t digest[MANIFEST_DIGEST];

	return content.n == item->size && digest_of(content, digest) == HSM_OK &&
	       memcmp(digest, item->sha256, sizeof(digest)) == 0;
}

bool folder_has_item(const struct folder *f, const struct item *item, struct buf *out)
{
	char name[ITEM_NAME_MAX], path[PATH_MAX];

	return item_name(item->fid, name) && path_of(f, name, path) == 0 && is_plain_file(path) &&
	       file_read(path, ITEM_SIZE_MAX, out) == HSM_OK && is_content(item, buf_rd(out));
}

int folder_load_item(const struct folder *f, const struct item *item, struct buf *out)
{
	char name[ITEM_NAME_MAX], path[PATH_MAX];
	struct stat st;
	int status;

	if (!item_name(item->fid, name) || path_of(f, name, path) != 0)
		return EXIT_FAILURE;
	if (lstat(path, &st) != 0)
		return ui_fail("%s: %s", path, strerror(errno));
	if (!S_ISREG(st.st_mode))
		return ui_fail("%s: this is not an ordinary file", path);
	status = file_load(path, ITEM_SIZE_MAX, out);
	if (status == 0 && !is_content(item, buf_rd(out)))
		return ui_fail("%s: the file is not the one that was written: its size or SHA-256 "
		               "is not that of the manifest",
		        path);
	return status;
}

int folder_save_item(const struct folder *f, struct item *item, struct rd content)
{
	char name[ITEM_NAME_MAX];

	if (!item_name(item->fid, name) || digest_of(content, item->sha256) != HSM_OK)
		return ui_fail("%s: %s", f->path, rc_text(HSM_E_FAIL));
	item->size = (uint32_t)content.n;
	return save(f, name, content);
}

/* ---- the manifest ---- */

bool folder_has_manifest(const struct folder *f)
{
	char path[PATH_MAX];
	struct stat st;

	return path_of(f, MANIFEST, path) == 0 && lstat(path, &st) == 0;
}

int folder_load(const struct folder *f, struct manifest *out)
{
	char path[PATH_MAX], fault[160];
	AUTO_BUF text = { 0 };
	const char *wrong;

	if (path_of(f, MANIFEST, path) != 0)
		return EXIT_FAILURE;
	if (!folder_has_manifest(f))
		return ui_fail("%s: this is no backup: it has no %s", f->path, MANIFEST);
	if (!is_plain_file(path))
		return ui_fail("%s: this is not an ordinary file", path);
	if (file_load(path, MANIFEST_MAX, &text) != 0)
		return EXIT_FAILURE;
	wrong = manifest_parse(buf_rd(&text), out, fault, sizeof(fault));
	if (wrong == NULL)
		return 0;
	manifest_free(out);
	return ui_fail("%s: the manifest is damaged: %s", path, wrong);
}

static void set_date(struct manifest *m)
{
	const time_t now = time(NULL);
	struct tm utc;

	if (gmtime_r(&now, &utc) != NULL)
		strftime(m->date, sizeof(m->date), "%Y-%m-%dT%H:%M:%SZ", &utc);
}

int folder_save(const struct folder *f, struct manifest *m)
{
	AUTO_BUF text = { 0 };
	hsm_rc rc;

	set_date(m);
	rc = manifest_build(m, &text);
	if (rc == HSM_OK && text.n > MANIFEST_MAX)
		rc = HSM_E_BAD_LEN;
	return rc == HSM_OK ? save(f, MANIFEST, buf_rd(&text))
	                    : ui_fail("%s: no manifest was written: %s", f->path, rc_text(rc));
}
