/* USB/IP packets, both directions (Linux, Documentation/usb/usbip_protocol.rst, version 1.1.1).
 * Integers are big-endian; the setup packet is as on the bus. */
#ifndef TWINHSM_WIRE_USBIP_H
#define TWINHSM_WIRE_USBIP_H

#include "base/wr.h"

enum {
	USBIP_VERSION = 0x0111,
	USBIP_PATH = 256,
	USBIP_BUSID = 32,
	USBIP_OP_HEAD = 8,
	USBIP_DEVICE = 312,
	USBIP_IMPORT = USBIP_OP_HEAD + USBIP_BUSID,
	USBIP_HEAD = 48,
	USBIP_DATA_MAX = 0x20000, /* of one transfer; a CCID message has 65554 */
	USBIP_INTERFACES_MAX = 32,
};

enum usbip_op {
	USBIP_REQ_DEVLIST = 0x8005,
	USBIP_REP_DEVLIST = 0x0005,
	USBIP_REQ_IMPORT = 0x8003,
	USBIP_REP_IMPORT = 0x0003,
};

enum usbip_urb_kind {
	USBIP_CMD_SUBMIT = 1,
	USBIP_CMD_UNLINK = 2,
	USBIP_RET_SUBMIT = 3,
	USBIP_RET_UNLINK = 4,
};

/* speed: enum usb_device_speed of Linux */
enum usbip_speed { USBIP_SPEED_FULL = 2, USBIP_SPEED_HIGH = 3 };

struct usbip_interface {
	uint8_t class_code, subclass, protocol;
};

struct usbip_device {
	const char *path, *busid; /* NULL in what was read: see `busid_read` */
	char busid_read[USBIP_BUSID + 1];
	uint32_t busnum, devnum, speed;
	uint16_t vid, pid, bcd;
	uint8_t class_code, subclass, protocol, configuration, configurations_n, interfaces_n;
	struct usbip_interface interfaces[USBIP_INTERFACES_MAX]; /* in a list only */
};

/* Before a device is attached: OP_ packets. */

/* Length of the request that begins with these USBIP_OP_HEAD bytes, head included.
 * HSM_E_UNSUPPORTED for another version or code, HSM_E_BAD_LEN when there are not so many bytes. */
HSM_MUST hsm_rc usbip_request_length(struct rd head, size_t *n);

/* Reads a whole request. `busid` (USBIP_BUSID + 1) is what shall be imported, empty for a list.
 * HSM_E_BAD_LEN, HSM_E_UNSUPPORTED, HSM_E_BAD_DATA when the bus ID does not end. */
HSM_MUST hsm_rc usbip_request_get(struct rd bytes, enum usbip_op *op, char *busid);

/* Client side: a request; `busid` NULL asks for the list. HSM_E_BAD_LEN: too long a bus ID. */
HSM_MUST hsm_rc usbip_request_put(struct wr *w, const char *busid);

/* The list of `n` devices. HSM_E_BAD_LEN: a path or bus ID that is too long. */
HSM_MUST hsm_rc usbip_devlist_put(struct wr *w, const struct usbip_device *devices, size_t n);

/* The answer to an import; NULL: there is no such device. */
HSM_MUST hsm_rc usbip_import_put(struct wr *w, const struct usbip_device *device);

/* Client side: takes head and number of devices, then one device after the other; and the answer to
 * an import. HSM_E_BAD_LEN, HSM_E_UNSUPPORTED, HSM_E_BAD_DATA, HSM_E_NO_READER for a status. */
HSM_MUST hsm_rc usbip_devlist_get(struct rd *r, uint32_t *n);
HSM_MUST hsm_rc usbip_device_get(struct rd *r, struct usbip_device *out);
HSM_MUST hsm_rc usbip_import_get(struct rd *r, struct usbip_device *out);

/* Once it is attached: transfers. */
struct usbip_urb {
	enum usbip_urb_kind kind;
	uint32_t seq, devid;
	bool in;    /* direction; of a command, and of RET_SUBMIT as it was told */
	uint8_t ep; /* number, without the direction bit */
	/* CMD_SUBMIT */
	uint32_t flags;
	uint32_t length; /* wanted (in), or data.n (out) */
	uint32_t interval;
	uint8_t setup[8];
	/* CMD_UNLINK */
	uint32_t unlink_seq;
	/* RET_: 0 or a negative errno value; bytes moved, also for OUT */
	int32_t status;
	uint32_t actual;
	struct rd data; /* OUT of a command, IN of an answer; a view */
};

/* Server side: length of the command that begins with these USBIP_HEAD bytes, data included.
 * HSM_E_BAD_LEN: more than USBIP_DATA_MAX, or not so many bytes; HSM_E_UNSUPPORTED: not a command,
 * isochronous. */
HSM_MUST hsm_rc usbip_command_length(struct rd head, size_t *n);

/* Reads a whole command. As usbip_command_length; HSM_E_BAD_DATA for an endpoint above 15. */
HSM_MUST hsm_rc usbip_command_get(struct rd bytes, struct usbip_urb *out);

/* Client side: length of the answer. `in`: the direction of the command with that number, which the
 * answer does not tell. */
HSM_MUST hsm_rc usbip_answer_length(struct rd head, bool in, size_t *n);
HSM_MUST hsm_rc usbip_answer_get(struct rd bytes, bool in, struct usbip_urb *out);

/* Writes any of the four. HSM_E_BAD_LEN: too much data; HSM_E_SMALL. */
HSM_MUST hsm_rc usbip_urb_put(struct wr *w, const struct usbip_urb *urb);

/* The answers of a server to `cmd`. */
struct usbip_urb usbip_done(
        const struct usbip_urb *cmd, int32_t status, uint32_t actual, struct rd data);

#endif
