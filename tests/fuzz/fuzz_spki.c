#include "fuzz.h"
#include "p15/pubkey.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	uint8_t room[2 * RSA_BYTES_MAX + 64];
	struct wr w = WR_ARRAY(room);
	struct pubkey key, again;

	if (pubkey_from_spki(rd_of(data, size), &key) != HSM_OK)
		return 0;
	pubkey_put_spki(&w, &key);
	FUZZ_ASSERT(wr_done(&w) == HSM_OK && pubkey_from_spki(wr_rd(&w), &again) == HSM_OK);
	FUZZ_ASSERT(again.type == key.type && again.bits == key.bits && again.curve == key.curve);
	FUZZ_ASSERT(rd_equal(again.modulus, key.modulus) && rd_equal(again.point, key.point) &&
	            rd_equal(again.exponent, key.exponent));
	return 0;
}
