#include <errno.h>
#include <linux/usbdevice_fs.h>
#include <sys/ioctl.h>

#include "usbfs_state.h"

/* Of a setup packet (USB 2.0, 9.3). */
enum { RECIPIENT = 0x1F, TO_INTERFACE = 1, TO_ENDPOINT = 2 };

/* Each answers 0 or an errno value. */
typedef int serve_fn(struct usbfs *u, UMockdevIoctlClient *client, UMockdevIoctlData *data);

static int capabilities(struct usbfs *u, UMockdevIoctlClient *client, UMockdevIoctlData *data)
{
	uint32_t bits = USBDEVFS_CAP_BULK_SCATTER_GATHER | USBDEVFS_CAP_NO_PACKET_SIZE_LIM |
	                USBDEVFS_CAP_ZERO_PACKET | USBDEVFS_CAP_REAP_AFTER_DISCONNECT;

	(void)u;
	(void)client;
	memcpy(data->data, &bits, sizeof(bits));
	return 0;
}

static unsigned number(UMockdevIoctlData *data)
{
	unsigned value;

	memcpy(&value, data->data, sizeof(value));
	return value;
}

static int claim_interface(struct usbfs *u, UMockdevIoctlClient *client, unsigned interface)
{
	if (interface >= USBFS_INTERFACES)
		return EINVAL;
	if (!u->interfaces[interface])
		return ENOENT;
	if (u->claims[interface] != NULL)
		return u->claims[interface] == client ? 0 : EBUSY;
	u->claims[interface] = g_object_ref(client);
	return 0;
}

static int claim(struct usbfs *u, UMockdevIoctlClient *client, UMockdevIoctlData *data)
{
	return claim_interface(u, client, number(data));
}

static int release(struct usbfs *u, UMockdevIoctlClient *client, UMockdevIoctlData *data)
{
	unsigned interface = number(data);

	if (interface >= USBFS_INTERFACES || u->claims[interface] != client)
		return EINVAL;
	g_clear_object(&u->claims[interface]);
	return 0;
}

/* Who sends to an interface without a claim gets it, or is told that it is taken. */
static int check_claim(struct usbfs *u, const struct urb *urb)
{
	unsigned interface = u->interface_of[urb->ep];

	if (urb->type == USBDEVFS_URB_TYPE_CONTROL) {
		const uint8_t *setup = urb_setup(urb);

		switch (setup[0] & RECIPIENT) {
		case TO_INTERFACE:
			interface = setup[4];
			break;
		case TO_ENDPOINT:
			interface = u->interface_of[setup[4]];
			break;
		default:
			return 0;
		}
	}
	if (interface == USBFS_NO_INTERFACE)
		return ENOENT;
	return claim_interface(u, urb->client, interface);
}

static int submit(struct usbfs *u, UMockdevIoctlClient *client, UMockdevIoctlData *data)
{
	struct urb *urb;
	int e = urb_new(client, data, &urb);

	if (e != 0)
		return e;
	e = check_claim(u, urb);
	if (e != 0) {
		urb_free(urb);
		return e;
	}
	usbfs_submit(u, urb);
	return 0;
}

static int reap(struct usbfs *u, UMockdevIoctlClient *client, UMockdevIoctlData *data)
{
	for (GList *at = u->done.head; at != NULL; at = at->next) {
		struct urb *urb = at->data;

		if (urb->client == client) {
			g_queue_delete_link(&u->done, at);
			urb_reap(urb, data);
			return 0;
		}
	}
	return u->unplugged ? ENODEV : EAGAIN;
}

/* The argument is the address itself. */
static int discard(struct usbfs *u, UMockdevIoctlClient *client, UMockdevIoctlData *data)
{
	gulong address;

	memcpy(&address, data->data, sizeof(address));
	for (GList *at = u->pending.head; at != NULL; at = at->next) {
		struct urb *urb = at->data;

		if (urb->client == client && urb->head->client_addr == address) {
			usbfs_end(u, urb, -ENOENT);
			return 0;
		}
	}
	return EINVAL;
}

