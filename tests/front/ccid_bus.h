/* A bus with one device on it, for cmocka tests: transfers as hex digits. */
#ifndef TWINHSM_TESTS_FRONT_CCID_BUS_H
#define TWINHSM_TESTS_FRONT_CCID_BUS_H

#include "emu_file.h"
#include "front/ccid_dev.h"
#include "front/ccid_fault.h"
#include "wire/ccid_chain.h"
#include "wire/t1_host.h"

struct ccid_bus {
	struct ccid_dev *dev;
	struct ccid_faults *faults;
	enum ccid_dev_model model;
	uint8_t ep_out, ep_in, ep_notice;
	pthread_mutex_t lock;
	pthread_cond_t wake;
	bool news;
	uint8_t seq; /* of the last BUS_T1 or BUS_XFR */
	size_t n;    /* of the last IN transfer, or data stage */
	uint8_t in[4096];
	struct t1_host host;
	unsigned waits;
	size_t rsp_n;
	uint8_t rsp[8192];
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

/* XfrBlock with a block of T=1, both without their LRC. */
#define BUS_T1(b, block, want) bus_check_t1(b, block, want, __FILE__, __LINE__)
void bus_check_t1(
        struct ccid_bus *b, const char *block, const char *want, const char *file, int line);

/* XfrBlock with data at a level (wLevelParameter), answered by a DataBlock with a chain parameter.
 */
#define BUS_XFR(b, level, data, chain, want)                                                       \
	bus_check_xfr(b, level, data, chain, want, __FILE__, __LINE__)
void bus_check_xfr(struct ccid_bus *b, uint8_t level, const char *data, uint8_t chain,
        const char *want, const char *file, int line);

/* Puts an XfrBlock into `out`, returns its length. */
size_t bus_xfr(struct ccid_bus *b, uint8_t level, struct rd data, uint8_t *out, size_t cap);

/* Powers the card on. */
void bus_power(struct ccid_bus *b);

/* A whole command by module/wire's host side of T=1, or in pieces; its answer is in `rsp`, its
 * status word is returned. Requests for time are counted in `waits`. */
uint16_t bus_apdu(struct ccid_bus *b, struct rd cmd);
uint16_t bus_apdu_hex(struct ccid_bus *b, const char *hex);

/* Are these the bytes of the last transfer? */
#define BUS_GOT(b, want) bus_check_got(b, want, __FILE__, __LINE__)
void bus_check_got(const struct ccid_bus *b, const char *want, const char *file, int line);

#endif
