/* The command line of `twinhsm-emu serve`. */
#ifndef TWINHSM_TOOLS_SERVE_OPTIONS_H
#define TWINHSM_TOOLS_SERVE_OPTIONS_H

#include <stdbool.h>

#include "front/front.h"

enum { READERS_MAX = 16, SOCKETS_MAX = 16, HOST_MAX_N = 256 };

struct endpoint {
	char host[HOST_MAX_N], port[16];
};

/* Texts are those of the command line. */
struct serve_options {
	const char *token;
	const char *trace; /* NULL: none */
	struct endpoint readers[READERS_MAX];
	const char *sockets[SOCKETS_MAX];
	unsigned readers_n, sockets_n;
	bool usbip, vhci;
	struct endpoint usbip_at;
	const char *vhci_port; /* NULL: any */
	struct front_usb usb;
};

/* 0, or the exit status after a message. Sets the level of the log for --verbose. */
int serve_options_parse(struct serve_options *s, int argc, char **argv);

#endif
