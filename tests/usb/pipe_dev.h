/* A pipe to the twin as a USB device, in this process. The device works in step, so that nothing
 * waits: time is a number that transfers move. */
#ifndef TWINHSM_TESTS_USB_PIPE_DEV_H
#define TWINHSM_TESTS_USB_PIPE_DEV_H

#include "front/ccid_dev.h"
#include "transport/usb_pipe.h"

/* Configures the device and gives a pipe to its CCID function. The device is borrowed, must be in
 * step, and outlives the pipe. HSM_E_GONE, HSM_E_NO_READER, HSM_E_MEMORY. */
HSM_MUST hsm_rc pipe_dev_open(struct ccid_dev *device, struct usb_pipe **out);

/* Milliseconds since the pipe was opened, with all that was waited for in vain. */
uint64_t pipe_dev_time(struct usb_pipe *pipe);

#endif
