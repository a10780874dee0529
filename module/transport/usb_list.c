/* Which SmartCard-HSMs there are, and what can be seen of one without opening it. */
#include <stdio.h>
#include <stdlib.h>

#include "base/lock.h"
#include "transport/ccid_host.h"
#include "transport/usb_bus.h"

enum { REMEMBERED_MAX = 16 };

/* Readers in which a SmartCard-HSM was seen, as long as they stay plugged in: the kernel numbers
 * devices anew when they are plugged in again. */
static struct lock memory_lock = LOCK_INIT;
static uint64_t memory[REMEMBERED_MAX] VAR_GUARDED_BY(memory_lock);
static unsigned memory_next VAR_GUARDED_BY(memory_lock);

static uint64_t stamp_of(const struct usb_device *d)
{
	return (uint64_t)d->vid << 48 | (uint64_t)d->pid << 32 | (uint64_t)d->bus << 8 | d->address;
}

static bool is_remembered(const struct usb_device *d)
{
	bool found = false;

	lock(&memory_lock);
	for (size_t i = 0; i < REMEMBERED_MAX; i++)
		found = found || memory[i] == stamp_of(d);
	unlock(&memory_lock);
	return found;
}

void usb_remember(const struct usb_device *d, bool is_hsm)
{
	if (!is_hsm || is_remembered(d))
		return;
	lock(&memory_lock);
	memory[memory_next++ % REMEMBERED_MAX] = stamp_of(d);
	unlock(&memory_lock);
}

/* Devices of the parent stay open in the child, unused, until it ends. */
void usb_forget(void)
{
	lock_init(&memory_lock);
}

/* ---- list ---- */

static bool is_token(const struct usb_device *d)
{
	return d->quirk != NULL && (d->quirk->flags & QUIRK_TOKEN) != 0;
}

/* Powers on the card in a reader that nobody uses, and looks at its ATR. */
static bool has_hsm(const char *name)
{
	struct ccid_host *host;
	struct usb_pipe *pipe;
	struct usb_device d;
	bool is_hsm;

	if (usb_pipe_open(name, &d, &pipe) != HSM_OK || ccid_host_open(pipe, &host) != HSM_OK)
		return false;
	is_hsm = ccid_host_is_hsm(host);
	ccid_host_close(host);
	usb_remember(&d, is_hsm);
	return is_hsm;
}

static hsm_rc list(const struct usb_bus *bus, bool wake, tp_found *found, void *arg)
{
	char name[USB_NAME_MAX];

	for (size_t i = 0; i < bus->n; i++) {
		const struct usb_device *d = &bus->devices[i];

		usb_name(bus, d, name);
		if (is_token(d) || is_remembered(d) || (wake && has_hsm(name)))
			TRY(found(arg, name));
	}
	return HSM_OK;
}

hsm_rc usb_list(bool wake, tp_found *found, void *arg)
{
	struct usb_bus bus;
	hsm_rc rc = usb_scan(&bus);

	if (rc == HSM_E_NO_READER)
		return HSM_OK;
	TRY(rc);
	rc = list(&bus, wake, found, arg);
	usb_bus_done(&bus);
	return rc;
}

/* ---- one of them ---- */

static hsm_rc with_device(
        const char *where, hsm_rc (*act)(const struct usb_device *d, void *arg), void *arg)
{
	const struct usb_device *d;
	struct usb_bus bus;
	hsm_rc rc;

	TRY(usb_scan(&bus));
	rc = usb_find(&bus, where, &d);
	if (rc == HSM_OK)
		rc = act(d, arg);
	usb_bus_done(&bus);
	return rc;
}

static hsm_rc see(const struct usb_device *d, void *stamp)
{
	*(uint64_t *)stamp = stamp_of(d);
	return usb_usable(d);
}

hsm_rc usb_sight(const char *where, uint64_t *stamp)
{
	return with_device(where, see, stamp);
}

static hsm_rc identify(const struct usb_device *d, void *out)
{
	struct tp_usb_id *id = out;

	*id = (struct tp_usb_id){ .bus = d->bus, .device = d->address };
	snprintf(id->serial, sizeof(id->serial), "%s", d->serial);
	return HSM_OK;
}

hsm_rc usb_id(const char *where, struct tp_usb_id *out)
{
	return with_device(where, identify, out) == HSM_OK ? HSM_OK : HSM_E_UNSUPPORTED;
}
