/* Why a device cannot be used, and what to do. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/log.h"
#include "transport/usb_bus.h"

enum { LINK_MAX = 256, COMM_MAX = 32 };

struct process {
	long pid;
	char name[COMM_MAX];
};

static const struct {
	const char *process, *advice;
} advices[] = {
	{ "pcscd", "use it through PC/SC, with an address pcsc:READER" },
	{ "scdaemon", "\"gpgconf --kill scdaemon\" frees it; \"disable-ccid\" in "
	              "~/.gnupg/scdaemon.conf makes GnuPG share it through PC/SC" },
	{ "", "one program can use it at a time; several can through PC/SC" },
};

static void read_name(struct process *p)
{
	char path[64];
	FILE *f;

	p->name[0] = '\0';
	snprintf(path, sizeof(path), "/proc/%ld/comm", p->pid);
	f = fopen(path, "re");
	if (f == NULL)
		return;
	if (fgets(p->name, sizeof(p->name), f) != NULL)
		p->name[strcspn(p->name, "\n")] = '\0';
	fclose(f);
}

static bool ends_with(const char *text, const char *end)
{
	const size_t n = strlen(text), k = strlen(end);

	return n >= k && strcmp(text + n - k, end) == 0;
}

static bool is_link_to(int dir, const char *name, const char *node)
{
	char target[LINK_MAX];
	ssize_t n = readlinkat(dir, name, target, sizeof(target) - 1);

	if (n <= 0)
		return false;
	target[n] = '\0';
	return ends_with(target, node);
}

/* Has the process the node open? Not to be seen of other users' processes. */
static bool has_open(long pid, const char *node)
{
	char path[64];
	const struct dirent *e;
	bool found = false;
	DIR *d;

	snprintf(path, sizeof(path), "/proc/%ld/fd", pid);
	d = opendir(path);
	if (d == NULL)
		return false;
	while (!found && (e = readdir(d)) != NULL)
		found = is_link_to(dirfd(d), e->d_name, node);
	closedir(d);
	return found;
}

/* The process that has the node open, or else one whose name tells that it may. */
static bool find_holder(const char *node, struct process *out, bool *sure)
{
	struct process p;
	const struct dirent *e;
	DIR *d = opendir("/proc");

	*out = (struct process){ 0 };
	*sure = false;
	while (d != NULL && !*sure && (e = readdir(d)) != NULL) {
		p.pid = strtol(e->d_name, NULL, 10);
		if (p.pid <= 0 || p.pid == (long)getpid())
			continue;
		read_name(&p);
		*sure = has_open(p.pid, node);
		if (*sure || strcmp(p.name, "pcscd") == 0)
			*out = p;
	}
	if (d != NULL)
		closedir(d);
	return out->pid != 0;
}

static const char *advice_for(const char *process)
{
	size_t i = 0;

	while (advices[i].process[0] != '\0' && strcmp(advices[i].process, process) != 0)
		i++;
	return advices[i].advice;
}

void usb_node(const struct usb_device *d, char out[USB_NODE_MAX])
{
	snprintf(out, USB_NODE_MAX, "/dev/bus/usb/%03u/%03u", d->bus, d->address);
}

/* The kernel names a driver "usbfs" when a program has claimed the interface. */
static bool is_claimed(const struct usb_device *d)
{
	char path[128], driver[LINK_MAX];
	ssize_t n;

	snprintf(path, sizeof(path), "/sys/bus/usb/devices/%s:%u.%u/driver", d->path,
	        d->configuration, d->function.interface);
	n = readlink(path, driver, sizeof(driver) - 1);
	if (n <= 0)
		return false;
	driver[n] = '\0';
	return ends_with(driver, "/usbfs");
}

hsm_rc usb_usable(const struct usb_device *d)
{
	char node[USB_NODE_MAX];

	usb_node(d, node);
	if (access(node, R_OK | W_OK) != 0)
		return errno == ENOENT ? HSM_E_NO_READER : HSM_E_USB_ACCESS;
	return is_claimed(d) && !has_open((long)getpid(), node) ? HSM_E_USB_BUSY : HSM_OK;
}

void usb_holder_say(const struct usb_device *d, const char *name)
{
	char node[USB_NODE_MAX];
	struct process p;
	bool sure;

	usb_node(d, node);
	if (find_holder(node, &p, &sure))
		log_say(LOG_ERROR, "usb:%s: %s, process %ld, %s it: %s", name, p.name, p.pid,
		        sure ? "holds" : "probably holds", advice_for(p.name));
	else
		log_say(LOG_ERROR, "usb:%s: another program holds it: %s", name, advice_for(""));
}

void usb_access_say(const struct usb_device *d, const char *name)
{
	char node[USB_NODE_MAX];

	usb_node(d, node);
	log_say(LOG_ERROR,
	        "usb:%s: no permission to use %s: the udev rule 60-twinhsm.rules gives it to who "
	        "sits at the machine, and to the group plugdev; "
	        "put it into /etc/udev/rules.d, then \"udevadm control --reload\" and plug the "
	        "device in again",
	        name, node);
}
