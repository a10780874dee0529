#include "usbfs.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "usbfs_state.h"

enum { PIPE = 4096, CLOSING_MS = 20, STRING = 3, ENGLISH = 0x0409, DEVICE_TO_HOST = 0x80 };

/* Programs wait until the node can be written to: then there is something to reap. Opened for a
 * moment only: who has it open is who uses the device. */
static void show_readiness(struct usbfs *u)
{
	static const char page[PIPE];
	char bin[PIPE];
	int fd = u->node == NULL ? -1 : open(u->node, O_RDWR | O_NONBLOCK | O_CLOEXEC);
	ssize_t n;

	if (fd < 0)
		return;
	fcntl(fd, F_SETPIPE_SZ, PIPE);
	n = g_queue_is_empty(&u->done) ? write(fd, page, PIPE) : read(fd, bin, PIPE);
	(void)n; /* it may be so already */
	close(fd);
}

static bool is_connected(UMockdevIoctlClient *client)
{
	return umockdev_ioctl_client_get_connected(client);
}

static void drop_of_dead(struct usbfs *u, GQueue *queue)
{
	for (GList *at = queue->head, *next; at != NULL; at = next) {
		struct urb *urb = at->data;

		next = at->next;
		if (is_connected(urb->client))
			continue;
		usb_urbs_unlink(u->urbs, (uintptr_t)urb);
		g_queue_delete_link(queue, at);
		urb_free(urb);
	}
}

/* What the kernel does when a file is closed, here when it is noticed. */
static void forget_dead(struct usbfs *u)
{
	drop_of_dead(u, &u->pending);
	drop_of_dead(u, &u->done);
	for (unsigned i = 0; i < USBFS_INTERFACES; i++) {
		if (u->claims[i] != NULL && !is_connected(u->claims[i]))
			g_clear_object(&u->claims[i]);
	}
}

void usbfs_end(struct usbfs *u, struct urb *urb, int status)
{
	usb_urbs_unlink(u->urbs, (uintptr_t)urb);
	urb->status = status;
	g_queue_remove(&u->pending, urb);
	g_queue_push_tail(&u->done, urb);
}

void usbfs_end_pending(struct usbfs *u, int status)
{
	while (!g_queue_is_empty(&u->pending))
		usbfs_end(u, g_queue_peek_head(&u->pending), status);
}

static hsm_rc ended(void *arg, const struct usb_urb_end *end)
{
	struct usbfs *u = arg;
	struct urb *urb = urb_end(end);

	g_queue_remove(&u->pending, urb);
	g_queue_push_tail(&u->done, urb);
	return HSM_OK;
}

/* In the main loop, because the device must not be called from its own call. */
static gboolean look(gpointer arg)
{
	struct usbfs *u = arg;
	bool tell;

	atomic_store(&u->asked, false);
	lock(&u->lock);
	usbfs_run(u);
	tell = u->unplugged && !u->told;
	u->told |= tell;
	unlock(&u->lock);
	if (tell)
		u->gone(u->arg);
	return G_SOURCE_REMOVE;
}

static void ask_for_look(void *arg)
{
	struct usbfs *u = arg;

	if (!atomic_exchange(&u->asked, true))
		g_idle_add(look, u);
}

static void found_gone(struct usbfs *u)
{
	if (u->unplugged)
		return;
	u->unplugged = true;
	usbfs_end_pending(u, -ESHUTDOWN);
	ask_for_look(u);
}

void usbfs_submit(struct usbfs *u, struct urb *urb)
{
	const struct usb_urb wanted = urb_wanted(urb);

	g_queue_push_tail(&u->pending, urb);
	if (usb_urbs_submit(u->urbs, &wanted) != HSM_OK)
		found_gone(u);
}

void usbfs_run(struct usbfs *u)
{
	forget_dead(u);
	if (usb_urbs_pump(u->urbs) != HSM_OK)
		found_gone(u);
	show_readiness(u);
}

int usbfs_request(struct usbfs *u, uint8_t recipient, uint8_t code, unsigned value, unsigned index)
{
	uint8_t setup[8] = { recipient, code, (uint8_t)value, (uint8_t)(value >> 8), (uint8_t)index,
		(uint8_t)(index >> 8) };
	uint8_t nothing;
	struct wr none = wr_of(&nothing, 0);

	switch (ccid_dev_control(u->dev, setup, (struct rd){ 0 }, &none)) {
	case CCID_DEV_OK:
		return 0;
	case CCID_DEV_GONE:
		found_gone(u);
		return ENODEV;
	default:
		return EPIPE;
	}
}

void usbfs_string(struct usbfs *u, uint8_t index, char *text, size_t cap)
{
	uint8_t bytes[255];
	uint8_t setup[8] = { DEVICE_TO_HOST, USB_GET_DESCRIPTOR, index, STRING, ENGLISH & 0xFF,
		ENGLISH >> 8, sizeof(bytes), 0 };
	struct wr w = WR_ARRAY(bytes);
	size_t n = 0;

	if (index != 0 && ccid_dev_control(u->dev, setup, (struct rd){ 0 }, &w) == CCID_DEV_OK) {
		for (size_t at = 2; at + 1 < w.n && n + 1 < cap; at += 2)
			text[n++] = (char)bytes[at];
	}
	text[n] = '\0';
}

