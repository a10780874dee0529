/* The emulated card in this process: every lane is an execution context of the same chip. Who takes
 * the token file away has pulled the card. */
#include <fcntl.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "emu.h"
#include "transport/path_sight.h"

enum {
	LANES_MAX = 64,
	GONE_AFTER_MS = 20, /* a file that is deleted is noticed by commands after as long */
	COMMAND_MAX = 4 + 3 + 0xFFFF + 2, /* extended form, ISO/IEC 7816-3 section 12.1 */
};

struct emu_tp {
	struct tp tp;
	struct emu_card *card;
	char *path; /* absolute; NULL: in memory */
	int fd;     /* O_PATH, so closing it leaves SQLite its locks; -1: in memory */
	_Atomic int64_t looked_ms;
	atomic_bool gone;
};

struct emu_tp_lane {
	struct tp_lane lane;
	struct emu_lane *emu;
};

static struct emu_lane *emu_of(struct tp_lane *lane)
{
	return ((struct emu_tp_lane *)lane)->emu;
}

static struct emu_tp *of(struct tp *tp)
{
	return (struct emu_tp *)tp;
}

static bool in_memory(const char *where)
{
	return where[0] == ':';
}

static void emu_tp_close(struct tp *tp)
{
	struct emu_tp *t = of(tp);

	emu_close(t->card);
	if (t->fd >= 0)
		close(t->fd);
	free(t->path);
	free(t);
}

static hsm_rc open_file(struct emu_tp *t, const char *where)
{
	if (in_memory(where))
		return HSM_OK;
	t->path = realpath(where, NULL);
	t->fd = t->path == NULL ? -1 : open(t->path, O_PATH | O_CLOEXEC);
	return t->fd < 0 ? HSM_E_TOKEN_MISSING : HSM_OK;
}

static hsm_rc emu_tp_open(const char *where, struct tp **out)
{
	struct emu_tp *t = calloc(1, sizeof(*t));
	hsm_rc rc;

	if (t == NULL)
		return HSM_E_MEMORY;
	t->tp = (struct tp){ &tp_emu, LANES_MAX, COMMAND_MAX };
	t->fd = -1;
	rc = emu_open(where, &t->card);
	if (rc == HSM_OK)
		rc = open_file(t, where);
	if (rc != HSM_OK) {
		emu_tp_close(&t->tp);
		return rc;
	}
	*out = &t->tp;
	return HSM_OK;
}

static hsm_rc emu_tp_lane_new(struct tp *tp, struct tp_lane **out)
{
	struct emu_tp_lane *lane = calloc(1, sizeof(*lane));
	hsm_rc rc;

	if (lane == NULL)
		return HSM_E_MEMORY;
	rc = emu_lane_new(((struct emu_tp *)tp)->card, &lane->emu);
	if (rc != HSM_OK) {
		free(lane);
		return rc;
	}
	lane->lane.tp = tp;
	*out = &lane->lane;
	return HSM_OK;
}

static void emu_tp_lane_close(struct tp_lane *lane)
{
	emu_lane_free(emu_of(lane));
	free(lane);
}

static hsm_rc emu_tp_xfer(struct tp_lane *lane, struct rd cmd, struct wr *rsp)
{
	return emu_lane_xfer(emu_of(lane), cmd, rsp);
}

static hsm_rc emu_tp_hold(struct tp_lane *lane, bool on)
{
	return emu_lane_hold(emu_of(lane), on);
}

static hsm_rc gone(struct emu_tp *t)
{
	atomic_store(&t->gone, true);
	return HSM_E_GONE;
}

static int64_t now_ms(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC_COARSE, &t);
	return t.tv_sec * INT64_C(1000) + t.tv_nsec / 1000000;
}

/* A system call for each command would be felt, so the file is asked now and then only. */
static hsm_rc emu_tp_look(struct tp *tp, struct tp_epoch *out)
{
	struct emu_tp *t = of(tp);
	int64_t now = now_ms();
	struct stat st;

	if (atomic_load(&t->gone))
		return HSM_E_GONE;
	if (t->fd >= 0 && now - atomic_load(&t->looked_ms) >= GONE_AFTER_MS) {
		atomic_store(&t->looked_ms, now);
		if (fstat(t->fd, &st) == 0 && st.st_nlink == 0)
			return gone(t);
	}
	return emu_epoch(t->card, &out->content, &out->security);
}

/* A file that was moved away is gone as well, and so is one with another in its place. */
static hsm_rc emu_tp_present(struct tp *tp)
{
	struct emu_tp *t = of(tp);
	struct stat ours, there;

	if (atomic_load(&t->gone))
		return HSM_E_GONE;
	if (t->fd < 0 || fstat(t->fd, &ours) != 0)
		return HSM_OK;
	if (stat(t->path, &there) != 0 || there.st_dev != ours.st_dev ||
	        there.st_ino != ours.st_ino)
		return gone(t);
	return HSM_OK;
}

static hsm_rc emu_tp_sight(const char *where, uint64_t *stamp)
{
	return in_memory(where) ? HSM_OK : path_sight(where, stamp);
}

const struct tp_ops tp_emu = {
	.scheme = "emu",
	.open = emu_tp_open,
	.lane = emu_tp_lane_new,
	.lane_close = emu_tp_lane_close,
	.xfer = emu_tp_xfer,
	.hold = emu_tp_hold,
	.look = emu_tp_look,
	.close = emu_tp_close,
	.forget = emu_forget,
	.sight = emu_tp_sight,
	.present = emu_tp_present,
};
