#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "twinhsm-emu.h"

/* The absolute path of a file that does not exist yet. */
static int place_of_file(struct place *p, const char *file)
{
	char folder[PATH_MAX];
	const char *slash = strrchr(file, '/');
	int n;

	if (slash == NULL) {
		n = snprintf(folder, sizeof(folder), ".");
		slash = file - 1;
	} else {
		n = snprintf(folder, sizeof(folder), "%.*s/", (int)(slash - file), file);
	}
	if (n >= (int)sizeof(folder) || realpath(folder, p->dir) == NULL)
		return ui_fail("%s: no such folder", file);
	n = snprintf(p->file, sizeof(p->file), "%s/%s", p->dir, slash + 1);
	p->dir[0] = '\0';
	return n < (int)sizeof(p->file) ? 0 : ui_fail("%s: the path is too long", file);
}

static int place_of_own(struct place *p)
{
	const char *tmp = getenv("TMPDIR");
	int n;

	n = snprintf(p->dir, sizeof(p->dir), "%s/twinhsm-XXXXXX",
	        tmp != NULL && tmp[0] == '/' ? tmp : "/tmp");
	if (n >= (int)sizeof(p->dir))
		return ui_fail("TMPDIR is too long");
	if (mkdtemp(p->dir) == NULL)
		return ui_fail("no temporary folder %s: %s", p->dir, strerror(errno));
	n = snprintf(p->file, sizeof(p->file), "%s/card.token", p->dir);
	return n < (int)sizeof(p->file) ? 0 : ui_fail("TMPDIR is too long");
}

void place_remove(const struct place *p)
{
	DIR *dir = p->dir[0] != '\0' ? opendir(p->dir) : NULL;
	struct dirent *e;

	if (dir == NULL)
		return;
	while ((e = readdir(dir)) != NULL)
		(void)unlinkat(dirfd(dir), e->d_name, 0);
	closedir(dir);
	if (rmdir(p->dir) != 0)
		ui_fail("%s: could not be removed: %s", p->dir, strerror(errno));
}

int place_make(struct place *p, const char *file)
{
	int status = file != NULL ? place_of_file(p, file) : place_of_own(p);

	if (status == 0 && strchr(p->file, ',') != NULL) {
		place_remove(p);
		status = ui_fail("%s: a path in TWINHSM_CARDS cannot have a comma", p->file);
	}
	return status;
}