static int clear_halt(struct usbfs *u, UMockdevIoctlClient *client, UMockdevIoctlData *data)
{
	unsigned ep = number(data);
	int e;

	if (ep >= USBFS_ENDPOINTS || u->interface_of[ep] == USBFS_NO_INTERFACE)
		return ENOENT;
	e = claim_interface(u, client, u->interface_of[ep]);
	if (e == 0)
		e = usbfs_request(u, TO_ENDPOINT, USB_CLEAR_FEATURE, 0, ep);
	return e;
}

static int set_interface(struct usbfs *u, UMockdevIoctlClient *client, UMockdevIoctlData *data)
{
	struct usbdevfs_setinterface wanted;
	int e;

	memcpy(&wanted, data->data, sizeof(wanted));
	e = claim_interface(u, client, wanted.interface);
	return e != 0 ? e
	              : usbfs_request(u, TO_INTERFACE, USB_SET_INTERFACE, wanted.altsetting,
	                        wanted.interface);
}

static int set_configuration(struct usbfs *u, UMockdevIoctlClient *client, UMockdevIoctlData *data)
{
	(void)client;
	for (unsigned i = 0; i < USBFS_INTERFACES; i++) {
		if (u->claims[i] != NULL)
			return EBUSY;
	}
	return usbfs_request(u, 0, USB_SET_CONFIGURATION, number(data), 0);
}

static int reset(struct usbfs *u, UMockdevIoctlClient *client, UMockdevIoctlData *data)
{
	(void)client;
	(void)data;
	usbfs_end_pending(u, -ENOENT);
	ccid_dev_reset(u->dev);
	return usbfs_request(
	        u, 0, USB_SET_CONFIGURATION, ccid_dev_facts(u->dev)->configuration.p[5], 0);
}

/* No driver of the kernel has an interface. */
static int no_driver(struct usbfs *u, UMockdevIoctlClient *client, UMockdevIoctlData *data)
{
	(void)u;
	(void)client;
	(void)data;
	return ENODATA;
}

static const struct served {
	gulong request;
	size_t size; /* of what the argument points at; 0: it is a value */
	serve_fn *serve;
} table[] = {
	{ USBDEVFS_GET_CAPABILITIES, sizeof(uint32_t), capabilities },
	{ USBDEVFS_CLAIMINTERFACE, sizeof(unsigned), claim },
	{ USBDEVFS_RELEASEINTERFACE, sizeof(unsigned), release },
	{ USBDEVFS_SUBMITURB, sizeof(struct usbdevfs_urb), submit },
	{ USBDEVFS_REAPURBNDELAY, sizeof(void *), reap },
	{ (gulong)USBDEVFS_DISCARDURB, 0, discard },
	{ USBDEVFS_CLEAR_HALT, sizeof(unsigned), clear_halt },
	{ USBDEVFS_SETINTERFACE, sizeof(struct usbdevfs_setinterface), set_interface },
	{ USBDEVFS_SETCONFIGURATION, sizeof(unsigned), set_configuration },
	{ (gulong)USBDEVFS_RESET, 0, reset },
	{ USBDEVFS_GETDRIVER, 0, no_driver },
	{ USBDEVFS_IOCTL, 0, no_driver },
};

int usbfs_serve(struct usbfs *u, UMockdevIoctlClient *client)
{
	gulong wanted = umockdev_ioctl_client_get_request(client);
	UMockdevIoctlData *data = umockdev_ioctl_client_get_arg(client);
	int e;

	for (size_t i = 0; i < G_N_ELEMENTS(table); i++) {
		if (table[i].request != wanted)
			continue;
		if (u->unplugged && wanted != USBDEVFS_REAPURBNDELAY)
			return ENODEV;
		if (table[i].size == 0)
			return table[i].serve(u, client, data);
		data = umockdev_ioctl_data_resolve(data, 0, table[i].size, NULL);
		if (data == NULL)
			return EFAULT;
		e = table[i].serve(u, client, data);
		umockdev_ioctl_data_unref(data);
		return e;
	}
	return u->unplugged ? ENODEV : ENOTTY;
}
