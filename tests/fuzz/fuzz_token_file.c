#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include "apdu/capdu.h"
#include "base/ossl.h"
#include "emu.h"
#include "fuzz.h"

/* The input is a token file. It is refused as one of the kinds of refusal there are for files, or
 * it is a card; reading from either way never changes it. */

static char folder[64], path[96];

static void place_make(void)
{
	snprintf(folder, sizeof(folder), "%s/twinhsm-fuzz-XXXXXX",
	        access("/dev/shm", W_OK) == 0 ? "/dev/shm" : "/tmp");
	FUZZ_ASSERT(mkdtemp(folder) != NULL);
	snprintf(path, sizeof(path), "%s/card.token", folder);
}

static void file_write(struct rd bytes)
{
	const int fd = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);

	FUZZ_ASSERT(fd >= 0 && write(fd, bytes.p, bytes.n) == (ssize_t)bytes.n);
	close(fd);
}

static bool file_is(struct rd bytes)
{
	static uint8_t now[1 << 20];
	const int fd = open(path, O_RDONLY | O_CLOEXEC);
	const ssize_t n = read(fd, now, sizeof(now));

	close(fd);
	return n >= 0 && rd_equal(bytes, rd_of(now, (size_t)n));
}

static void send(struct emu_lane *lane, struct rd cmd)
{
	static uint8_t bytes[RAPDU_MAX];
	struct wr rsp = WR_ARRAY(bytes);

	FUZZ_ASSERT(emu_lane_xfer(lane, cmd, &rsp) == HSM_OK);
	FUZZ_ASSERT(rsp.n >= 2 && rsp.p[rsp.n - 2] != 0x6F);
}

/* SELECT, ENUMERATE OBJECTS, READ BINARY of the label, SELECT of a key, both PINs' status. Not
 * VERIFY: the file says how long that takes. */
static void use(struct emu_card *card)
{
	struct emu_lane *lane;

	FUZZ_ASSERT(emu_lane_new(card, &lane) == HSM_OK);
	send(lane, RD_LIT("\x00\xA4\x04\x00\x0B\xE8\x2B\x06\x01\x04\x01\x81\xC3\x1F\x02\x01\x00"));
	send(lane, RD_LIT("\x80\x58\x00\x00\x00\x00\x00"));
	send(lane, RD_LIT("\x00\xB1\x2F\x03\x00\x00\x04\x54\x02\x00\x00\x00\x00"));
	send(lane, RD_LIT("\x00\xA4\x00\x00\x02\xCC\x01\x00"));
	send(lane, RD_LIT("\x00\x20\x00\x81"));
	send(lane, RD_LIT("\x00\x20\x00\x88"));
	emu_lane_free(lane);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct emu_card *card = NULL;
	struct emu_info info;
	hsm_rc rc;

	/* Held on to, so that libcrypto is not set up again for every input. */
	if (ossl_ctx() == NULL)
		FUZZ_ASSERT(ossl_acquire() == HSM_OK);
	place_make();
	file_write(rd_of(data, size));
	rc = emu_inspect(path, &info);
	FUZZ_ASSERT(emu_open(path, &card) == rc);
	if (rc == HSM_OK) {
		use(card);
		emu_close(card);
	} else {
		FUZZ_ASSERT(rc >= HSM_E_TOKEN_MISSING && rc <= HSM_E_TOKEN_NEWER);
	}
	FUZZ_ASSERT(file_is(rd_of(data, size)));
	FUZZ_ASSERT(unlink(path) == 0 && rmdir(folder) == 0); /* nothing else is there */
	return 0;
}
