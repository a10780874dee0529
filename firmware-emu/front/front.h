/* Serving a token file to other programs: as cards in virtual readers of pcscd, on a Unix socket,
 * and as USB devices. Each reader, device and client of the socket has a card of its own on the
 * file. What happens is said through base/log.h: connections and refusals at LOG_INFO and
 * LOG_ERROR, each command's header, lengths and status word at LOG_TRACE. */
#ifndef TWINHSM_EMU_FRONT_FRONT_H
#define TWINHSM_EMU_FRONT_FRONT_H

#include "base/rc.h"

struct front;

/* Serves the token file `token` (borrowed until front_stop); `trace` (may be NULL) is a file that
 * is made, or emptied, for the commands and answers with secrets blanked. Nothing is served yet.
 * HSM_E_IO after a message; HSM_E_MEMORY. */
HSM_MUST hsm_rc front_new(const char *token, const char *trace, struct front **out);

/* Puts the card into the virtual reader whose driver listens at `host` and `port`, as often as the
 * driver comes back. The strings are borrowed until front_stop. HSM_E_MEMORY; that nobody listens
 * is only said, and tried again. */
HSM_MUST hsm_rc front_vpcd(struct front *f, const char *host, const char *port);

/* Listens at a Unix socket for its owner only; what a dead server left there is replaced. `path` is
 * borrowed until front_stop. HSM_E_IO after a message; HSM_E_MEMORY. */
HSM_MUST hsm_rc front_socket(struct front *f, const char *path);

/* How the token shows itself on USB. */
struct front_usb {
	enum front_usb_model {
		FRONT_USB_NITROKEY, /* a Nitrokey HSM: 20a0:4230 */
		FRONT_USB_STICK,    /* a SmartCard-HSM stick: 04e6:5817 */
	} model;
	const char *fault; /* what shall go wrong, for tests; NULL: nothing. See ccid_fault.h */
};

/* Offers the token as a USB device to whoever attaches it with USB/IP at `host` and `port`, one
 * host at a time. The strings are borrowed until front_stop. HSM_E_IO after a message;
 * HSM_E_MEMORY. */
HSM_MUST hsm_rc front_usbip(
        struct front *f, const char *host, const char *port, const struct front_usb *usb);

/* Plugs the token as a USB device into this machine's virtual host controller, vhci_hcd. `port` is
 * borrowed until front_stop; NULL: any that is free. HSM_E_IO after a message; HSM_E_MEMORY. */
HSM_MUST hsm_rc front_vhci(struct front *f, const char *port, const struct front_usb *usb);

/* Ends all connections after the commands they are in, removes the sockets, frees. Accepts NULL. */
void front_stop(struct front *f);

#endif
