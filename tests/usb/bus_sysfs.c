#include "bus_sysfs.h"

enum { BUS = 1, MAJOR = 189, INTERFACE = 4, INTERFACE_LENGTH = 9 };

/* Where things are in the descriptors (USB 2.0, 9.6.1, 9.6.3, 9.6.5). */
enum {
	DEV_CLASS = 4,
	DEV_SUBCLASS = 5,
	DEV_PROTOCOL = 6,
	DEV_CONFIGURATIONS = 17,
	CFG_INTERFACES = 4,
	CFG_VALUE = 5,
	CFG_ATTRIBUTES = 7,
	CFG_POWER = 8,
	IF_NUMBER = 2,
	IF_ALTERNATE = 3,
	IF_ENDPOINTS = 4,
	IF_CLASS = 5,
	IF_SUBCLASS = 6,
	IF_PROTOCOL = 7,
};

char *bus_sysfs_path(const struct bus_place *p)
{
	return g_strdup_printf(
	        "/sys/devices/pci0000:00/0000:00:14.0/usb%d/%d-%u", BUS, BUS, p->port);
}

char *bus_node(const struct bus_place *p)
{
	return g_strdup_printf("/dev/bus/usb/%03d/%03u", BUS, p->devnum);
}

/* Takes the next first setting of an interface. */
static bool next_interface(struct rd *at, struct rd *out)
{
	while (at->n >= 2 && at->p[0] >= 2 && rd_take(at, at->p[0], out)) {
		if (out->p[1] == INTERFACE && out->n >= INTERFACE_LENGTH &&
		        out->p[IF_ALTERNATE] == 0)
			return true;
	}
	return false;
}

static char *interface_path(
        const struct bus_place *p, const struct ccid_dev_facts *facts, struct rd interface)
{
	g_autofree char *device = bus_sysfs_path(p);

	return g_strdup_printf("%s/%d-%u:%u.%u", device, BUS, p->port,
	        facts->configuration.p[CFG_VALUE], interface.p[IF_NUMBER]);
}

/* The P: line has the path below /sys. */
static void start(GString *text, const char *path, const char *type)
{
	g_string_append_printf(
	        text, "P: %s\nE: SUBSYSTEM=usb\nE: DEVTYPE=%s\n", path + strlen("/sys"), type);
}

static void product(GString *text, const struct ccid_dev_facts *facts)
{
	const uint8_t *d = facts->device.p;

	g_string_append_printf(text, "E: PRODUCT=%x/%x/%x\nE: TYPE=%u/%u/%u\n", facts->vid,
	        facts->pid, facts->bcd, d[DEV_CLASS], d[DEV_SUBCLASS], d[DEV_PROTOCOL]);
}

/* A line of sysfs ends with a newline, here written as two characters. */
#define LINE "\\n\n"

static void device_attributes(
        GString *text, const struct bus_place *p, const struct ccid_dev_facts *facts)
{
	const uint8_t *d = facts->device.p, *c = facts->configuration.p;

	g_string_append_printf(text,
	        "A: idVendor=%04x" LINE "A: idProduct=%04x" LINE "A: bcdDevice=%04x" LINE
	        "A: bDeviceClass=%02x" LINE "A: bDeviceSubClass=%02x" LINE
	        "A: bDeviceProtocol=%02x" LINE "A: bNumConfigurations=%u" LINE,
	        facts->vid, facts->pid, facts->bcd, d[DEV_CLASS], d[DEV_SUBCLASS], d[DEV_PROTOCOL],
	        d[DEV_CONFIGURATIONS]);
	g_string_append_printf(text,
	        "A: bNumInterfaces=%2u" LINE "A: bConfigurationValue=%u" LINE
	        "A: bmAttributes=%02x" LINE "A: bMaxPower=%umA" LINE,
	        c[CFG_INTERFACES], c[CFG_VALUE], c[CFG_ATTRIBUTES], c[CFG_POWER] * 2U);
	g_string_append_printf(text,
	        "A: busnum=%d" LINE "A: devnum=%u" LINE "A: speed=12" LINE "A: dev=%d:%u" LINE
	        "A: manufacturer=%s" LINE "A: product=%s" LINE "A: serial=%s" LINE,
	        BUS, p->devnum, MAJOR, p->devnum - 1, p->manufacturer, p->product, facts->serial);
}

static void hex(GString *text, struct rd bytes)
{
	for (size_t i = 0; i < bytes.n; i++)
		g_string_append_printf(text, "%02X", bytes.p[i]);
}

static void describe_interface(GString *text, const struct bus_place *p,
        const struct ccid_dev_facts *facts, struct rd interface)
{
	g_autofree char *path = interface_path(p, facts, interface);
	const uint8_t *i = interface.p;

	g_string_append_c(text, '\n');
	start(text, path, "usb_interface");
	product(text, facts);
	g_string_append_printf(
	        text, "E: INTERFACE=%u/%u/%u\n", i[IF_CLASS], i[IF_SUBCLASS], i[IF_PROTOCOL]);
	g_string_append_printf(text,
	        "A: bInterfaceNumber=%02x" LINE "A: bAlternateSetting=%2u" LINE
	        "A: bNumEndpoints=%02x" LINE "A: bInterfaceClass=%02x" LINE
	        "A: bInterfaceSubClass=%02x" LINE "A: bInterfaceProtocol=%02x" LINE,
	        i[IF_NUMBER], i[IF_ALTERNATE], i[IF_ENDPOINTS], i[IF_CLASS], i[IF_SUBCLASS],
	        i[IF_PROTOCOL]);
}

GString *bus_describe(const struct bus_place *p, const struct ccid_dev_facts *facts)
{
	GString *text = g_string_new(NULL);
	g_autofree char *path = bus_sysfs_path(p), *node = bus_node(p);
	struct rd at = facts->configuration, interface;

	start(text, path, "usb_device");
	product(text, facts);
	g_string_append_printf(text,
	        "E: DEVNAME=%s\nE: BUSNUM=%03d\nE: DEVNUM=%03u\nE: MAJOR=%d\nE: MINOR=%u\n"
	        "E: ID_VENDOR_ID=%04x\nE: ID_MODEL_ID=%04x\n",
	        node, BUS, p->devnum, MAJOR, p->devnum - 1, facts->vid, facts->pid);
	device_attributes(text, p, facts);
	g_string_append(text, "H: descriptors=");
	hex(text, facts->device);
	hex(text, facts->configuration);
	g_string_append_c(text, '\n');
	while (next_interface(&at, &interface))
		describe_interface(text, p, facts, interface);
	return text;
}

char **bus_interfaces(const struct bus_place *p, const struct ccid_dev_facts *facts)
{
	GPtrArray *paths = g_ptr_array_new();
	struct rd at = facts->configuration, interface;

	while (next_interface(&at, &interface))
		g_ptr_array_add(paths, interface_path(p, facts, interface));
	g_ptr_array_add(paths, NULL);
	return (char **)g_ptr_array_free(paths, FALSE);
}
