/* Have devices come or gone? By the files that stand for them, which the kernel makes and removes
 * also where no udev tells anybody. */
#include <dirent.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "transport/usb_bus.h"

#define NODES "/dev/bus/usb"

struct usb_watch {
	struct tp_watch watch;
	uint64_t seen; /* digest of what was there */
	bool begun;
};

/* FNV-1a */
static void mix(uint64_t *digest, const void *bytes, size_t n)
{
	const uint8_t *p = bytes;

	for (size_t i = 0; i < n; i++)
		*digest = (*digest ^ p[i]) * 0x100000001B3;
}

/* Permissions come a moment after the file, so they count. */
static uint64_t digest_node(int dir, const char *bus, const char *name)
{
	uint64_t digest = 0xCBF29CE484222325;
	struct stat s;

	mix(&digest, bus, strlen(bus));
	mix(&digest, name, strlen(name));
	if (fstatat(dir, name, &s, 0) == 0) {
		mix(&digest, &s.st_mode, sizeof(s.st_mode));
		mix(&digest, &s.st_ctim.tv_sec, sizeof(s.st_ctim.tv_sec));
		mix(&digest, &s.st_ctim.tv_nsec, sizeof(s.st_ctim.tv_nsec));
	}
	return digest;
}

/* In whatever order they come. */
static uint64_t digest_bus(int dir, const char *bus)
{
	int fd = openat(dir, bus, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	DIR *d = fd < 0 ? NULL : fdopendir(fd);
	const struct dirent *e;
	uint64_t sum = 0;

	if (d == NULL) {
		if (fd >= 0)
			close(fd);
		return 0;
	}
	while ((e = readdir(d)) != NULL) {
		if (e->d_name[0] != '.')
			sum += digest_node(dirfd(d), bus, e->d_name);
	}
	closedir(d);
	return sum;
}

static uint64_t digest_all(void)
{
	DIR *d = opendir(NODES);
	const struct dirent *e;
	uint64_t sum = 0;

	while (d != NULL && (e = readdir(d)) != NULL) {
		if (e->d_name[0] != '.')
			sum += digest_bus(dirfd(d), e->d_name);
	}
	if (d != NULL)
		closedir(d);
	return sum;
}

hsm_rc usb_watch(bool wake, struct tp_watch **out)
{
	struct usb_watch *w = calloc(1, sizeof(*w));

	(void)wake;
	if (w == NULL)
		return HSM_E_MEMORY;
	w->watch.ops = &tp_usb;
	*out = &w->watch;
	return HSM_OK;
}

bool usb_changed(struct tp_watch *watch)
{
	struct usb_watch *w = (struct usb_watch *)watch;
	const uint64_t now = digest_all();
	const bool changed = !w->begun || now != w->seen;

	w->begun = true;
	w->seen = now;
	return changed;
}

void usb_unwatch(struct tp_watch *watch)
{
	free(watch);
}
