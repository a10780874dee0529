#include "backup/rounds.h"
#include "base/ossl.h"
#include "fuzz.h"

/* The first byte is the length of a password, then the password, then a file; with one round. The
 * file is taken for a share and a salt as well, which must survive being sealed and opened. */

static const struct stretch once = { 1, NULL };

static void check_open(struct rd password, struct rd file)
{
	AUTO_SECRET share = { 0 };
	const hsm_rc rc = sharefile_open_rounds(&once, file, password, &share);

	FUZZ_ASSERT((sharefile_check(file) == HSM_OK) != (rc == HSM_E_BAD_DATA));
	FUZZ_ASSERT(share.n == (rc == HSM_OK ? SHARE_LEN : 0));
}

static void check_round_trip(struct rd password, struct rd in)
{
	uint8_t file[SHAREFILE_LEN], again[SHAREFILE_LEN];
	struct wr w = WR_ARRAY(file), w_again = WR_ARRAY(again);
	struct rd share, salt;
	AUTO_SECRET got = { 0 };

	if (!rd_take(&in, SHARE_LEN, &share) || !rd_take(&in, SHAREFILE_SALT, &salt))
		return;
	FUZZ_ASSERT(sharefile_seal_rounds(&once, share, salt, password, &w) == HSM_OK);
	FUZZ_ASSERT(sharefile_open_rounds(&once, wr_rd(&w), password, &got) == HSM_OK);
	FUZZ_ASSERT(rd_equal(secret_rd(&got), share));
	FUZZ_ASSERT(sharefile_seal_rounds(&once, share, salt, password, &w_again) == HSM_OK);
	FUZZ_ASSERT(rd_equal(wr_rd(&w), wr_rd(&w_again)));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd in = rd_of(data, size), password;
	uint8_t n;

	/* Held on to, so that libcrypto is not set up again for every input. */
	if (ossl_ctx() == NULL)
		FUZZ_ASSERT(ossl_acquire() == HSM_OK);
	if (!rd_u8(&in, &n) || !rd_take(&in, n, &password))
		return 0;
	check_open(password, in);
	check_round_trip(password, in);
	return 0;
}
