/* The carrier "usb:" on the twin as a USB device, and a story to try it with. */
#ifndef TWINHSM_TESTS_TRANSPORT_USB_BENCH_H
#define TWINHSM_TESTS_TRANSPORT_USB_BENCH_H

#include "bench.h"
#include "front/ccid_dev.h"
#include "front/ccid_fault.h"
#include "transport/usb_pipe.h"

struct usb_bench {
	struct ccid_faults *faults;
	struct ccid_dev *device;
	struct usb_pipe *pipe; /* of the open card, borrowed */
	struct card *card;     /* NULL: not open */
};

/* Plugs in a device with a fresh card; `faults` as in ccid_fault.h. */
void usb_bench_init(struct usb_bench *b, enum ccid_dev_model model, const char *faults);
void usb_bench_done(struct usb_bench *b);

/* Opens the card over a pipe to the device. */
hsm_rc usb_bench_open(struct usb_bench *b);
void usb_bench_close(struct usb_bench *b);

/* The steps of the story, in order; `*at` is where it failed. */
enum { STEP_OPEN, STEP_INITIALIZE, STEP_LOGIN, STEP_GENERATE, STEP_SIGN, STEP_LIST, STEPS };
hsm_rc usb_bench_story(struct usb_bench *b, unsigned *at);

#endif
