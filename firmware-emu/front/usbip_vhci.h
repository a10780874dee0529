/* The virtual host controller of Linux, vhci_hcd, by its files in sysfs. */
#ifndef TWINHSM_EMU_FRONT_USBIP_VHCI_H
#define TWINHSM_EMU_FRONT_USBIP_VHCI_H

#include <stdbool.h>

#define VHCI_SYSFS "/sys/devices/platform/vhci_hcd.0"

/* The first free port of USB 2 from `*port` on, by the text of the file "status"; false: none. */
bool vhci_free_port(const char *status, unsigned *port);

/* Plugs the device at the other end of the socket `fd` into `port`, or into a free one for NULL,
 * which `*used` tells. `folder` is that of the controller. Why not, or NULL. */
const char *vhci_attach(const char *folder, const char *port, int fd, unsigned *used);

#endif
