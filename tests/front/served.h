/* A token file that is served inside the test, and the other ends of its connections. */
#ifndef TWINHSM_TESTS_FRONT_SERVED_H
#define TWINHSM_TESTS_FRONT_SERVED_H

#include "emu_file.h"
#include "front/front.h"

struct served {
	struct token_place place; /* an initialised card */
	char path[128];           /* of the socket */
	char trace[128];
	struct front *front;
};

/* For cmocka tests: a fresh token served at a socket, with a trace. */
int served_setup(void **state);
int served_teardown(void **state);

/* A connection with messages after `head_n` bytes of length. */
struct wire {
	int fd;
	size_t head_n;
};

/* A client of the socket. */
struct wire wire_connect(const char *path);

/* The driver of pcscd's virtual reader. `port` gets room for the number it listens at; 0 before:
 * any. */
struct driver {
	int fd;
	char port[8];
};
struct driver driver_listen(const char *port);
struct wire driver_accept(const struct driver *d);

void wire_close(struct wire *w);

/* Sends bytes as they are. */
void wire_raw(const struct wire *w, const void *bytes, size_t n);
void wire_send(const struct wire *w, struct rd message);

/* Reads a message into `out`, its length is returned; 0 at the end of the connection. */
size_t wire_receive(const struct wire *w, uint8_t *out, size_t cap);

/* Sends hex digits (blanks allowed), fails unless the answer is that of the hex `want`. */
#define WIRE(w, hex, want) wire_check(w, hex, want, __FILE__, __LINE__)
void wire_check(
        const struct wire *w, const char *hex, const char *want, const char *file, int line);

/* Has the other end hung up? Waits for it. */
bool wire_ended(const struct wire *w);

#endif
