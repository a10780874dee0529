#include "front/usbip_vhci.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <unistd.h>

#include "base/log.h"
#include "front/usbip_session.h"

enum {
	FREE = 4, /* VDEV_ST_NULL */
	STATUS_MAX = 4096,
	PATH_N = 4096,
	REPLUG_MS = 1000, /* after it was unplugged */
	DEVID = USB_TWIN_BUS << 16 | USB_TWIN_DEVICE,
};

struct plug {
	struct usb_twin *twin;
	const char *port; /* borrowed; NULL: any */
	int fd;           /* our end */
};

/* ---- the controller ---- */

bool vhci_free_port(const char *status, unsigned *port)
{
	for (const char *line = status; line != NULL; line = strchr(line, '\n')) {
		unsigned number, state;

		line += *line == '\n';
		if (sscanf(line, "hs %u %u", &number, &state) == 2 && state == FREE &&
		        number >= *port) {
			*port = number;
			return true;
		}
	}
	return false;
}

/* Reads or writes a whole file of sysfs; an errno value. */
static int sysfs(const char *folder, const char *file, bool put, char *text, size_t n)
{
	char path[PATH_N];
	int fd, error = 0;
	ssize_t k;

	snprintf(path, sizeof(path), "%s/%s", folder, file);
	fd = open(path, (put ? O_WRONLY : O_RDONLY) | O_CLOEXEC);
	if (fd < 0)
		return errno;
	k = put ? write(fd, text, strlen(text)) : read(fd, text, n - 1);
	if (k < 0)
		error = errno;
	else if (!put)
		text[k] = '\0';
	close(fd);
	return error;
}

static int attach_at(const char *folder, unsigned port, int fd)
{
	char text[64];

	snprintf(text, sizeof(text), "%u %d %u %u", port, fd, DEVID, USBIP_SPEED_FULL);
	return sysfs(folder, "attach", true, text, sizeof(text));
}

/* Tries one free port after the other, as another program may be faster. EBUSY: there is none. */
static int attach_free(const char *folder, int fd, unsigned *used)
{
	char status[STATUS_MAX];
	int error = sysfs(folder, "status", false, status, sizeof(status));

	if (error != 0)
		return error;
	for (*used = 0; vhci_free_port(status, used); ++*used) {
		error = attach_at(folder, *used, fd);
		if (error != EBUSY)
			return error;
	}
	return EBUSY;
}

const char *vhci_attach(const char *folder, const char *port, int fd, unsigned *used)
{
	int error;

	if (port != NULL) {
		*used = (unsigned)strtoul(port, NULL, 10);
		error = attach_at(folder, *used, fd);
	} else {
		error = attach_free(folder, fd, used);
	}
	switch (error) {
	case 0:
		return NULL;
	case ENOENT:
		return "the kernel has no vhci_hcd, or it is not loaded (modprobe vhci-hcd)";
	case EACCES:
	case EPERM:
		return "no permission to plug in; root has it";
	case EBUSY:
		return port == NULL ? "no port is free" : "the port is in use";
	case EINVAL:
		return "there is no such port";
	default:
		return strerrordesc_np(error);
	}
}

/* ---- the device at it ---- */

/* A new connection to the controller; -1 after a message. */
static int plug_in(struct usb_twin *twin, const char *port)
{
	const char *why;
	unsigned used;
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) != 0) {
		log_say(LOG_ERROR, "%s: %s", twin->name, strerror(errno));
		return -1;
	}
	why = vhci_attach(VHCI_SYSFS, port, ends[1], &used);
	close(ends[1]);
	if (why == NULL) {
		log_say(LOG_INFO, "%s: plugged into port %u", twin->name, used);
		return ends[0];
	}
	log_say(LOG_ERROR, "%s: %s", twin->name, why);
	close(ends[0]);
	return -1;
}

/* Until the kernel lets it go; what a fault has unplugged is plugged in again. */
static void plug_run(struct front *f, void *arg)
{
	struct plug *p = arg;

	while (p->fd >= 0 && usb_twin_take(p->twin)) {
		usbip_session(&(struct stream){ f, p->fd, NULL, p->twin->name }, p->twin);
		close(p->fd);
		p->fd = -1;
		usb_twin_give_back(p->twin);
		if (p->twin->dev == NULL && front_wait(f, -1, 0, REPLUG_MS))
			p->fd = plug_in(p->twin, p->port);
	}
	if (p->fd >= 0)
		close(p->fd);
	free(p);
}

hsm_rc front_vhci(struct front *f, const char *port, const struct front_usb *usb)
{
	struct plug *p = calloc(1, sizeof(*p));
	hsm_rc rc;

	if (p == NULL)
		return HSM_E_MEMORY;
	p->port = port;
	p->fd = -1;
	rc = usb_twin_new(f, "vhci", usb, &p->twin);
	if (rc == HSM_OK) {
		p->fd = plug_in(p->twin, port);
		rc = p->fd < 0 ? HSM_E_IO : front_spawn(f, plug_run, p);
	}
	if (rc == HSM_OK)
		return HSM_OK;
	if (p->fd >= 0)
		close(p->fd);
	free(p);
	return rc;
}
