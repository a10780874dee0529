#include "bus.h"

#include <stdio.h>
#include <sys/stat.h>

#include "bus_sysfs.h"
#include "front/ccid_fault.h"
#include "front/trace.h"
#include "usbfs.h"

enum { PORTS = 31 };

struct plugged {
	struct bus *bus;
	struct usbfs *usbfs;
	struct ccid_faults *faults;
	struct trace *trace; /* NULL: none */
	char *token;
	struct stat file; /* that it was */
	struct bus_place place;
	char manufacturer[64], product[64];
};

struct bus {
	UMockdevTestbed *testbed;
	struct plugged *ports[PORTS + 1];
	GPtrArray *all; /* programs may still have open what was pulled out */
	unsigned devnum;
};

static void plugged_free(gpointer arg)
{
	struct plugged *p = arg;

	usbfs_free(p->usbfs);
	ccid_faults_free(p->faults);
	trace_close(p->trace);
	g_free(p->token);
	g_free(p);
}

struct bus *bus_new(void)
{
	struct bus *b = g_new0(struct bus, 1);

	b->testbed = umockdev_testbed_new();
	b->all = g_ptr_array_new_with_free_func(plugged_free);
	b->devnum = 1; /* the root hub's */
	return b;
}

void bus_free(struct bus *b)
{
	g_ptr_array_unref(b->all);
	g_object_unref(b->testbed);
	g_free(b);
}

/* The path of `node` in the testbed. */
static char *real_path(const struct bus *b, const char *node)
{
	g_autofree char *root = umockdev_testbed_get_root_dir(b->testbed);

	return g_build_filename(root, node, NULL);
}

/* As the kernel and udev do it: events while sysfs is there, interfaces first. */
static void remove_device(void *arg)
{
	struct plugged *p = arg;
	UMockdevTestbed *testbed = p->bus->testbed;
	g_autofree char *path = bus_sysfs_path(&p->place), *node = bus_node(&p->place);
	g_autofree char *real = real_path(p->bus, node);
	g_auto(GStrv) interfaces = bus_interfaces(&p->place, usbfs_facts(p->usbfs));

	for (char **at = interfaces; *at != NULL; at++) {
		umockdev_testbed_uevent(testbed, *at, "remove");
		umockdev_testbed_remove_device(testbed, *at);
	}
	umockdev_testbed_uevent(testbed, path, "remove");
	umockdev_testbed_remove_device(testbed, path);
	remove(real);
	p->bus->ports[p->place.port] = NULL;
}

static void read_strings(struct plugged *p)
{
	const uint8_t *device = usbfs_facts(p->usbfs)->device.p;

	usbfs_string(p->usbfs, device[14], p->manufacturer, sizeof(p->manufacturer));
	usbfs_string(p->usbfs, device[15], p->product, sizeof(p->product));
	p->place.manufacturer = p->manufacturer;
	p->place.product = p->product;
}

/* The node and its ioctls are there when the event that a device was added is sent. */
static bool add_device(struct plugged *p)
{
	UMockdevTestbed *testbed = p->bus->testbed;
	g_autofree char *node = bus_node(&p->place), *real = real_path(p->bus, node);
	g_autofree char *folder = g_path_get_dirname(real);
	g_autoptr(GString) text = bus_describe(&p->place, usbfs_facts(p->usbfs));
	g_autoptr(GError) error = NULL;

	if (g_mkdir_with_parents(folder, 0755) != 0 || !usbfs_make_node(p->usbfs, real)) {
		perror(real);
		return false;
	}
	if (!umockdev_testbed_attach_ioctl(testbed, node, usbfs_ioctls(p->usbfs), &error) ||
	        !umockdev_testbed_add_from_string(testbed, text->str, &error)) {
		fprintf(stderr, "%s\n", error->message);
		return false;
	}
	return true;
}

/* Opens what the token file is, and what goes with it. */
static hsm_rc make_device(struct plugged *p, const struct bus_token *what)
{
	struct ccid_dev_setup setup = {
		.token = what->path, .model = what->model, .session = p->place.port
	};
	const char *faults = what->faults == NULL ? "" : what->faults;

	TRY(ccid_faults_parse(rd_str(faults), &p->faults));
	if (what->trace != NULL)
		TRY(trace_open(what->trace, &p->trace));
	setup.faults = p->faults;
	setup.trace = p->trace;
	return usbfs_new(&setup, remove_device, p, &p->usbfs);
}

hsm_rc bus_plug(struct bus *b, const struct bus_token *what, unsigned *port)
{
	struct plugged *p;
	hsm_rc rc;

	for (*port = 1; *port <= PORTS && b->ports[*port] != NULL; ++*port)
		;
	if (*port > PORTS)
		return HSM_E_FULL;
	p = g_new0(struct plugged, 1);
	p->bus = b;
	p->token = g_strdup(what->path);
	(void)stat(what->path, &p->file);
	p->place.port = *port;
	p->place.devnum = ++b->devnum;
	rc = make_device(p, what);
	if (rc != HSM_OK) {
		plugged_free(p);
		return rc;
	}
	g_ptr_array_add(b->all, p);
	read_strings(p);
	if (!add_device(p))
		return HSM_E_IO;
	b->ports[*port] = p;
	return HSM_OK;
}

bool bus_unplug(struct bus *b, unsigned port)
{
	if (port > PORTS || b->ports[port] == NULL)
		return false;
	usbfs_unplug(b->ports[port]->usbfs);
	return true;
}

const char *bus_serial(const struct bus *b, unsigned port)
{
	return port > PORTS || b->ports[port] == NULL ? NULL
	                                              : usbfs_facts(b->ports[port]->usbfs)->serial;
}

unsigned bus_messages(const struct bus *b, unsigned port)
{
	const struct ccid_faults *f;

	if (port > PORTS || b->ports[port] == NULL)
		return 0;
	f = b->ports[port]->faults;
	return ccid_faults_in(f) + ccid_faults_out(f);
}

unsigned bus_port_of(const struct bus *b, const char *token, bool *same)
{
	struct stat now;

	for (unsigned port = 1; port <= PORTS; port++) {
		const struct plugged *p = b->ports[port];

		if (p == NULL || strcmp(p->token, token) != 0)
			continue;
		*same = stat(token, &now) == 0 && now.st_dev == p->file.st_dev &&
		        now.st_ino == p->file.st_ino;
		return port;
	}
	return 0;
}
