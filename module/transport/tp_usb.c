/* A card in a CCID reader on USB, "usb:WHERE", without a service between: the interface is ours as
 * long as the card is open. */
#include <errno.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/lock.h"
#include "transport/ccid_host.h"
#include "transport/transport.h"
#include "transport/usb_bus.h"

enum { LANES_MAX = 1 };

struct usb_tp {
	struct tp tp;
	struct tp_lane lane;
	char node[USB_NODE_MAX];
	struct lock lock; /* guards the host: a look may come from any thread */
	struct ccid_host *host;
	_Atomic uint64_t resets;
	atomic_bool gone;
};

static struct usb_tp *of(struct tp *tp)
{
	return (struct usb_tp *)tp;
}

/* ---- the carrier ---- */

/* `d` (may be NULL) is the device behind the pipe. */
static hsm_rc over(struct usb_pipe *pipe, const struct usb_device *d, struct tp **out)
{
	struct usb_tp *t = calloc(1, sizeof(*t));
	hsm_rc rc;

	if (t == NULL) {
		pipe->ops->close(pipe);
		return HSM_E_MEMORY;
	}
	rc = ccid_host_open(pipe, &t->host);
	if (rc != HSM_OK) {
		free(t);
		return rc;
	}
	if (d != NULL) {
		usb_node(d, t->node);
		usb_remember(d, ccid_host_is_hsm(t->host));
	}
	lock_init(&t->lock);
	t->tp = (struct tp){ &tp_usb, LANES_MAX, ccid_host_command_max(t->host) };
	t->lane.tp = &t->tp;
	*out = &t->tp;
	return HSM_OK;
}

hsm_rc tp_usb_over(struct usb_pipe *pipe, struct tp **out)
{
	return over(pipe, NULL, out);
}

static hsm_rc usb_tp_open(const char *where, struct tp **out)
{
	struct usb_device d;
	struct usb_pipe *pipe;
	hsm_rc rc = usb_pipe_open(where, &d, &pipe);

	if (rc == HSM_E_USB_ACCESS)
		usb_access_say(&d, where);
	else if (rc == HSM_E_USB_BUSY)
		usb_holder_say(&d, where);
	TRY(rc);
	rc = over(pipe, &d, out);
	return rc == HSM_E_GONE ? HSM_E_NO_READER : rc;
}

static void usb_tp_close(struct tp *tp)
{
	struct usb_tp *t = of(tp);

	ccid_host_close(t->host);
	lock_done(&t->lock);
	free(t);
}

static hsm_rc usb_tp_lane_new(struct tp *tp, struct tp_lane **out)
{
	*out = &of(tp)->lane;
	return HSM_OK;
}

static void usb_tp_lane_close(struct tp_lane *lane)
{
	(void)lane;
}

static void take_note(struct usb_tp *t, hsm_rc rc)
{
	atomic_store(&t->resets, ccid_host_resets(t->host));
	if (rc == HSM_E_GONE)
		atomic_store(&t->gone, true);
}

static hsm_rc usb_tp_xfer(struct tp_lane *lane, struct rd cmd, struct wr *rsp)
{
	struct usb_tp *t = of(lane->tp);
	hsm_rc rc;

	lock(&t->lock);
	rc = ccid_host_xfer(t->host, cmd, rsp);
	take_note(t, rc);
	unlock(&t->lock);
	return rc;
}

/* Nobody else can reach the card. */
static hsm_rc usb_tp_hold(struct tp_lane *lane, bool on)
{
	(void)lane;
	(void)on;
	return HSM_OK;
}

/* While a command is at work, what is known from before. */
static hsm_rc usb_tp_look(struct tp *tp, struct tp_epoch *out)
{
	struct usb_tp *t = of(tp);
	uint64_t resets;

	if (pthread_mutex_trylock(&t->lock.m) == 0) {
		take_note(t, ccid_host_look(t->host));
		pthread_mutex_unlock(&t->lock.m);
	}
	resets = atomic_load(&t->resets);
	*out = (struct tp_epoch){ resets, resets };
	return atomic_load(&t->gone) ? HSM_E_GONE : HSM_OK;
}

/* The file of a device goes when it is pulled out. */
static hsm_rc usb_tp_present(struct tp *tp)
{
	struct tp_epoch epoch;

	TRY(usb_tp_look(tp, &epoch));
	if (of(tp)->node[0] == '\0' || access(of(tp)->node, F_OK) == 0 || errno != ENOENT)
		return HSM_OK;
	atomic_store(&of(tp)->gone, true);
	return HSM_E_GONE;
}

const struct tp_ops tp_usb = {
	.scheme = "usb",
	.open = usb_tp_open,
	.lane = usb_tp_lane_new,
	.lane_close = usb_tp_lane_close,
	.xfer = usb_tp_xfer,
	.hold = usb_tp_hold,
	.look = usb_tp_look,
	.close = usb_tp_close,
	.forget = usb_forget,
	.list = usb_list,
	.sight = usb_sight,
	.present = usb_tp_present,
	.usb_id = usb_id,
	.watch = usb_watch,
	.changed = usb_changed,
	.unwatch = usb_unwatch,
};
