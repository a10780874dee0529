/* How a device and its interfaces look in sysfs and udev's database, in umockdev's words. */
#ifndef TWINHSM_TEST_USB_BUS_SYSFS_H
#define TWINHSM_TEST_USB_BUS_SYSFS_H

#include <glib.h>

#include "front/ccid_dev.h"

struct bus_place {
	unsigned port, devnum;
	const char *manufacturer, *product;
};

/* The name of the device in sysfs and of its node. To be freed with g_free. */
char *bus_sysfs_path(const struct bus_place *p);
char *bus_node(const struct bus_place *p);

/* The whole description. */
GString *bus_describe(const struct bus_place *p, const struct ccid_dev_facts *facts);

/* The names in sysfs of the interfaces, NULL at the end. To be freed with g_strfreev. */
char **bus_interfaces(const struct bus_place *p, const struct ccid_dev_facts *facts);

#endif
