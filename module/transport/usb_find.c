/* Which devices there are, and their names. */
#include <ctype.h>
#include <libusb.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/log.h"
#include "transport/usb_bus.h"

#define SYSFS "/sys/bus/usb/devices/"

enum { PORTS_MAX = 7, CLASS_HUB = 9 };

/* ---- descriptors ---- */

/* As on the wire: libusb keeps what we look for in `extra`. */
static hsm_rc put_setting(struct buf *out, const struct libusb_interface_descriptor *s)
{
	const uint8_t head[] = { s->bLength, s->bDescriptorType, s->bInterfaceNumber,
		s->bAlternateSetting, s->bNumEndpoints, s->bInterfaceClass, s->bInterfaceSubClass,
		s->bInterfaceProtocol, s->iInterface };

	TRY(buf_append(out, rd_of(head, sizeof(head))));
	TRY(buf_append(out, rd_of(s->extra, (size_t)s->extra_length)));
	for (size_t i = 0; i < s->bNumEndpoints; i++) {
		const struct libusb_endpoint_descriptor *e = &s->endpoint[i];
		const uint8_t end[] = { 7, e->bDescriptorType, e->bEndpointAddress, e->bmAttributes,
			(uint8_t)e->wMaxPacketSize, (uint8_t)(e->wMaxPacketSize >> 8),
			e->bInterval };

		TRY(buf_append(out, rd_of(end, sizeof(end))));
		TRY(buf_append(out, rd_of(e->extra, (size_t)e->extra_length)));
	}
	return HSM_OK;
}

static hsm_rc put_configuration(struct buf *out, const struct libusb_config_descriptor *c)
{
	for (size_t i = 0; i < c->bNumInterfaces; i++)
		for (int k = 0; k < c->interface[i].num_altsetting; k++)
			TRY(put_setting(out, &c->interface[i].altsetting[k]));
	return HSM_OK;
}

/* The first CCID function of the device. HSM_E_NO_READER. */
static hsm_rc function_of(libusb_device *device, struct usb_device *out)
{
	struct libusb_config_descriptor *c;
	AUTO_BUF bytes = { 0 };
	struct rd at;
	hsm_rc rc;

	if (libusb_get_active_config_descriptor(device, &c) != 0)
		return HSM_E_NO_READER;
	out->configuration = c->bConfigurationValue;
	rc = put_configuration(&bytes, c);
	libusb_free_config_descriptor(c);
	TRY(rc);
	at = buf_rd(&bytes);
	return ccid_find(&at, &out->function);
}

/* ---- one device ---- */

/* False for a root hub, which has no path. */
static bool path_of(libusb_device *device, char out[USB_PATH_MAX])
{
	uint8_t ports[PORTS_MAX];
	int n = libusb_get_port_numbers(device, ports, PORTS_MAX);
	int at = snprintf(out, USB_PATH_MAX, "%u", libusb_get_bus_number(device));

	for (int i = 0; i < n; i++)
		at += snprintf(
		        out + at, USB_PATH_MAX - (size_t)at, "%c%u", i == 0 ? '-' : '.', ports[i]);
	return n > 0;
}

/* Characters that may stand in an address of the settings and in the name of a reader. */
static bool plain(const char *text)
{
	for (; *text != '\0'; text++) {
		if (!isalnum((unsigned char)*text) && strchr("._+-", *text) == NULL)
			return false;
	}
	return true;
}

/* From the kernel, which has read it already: no permission is needed, and no transfer. */
static void read_serial(struct usb_device *d)
{
	char name[sizeof(SYSFS) + USB_PATH_MAX + sizeof("/serial")], line[USB_SERIAL_MAX + 1] = "";
	size_t n;
	FILE *f;

	snprintf(name, sizeof(name), SYSFS "%s/serial", d->path);
	f = fopen(name, "re");
	if (f == NULL)
		return;
	if (fgets(line, sizeof(line), f) == NULL)
		line[0] = '\0';
	fclose(f);
	n = strcspn(line, "\n");
	while (n != 0 && line[n - 1] == ' ')
		n--;
	line[n] = '\0';
	if (n < USB_SERIAL_MAX && plain(line) && quirk_serial_tells(d->quirk, rd_str(line)))
		memcpy(d->serial, line, n + 1);
}

