/* A simulated USB bus: umockdev's sysfs, udev database and events, with devices of usbfs.h. */
#ifndef TWINHSM_TEST_USB_BUS_H
#define TWINHSM_TEST_USB_BUS_H

#include "front/ccid_dev.h"

struct bus;

/* Sets UMOCKDEV_DIR; this process and its clients run with umockdev's library. */
struct bus *bus_new(void);

/* Unplugs everything. */
void bus_free(struct bus *b);

struct bus_token {
	const char *path; /* of the token file */
	enum ccid_dev_model model;
	const char *faults; /* in the words of front/ccid_fault.h; NULL: none */
	const char *trace;  /* path of a file for front/trace.h; NULL: none */
};

/* Plugs a twin into the first free port. `port` counts from 1. Outcomes of ccid_dev_new and
 * trace_open; HSM_E_BAD_DATA for the faults, HSM_E_IO after a message. */
HSM_MUST hsm_rc bus_plug(struct bus *b, const struct bus_token *what, unsigned *port);

/* Pulls out what is in a port; false when it is empty. */
HSM_MUST bool bus_unplug(struct bus *b, unsigned port);

/* The serial number of what is in a port, NULL: empty. Borrowed. */
const char *bus_serial(const struct bus *b, unsigned port);

/* How many messages the bulk endpoints of what is in a port have carried, both ways; 0: empty. */
unsigned bus_messages(const struct bus *b, unsigned port);

/* The port of the token file with this path, 0: not plugged in. `same`: it is still that file. */
unsigned bus_port_of(const struct bus *b, const char *token, bool *same);

#endif
