#include "base/ossl.h"
#include "fuzz.h"
#include "p15/keyblob.h"

/* The first byte is a type, the rest the plain text of a blob: what parses must survive being
 * built and opened. The rest is taken for a blob as well. */

static const uint8_t value[DKEK_LEN] = { 1, 2, 3 };

static void check_split(struct rd in)
{
	struct keyblob_frame f;

	if (keyblob_split(in, &f) != HSM_OK)
		return;
	FUZZ_ASSERT(fuzz_inside(f.algs, in) && fuzz_inside(f.encrypted, in));
	FUZZ_ASSERT(f.encrypted.n % 16 == 0 && f.mac.n == 16 && f.covered.n + 16 == in.n);
}

static void check_round_trip(const struct keyblob *key)
{
	static uint8_t room[KEYBLOB_MAX];
	struct wr w = WR_ARRAY(room);
	AUTO_DKEK dkek = { 0 };
	AUTO_BUF plain = { 0 };
	struct keyblob again;

	FUZZ_ASSERT(dkek_derive(rd_of(value, sizeof(value)), &dkek) == HSM_OK);
	if (keyblob_build(&dkek, key, value, &w) != HSM_OK)
		return;
	FUZZ_ASSERT(keyblob_open(&dkek, wr_rd(&w), &plain, &again) == HSM_OK);
	FUZZ_ASSERT(again.type == key->type && again.bits == key->bits);
	for (size_t i = 0; i < KEYBLOB_PARTS; i++)
		FUZZ_ASSERT(rd_equal(again.part[i], key->part[i]));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd in = rd_of(data, size);
	struct keyblob key;
	uint8_t type;

	/* Held on to, so that libcrypto is not set up again for every input. */
	if (ossl_ctx() == NULL)
		FUZZ_ASSERT(ossl_acquire() == HSM_OK);
	if (!rd_u8(&in, &type))
		return 0;
	check_split(in);
	if (keyblob_plain_parse(type, in, &key) != HSM_OK)
		return 0;
	for (size_t i = 0; i < KEYBLOB_PARTS; i++)
		FUZZ_ASSERT(fuzz_inside(key.part[i], in));
	check_round_trip(&key);
	return 0;
}
