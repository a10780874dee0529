/* A CCID function of a USB device that is open and claimed: transfers, nothing of what they mean.
 * Under it is libusb, or the device of a test. One thread at a time. */
#ifndef TWINHSM_TRANSPORT_USB_PIPE_H
#define TWINHSM_TRANSPORT_USB_PIPE_H

#include "base/wr.h"
#include "wire/ccid_desc.h"
#include "wire/quirks.h"

struct usb_pipe;

/* Outcomes of the transfers: HSM_E_TIMEOUT, HSM_E_STALL, HSM_E_GONE, HSM_E_SMALL (the device sent
 * more than there was room for), HSM_E_IO. */
struct usb_pipe_ops {
	/* One bulk OUT transfer; HSM_OK: all of it was taken. No zero-length packet follows one
	 * that fills its last packet: readers end a message by its dwLength, and the Nitrokey's
	 * would take the packet for the beginning of the next message. */
	hsm_rc (*out)(struct usb_pipe *p, struct rd bytes, unsigned timeout_ms);

	/* One bulk IN transfer of at most the room in `w`, which is empty and has a multiple of the
	 * packet size; may bring nothing. */
	hsm_rc (*in)(struct usb_pipe *p, struct wr *w, unsigned timeout_ms);

	/* The class request ABORT (CCID 1.10, 5.3.1). */
	hsm_rc (*abort)(struct usb_pipe *p, uint8_t slot, uint8_t seq);

	/* Clears the halt of both bulk endpoints. */
	hsm_rc (*clear)(struct usb_pipe *p);

	/* Puts the next message of the interrupt endpoint that came since the last call into `w`,
	 * without waiting; nothing when there is none. HSM_E_GONE. */
	hsm_rc (*notice)(struct usb_pipe *p, struct wr *w);

	/* Milliseconds, never backwards. Each transfer takes some, so that a host that reads again
	 * and again comes to its limit; a test need not wait for them to pass. */
	uint64_t (*now)(struct usb_pipe *p);

	/* Gives the interface back and frees the pipe. */
	void (*close)(struct usb_pipe *p);
};

/* First member of every pipe. */
struct usb_pipe {
	const struct usb_pipe_ops *ops;
	struct ccid_function function;
	const struct quirk *quirk; /* NULL: none known */
};

struct tp;

/* The carrier "usb:" over a pipe, which it takes, also when this fails. Outcomes of opening. */
HSM_MUST hsm_rc tp_usb_over(struct usb_pipe *pipe, struct tp **out);

#endif
