#include "front/usb_twin.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/eventfd.h>
#include <unistd.h>

#include "base/log.h"
#include "front/ccid_fault.h"

enum { INTERFACE = 4, INTERFACE_N = 9, CONFIGURATION_N = 9, DEVICE_N = 18 };

static void wake(void *arg)
{
	const struct usb_twin *t = arg;

	(void)!write(t->ready, &(uint64_t){ 1 }, sizeof(uint64_t));
}

/* The interfaces, in their first setting (USB 2.0, 9.6.5). */
static void show_interfaces(struct usbip_device *d, struct rd configuration)
{
	struct rd desc;

	while (configuration.n >= 2 && configuration.p[0] >= 2 &&
	        rd_take(&configuration, configuration.p[0], &desc)) {
		if (desc.p[1] != INTERFACE || desc.n < INTERFACE_N || desc.p[3] != 0 ||
		        d->interfaces_n == USBIP_INTERFACES_MAX)
			continue;
		d->interfaces[d->interfaces_n++] =
		        (struct usbip_interface){ desc.p[5], desc.p[6], desc.p[7] };
	}
}

/* USB 2.0, 9.6.1 and 9.6.3. */
static void show(struct usbip_device *d, const struct ccid_dev_facts *facts)
{
	*d = (struct usbip_device){
		.path = "/sys/devices/platform/twinhsm/usb1/1-1",
		.busid = "1-1",
		.busnum = USB_TWIN_BUS,
		.devnum = USB_TWIN_DEVICE,
		.speed = USBIP_SPEED_FULL,
		.vid = facts->vid,
		.pid = facts->pid,
		.bcd = facts->bcd,
	};
	if (facts->device.n >= DEVICE_N) {
		d->class_code = facts->device.p[4];
		d->subclass = facts->device.p[5];
		d->protocol = facts->device.p[6];
		d->configurations_n = facts->device.p[17];
	}
	if (facts->configuration.n >= CONFIGURATION_N)
		d->configuration = facts->configuration.p[5];
	show_interfaces(d, facts->configuration);
}

static hsm_rc plug_in(struct usb_twin *t)
{
	hsm_rc rc;

	t->setup.session = atomic_fetch_add(&t->front->sessions, 1) + 1;
	rc = ccid_dev_new(&t->setup, &t->dev);
	if (rc != HSM_OK)
		log_say(LOG_ERROR, "%s: %s: %s", t->name, t->setup.token, rc_text(rc));
	return rc;
}

static hsm_rc prepare(struct usb_twin *t, const char *fault)
{
	const hsm_rc rc = ccid_faults_parse(rd_str(fault), &t->setup.faults);

	if (rc == HSM_E_BAD_DATA)
		log_say(LOG_ERROR, "%s: '%s' is not a list of faults", t->name, fault);
	if (rc != HSM_OK)
		return rc == HSM_E_BAD_DATA ? HSM_E_IO : rc;
	t->ready = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (t->ready < 0) {
		log_say(LOG_ERROR, "%s: %s", t->name, strerror(errno));
		return HSM_E_IO;
	}
	if (plug_in(t) != HSM_OK)
		return HSM_E_IO;
	show(&t->shown, ccid_dev_facts(t->dev));
	return HSM_OK;
}

hsm_rc usb_twin_new(
        struct front *f, const char *name, const struct front_usb *usb, struct usb_twin **out)
{
	struct usb_twin *t = calloc(1, sizeof(*t));

	if (t == NULL)
		return HSM_E_MEMORY;
	t->front = f;
	t->next = f->twins;
	f->twins = t;
	t->listener = t->ready = -1;
	t->setup = (struct ccid_dev_setup){
		.token = f->token,
		.model = usb->model == FRONT_USB_STICK ? CCID_DEV_STICK : CCID_DEV_NITROKEY,
		.trace = f->trace,
		.ready = wake,
		.arg = t,
	};
	snprintf(t->name, sizeof(t->name), "%s", name);
	*out = t;
	return prepare(t, usb->fault);
}

bool usb_twin_take(struct usb_twin *t)
{
	if (atomic_exchange(&t->taken, true))
		return false;
	if (t->dev != NULL || plug_in(t) == HSM_OK)
		return true;
	atomic_store(&t->taken, false);
	return false;
}

void usb_twin_give_back(struct usb_twin *t)
{
	if (ccid_dev_gone(t->dev)) {
		ccid_dev_free(t->dev);
		t->dev = NULL;
	} else {
		ccid_dev_reset(t->dev);
	}
	atomic_store(&t->taken, false);
}

void usb_twins_free(struct usb_twin *list)
{
	while (list != NULL) {
		struct usb_twin *t = list;

		list = t->next;
		ccid_dev_free(t->dev);
		ccid_faults_free(t->setup.faults);
		if (t->listener >= 0)
			close(t->listener);
		if (t->ready >= 0)
			close(t->ready);
		free(t);
	}
}
