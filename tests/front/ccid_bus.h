/* A bus with one device on it, for cmocka tests: transfers as hex digits. */
#ifndef TWINHSM_TESTS_FRONT_CCID_BUS_H
#define TWINHSM_TESTS_FRONT_CCID_BUS_H

#include "emu_file.h"
#include "front/ccid_dev.h"
#include "front/ccid_fault.h"

struct ccid_bus {
	struct ccid_dev *dev;
	struct ccid_faults *faults;
	enum ccid_dev_model model;
	uint8_t ep_out, ep_in, ep_notice;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool news;
	size_t n; /* of the last IN transfer, or data stage */
	uint8_t in[4096];
};

struct ccid_bus_how {
	enum ccid_dev_model model;
	const char *token; /* NULL: ":memory:" */
	const char *faults;
	unsigned pace_ms; /* 0: ten minutes, so that a slow machine changes nothing */
};

/* Plugged in and configured; the bus is freed by bus_free. */
struct ccid_bus *bus_new(const struct ccid_bus_how *how);
void bus_free(struct ccid_bus *b);

/* A control transfer: setup packet in hex; the data stage is in `in`. */
enum ccid_dev_status bus_control(struct ccid_bus *b, const char *setup);

/* Bulk OUT of hex digits (blanks allowed). */
enum ccid_dev_status bus_out(struct ccid_bus *b, const char *hex);
enum ccid_dev_status bus_out_bytes(struct ccid_bus *b, struct rd bytes);

/* IN transfer with this room, which waits until there is something. */
enum ccid_dev_status bus_in(struct ccid_bus *b, uint8_t ep, size_t room);

/* One IN transfer that does not wait. */
enum ccid_dev_status bus_poll(struct ccid_bus *b, uint8_t ep, size_t room);

/* Does a message of the bulk endpoint have these bytes? ".." stands for any byte. */
#define BUS_IN(b, want) bus_check_in(b, want, __FILE__, __LINE__)
void bus_check_in(struct ccid_bus *b, const char *want, const char *file, int line);

/* Sends the first, expects the second. */
#define BUS(b, hex, want) bus_check(b, hex, want, __FILE__, __LINE__)
void bus_check(struct ccid_bus *b, const char *hex, const char *want, const char *file, int line);

/* Are these the bytes of the last transfer? */
#define BUS_GOT(b, want) bus_check_got(b, want, __FILE__, __LINE__)
void bus_check_got(const struct ccid_bus *b, const char *want, const char *file, int line);

#endif