/* An ioctl that will be served again. */
struct retry {
	struct usbfs *u;
	UMockdevIoctlClient *client;
};

static int serve(struct usbfs *u, UMockdevIoctlClient *client)
{
	int e;

	lock(&u->lock);
	forget_dead(u);
	e = usbfs_serve(u, client);
	usbfs_run(u);
	unlock(&u->lock);
	return e;
}

static void complete(UMockdevIoctlClient *client, int e)
{
	umockdev_ioctl_client_complete(client, e == 0 ? 0 : -1, e);
}

static gboolean serve_again(gpointer arg)
{
	struct retry *r = arg;

	complete(r->client, serve(r->u, r->client));
	g_object_unref(r->client);
	g_free(r);
	return G_SOURCE_REMOVE;
}

/* That a file was closed is noticed in this thread's loop: it gets time for that before somebody is
 * told that an interface is taken. */
static void serve_later(struct usbfs *u, UMockdevIoctlClient *client)
{
	GSource *timer = g_timeout_source_new(CLOSING_MS);
	struct retry *r = g_new(struct retry, 1);

	*r = (struct retry){ u, g_object_ref(client) };
	g_source_set_callback(timer, serve_again, r, NULL);
	g_source_attach(timer, g_main_context_get_thread_default());
	g_source_unref(timer);
}

static gboolean handle(UMockdevIoctlBase *base, UMockdevIoctlClient *client, gpointer arg)
{
	int e = serve(arg, client);

	(void)base;
	if (e == EBUSY)
		serve_later(arg, client);
	else
		complete(client, e);
	return TRUE;
}

/* Which interfaces there are, and whose an endpoint is (USB 2.0, 9.6.5 and 9.6.6). */
static void read_configuration(struct usbfs *u)
{
	enum { INTERFACE = 4, ENDPOINT = 5 };
	struct rd at = ccid_dev_facts(u->dev)->configuration, one;
	uint8_t interface = USBFS_NO_INTERFACE;

	memset(u->interface_of, USBFS_NO_INTERFACE, sizeof(u->interface_of));
	while (at.n >= 2 && at.p[0] >= 2 && rd_take(&at, at.p[0], &one)) {
		if (one.p[1] == INTERFACE && one.n >= 9 && one.p[2] < USBFS_INTERFACES) {
			interface = one.p[2];
			u->interfaces[interface] = true;
		} else if (one.p[1] == ENDPOINT && one.n >= 7) {
			u->interface_of[one.p[2]] = interface;
		}
	}
}

hsm_rc usbfs_new(
        const struct ccid_dev_setup *setup, void (*gone)(void *arg), void *arg, struct usbfs **out)
{
	struct usbfs *u = calloc(1, sizeof(*u));
	struct ccid_dev_setup own = *setup;
	hsm_rc rc;

	if (u == NULL)
		return HSM_E_MEMORY;
	own.ready = ask_for_look;
	own.arg = u;
	u->gone = gone;
	u->arg = arg;
	lock_init(&u->lock);
	rc = ccid_dev_new(&own, &u->dev);
	if (rc == HSM_OK)
		rc = usb_urbs_new(u->dev, ended, u, &u->urbs);
	if (rc != HSM_OK) {
		ccid_dev_free(u->dev);
		lock_done(&u->lock);
		free(u);
		return rc;
	}
	read_configuration(u);
	(void)usbfs_request(
	        u, 0, USB_SET_CONFIGURATION, ccid_dev_facts(u->dev)->configuration.p[5], 0);
	u->ioctls = umockdev_ioctl_base_new();
	g_signal_connect(u->ioctls, "handle-ioctl", G_CALLBACK(handle), u);
	*out = u;
	return HSM_OK;
}

static void free_urb(gpointer urb)
{
	urb_free(urb);
}

void usbfs_free(struct usbfs *u)
{
	if (u == NULL)
		return;
	g_signal_handlers_disconnect_by_data(u->ioctls, u);
	ccid_dev_free(u->dev);
	usb_urbs_free(u->urbs);
	g_idle_remove_by_data(u);
	g_queue_clear_full(&u->pending, free_urb);
	g_queue_clear_full(&u->done, free_urb);
	for (unsigned i = 0; i < USBFS_INTERFACES; i++)
		g_clear_object(&u->claims[i]);
	g_object_unref(u->ioctls);
	lock_done(&u->lock);
	free(u->node);
	free(u);
}

const struct ccid_dev_facts *usbfs_facts(const struct usbfs *u)
{
	return ccid_dev_facts(u->dev);
}

UMockdevIoctlBase *usbfs_ioctls(const struct usbfs *u)
{
	return u->ioctls;
}

bool usbfs_make_node(struct usbfs *u, const char *path)
{
	u->node = strdup(path);
	return u->node != NULL && mkfifo(path, 0666) == 0;
}

void usbfs_unplug(struct usbfs *u)
{
	ccid_dev_unplug(u->dev);
	lock(&u->lock);
	found_gone(u);
	show_readiness(u);
	unlock(&u->lock);
}
