#include "urb.h"

#include <errno.h>
#include <linux/usbdevice_fs.h>
#include <stdlib.h>

enum { SETUP = 8, LONGEST = USB_URB_DATA_MAX };

static bool is_control(const struct urb *u)
{
	return u->type == USBDEVFS_URB_TYPE_CONTROL;
}

const uint8_t *urb_setup(const struct urb *u)
{
	return u->buffer->data;
}

bool urb_is_in(const struct urb *u)
{
	return ((is_control(u) ? urb_setup(u)[0] : u->ep) & 0x80) != 0;
}

static int take(struct urb *u)
{
	struct usbdevfs_urb head;
	unsigned stage;

	memcpy(&head, u->head->data, sizeof(head));
	if (head.buffer_length < 0 || head.buffer_length > LONGEST)
		return EINVAL;
	if (head.type != USBDEVFS_URB_TYPE_CONTROL && head.type != USBDEVFS_URB_TYPE_BULK &&
	        head.type != USBDEVFS_URB_TYPE_INTERRUPT)
		return EINVAL;
	u->type = head.type;
	u->ep = head.endpoint;
	u->whole = (head.flags & USBDEVFS_URB_SHORT_NOT_OK) != 0;
	u->length = (size_t)head.buffer_length;
	u->buffer = umockdev_ioctl_data_resolve(
	        u->head, offsetof(struct usbdevfs_urb, buffer), u->length, NULL);
	if (u->length != 0 && u->buffer == NULL)
		return EFAULT;
	if (is_control(u)) {
		if (u->length < SETUP)
			return EINVAL;
		stage = (unsigned)(urb_setup(u)[6] | urb_setup(u)[7] << 8);
		if (u->length < SETUP + stage)
			return EINVAL;
		u->length = stage;
	}
	u->in = calloc(1, u->length + 1);
	return u->in == NULL ? ENOMEM : 0;
}

int urb_new(UMockdevIoctlClient *client, UMockdevIoctlData *head, struct urb **out)
{
	struct urb *u = calloc(1, sizeof(*u));
	int e;

	if (u == NULL)
		return ENOMEM;
	u->client = g_object_ref(client);
	u->head = umockdev_ioctl_data_ref(head);
	e = take(u);
	if (e != 0)
		urb_free(u);
	else
		*out = u;
	return e;
}

void urb_free(struct urb *u)
{
	g_object_unref(u->client);
	umockdev_ioctl_data_unref(u->head);
	if (u->buffer != NULL)
		umockdev_ioctl_data_unref(u->buffer);
	free(u->in);
	free(u);
}

struct usb_urb urb_wanted(const struct urb *u)
{
	struct usb_urb wanted = { .id = (uintptr_t)u, .ep = u->ep };

	if (is_control(u)) {
		memcpy(wanted.setup, urb_setup(u), SETUP);
		wanted.ep = urb_is_in(u) ? USB_IN : 0;
	}
	if (urb_is_in(u)) {
		wanted.whole = u->whole;
		wanted.length = (uint32_t)u->length;
	} else if (u->length != 0) {
		wanted.out = rd_of(u->buffer->data + (is_control(u) ? SETUP : 0), u->length);
	}
	return wanted;
}

struct urb *urb_end(const struct usb_urb_end *end)
{
	struct urb *u = (struct urb *)(uintptr_t)end->id;

	u->status = end->status;
	u->actual = end->actual;
	if (end->data.n != 0)
		memcpy(u->in, end->data.p, end->data.n);
	return u;
}

void urb_reap(struct urb *u, UMockdevIoctlData *pointer)
{
	struct usbdevfs_urb head;

	memcpy(&head, u->head->data, sizeof(head));
	head.status = u->status;
	head.actual_length = (int)u->actual;
	memcpy(u->head->data, &head, sizeof(head));
	if (urb_is_in(u) && u->actual != 0)
		memcpy(u->buffer->data + (is_control(u) ? SETUP : 0), u->in, u->actual);
	umockdev_ioctl_data_set_ptr(pointer, 0, u->head);
	urb_free(u);
}