static hsm_rc device_of(libusb_device *device, struct usb_device *out)
{
	struct libusb_device_descriptor desc;

	*out = (struct usb_device){ .device = device };
	if (libusb_get_device_descriptor(device, &desc) != 0 || desc.bDeviceClass == CLASS_HUB ||
	        !path_of(device, out->path))
		return HSM_E_NO_READER;
	TRY(function_of(device, out));
	out->vid = desc.idVendor;
	out->pid = desc.idProduct;
	out->bus = libusb_get_bus_number(device);
	out->address = libusb_get_device_address(device);
	out->quirk = quirk_find(desc.idVendor, desc.idProduct, desc.bcdDevice);
	read_serial(out);
	return HSM_OK;
}

/* ---- all devices ---- */

static hsm_rc add(struct usb_bus *b, libusb_device *device)
{
	struct usb_device *devices, d;
	hsm_rc rc = device_of(device, &d);

	if (rc == HSM_E_NO_READER)
		return HSM_OK;
	TRY(rc);
	devices = realloc(b->devices, (b->n + 1) * sizeof(*devices));
	if (devices == NULL)
		return HSM_E_MEMORY;
	libusb_ref_device(device);
	b->devices = devices;
	devices[b->n++] = d;
	return HSM_OK;
}

static int by_path(const void *a, const void *b)
{
	return strverscmp(
	        ((const struct usb_device *)a)->path, ((const struct usb_device *)b)->path);
}

static hsm_rc add_all(struct usb_bus *b)
{
	libusb_device **list;
	ssize_t n = libusb_get_device_list(b->context, &list);
	hsm_rc rc = HSM_OK;

	if (n < 0)
		return n == LIBUSB_ERROR_NO_MEM ? HSM_E_MEMORY : HSM_E_IO;
	for (ssize_t i = 0; i < n && rc == HSM_OK; i++)
		rc = add(b, list[i]);
	libusb_free_device_list(list, 1);
	if (b->n > 1)
		qsort(b->devices, b->n, sizeof(*b->devices), by_path);
	return rc;
}

/* libusb may start a thread here, which must not get signals that are for the process around us. */
static int init(struct libusb_context **out)
{
	sigset_t all, before;
	int result;

	sigfillset(&all);
	pthread_sigmask(SIG_SETMASK, &all, &before);
	result = libusb_init(out);
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return result;
}

hsm_rc usb_scan(struct usb_bus *out)
{
	hsm_rc rc;
	int result;

	*out = (struct usb_bus){ 0 };
	result = init(&out->context);
	if (result != 0) {
		log_say(LOG_INFO, "USB: %s", libusb_strerror(result));
		return result == LIBUSB_ERROR_NO_MEM ? HSM_E_MEMORY : HSM_E_NO_READER;
	}
	rc = add_all(out);
	if (rc != HSM_OK)
		usb_bus_done(out);
	return rc;
}

void usb_bus_done(struct usb_bus *b)
{
	for (size_t i = 0; i < b->n; i++)
		libusb_unref_device(b->devices[i].device);
	free(b->devices);
	if (b->context != NULL)
		libusb_exit(b->context);
	*b = (struct usb_bus){ 0 };
}

/* ---- names ---- */

static bool has_serial(const struct usb_device *d, const char *where, size_t n)
{
	return d->serial[0] != '\0' && strlen(d->serial) == n && memcmp(d->serial, where, n) == 0;
}

static bool is_named(const struct usb_device *d, const char *where)
{
	const char *at = strchr(where, '@');
	char ids[sizeof("0000:0000")];

	if (at != NULL)
		return has_serial(d, where, (size_t)(at - where)) && strcmp(d->path, at + 1) == 0;
	snprintf(ids, sizeof(ids), "%04x:%04x", d->vid, d->pid);
	return has_serial(d, where, strlen(where)) || strcmp(d->path, where) == 0 ||
	       strcasecmp(ids, where) == 0;
}

hsm_rc usb_find(const struct usb_bus *b, const char *where, const struct usb_device **out)
{
	size_t found = 0;

	for (size_t i = 0; i < b->n; i++) {
		if (!is_named(&b->devices[i], where))
			continue;
		*out = &b->devices[i];
		found++;
	}
	if (found > 1)
		return HSM_E_READERS;
	return found == 1 ? HSM_OK : HSM_E_NO_READER;
}

void usb_name(const struct usb_bus *b, const struct usb_device *d, char out[USB_NAME_MAX])
{
	const struct usb_device *only;

	if (d->serial[0] == '\0')
		snprintf(out, USB_NAME_MAX, "%s", d->path);
	else if (usb_find(b, d->serial, &only) == HSM_OK)
		snprintf(out, USB_NAME_MAX, "%s", d->serial);
	else
		snprintf(out, USB_NAME_MAX, "%s@%s", d->serial, d->path);
}
