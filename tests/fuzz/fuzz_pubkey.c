#include "fuzz.h"
#include "p15/pubkey.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd in = rd_of(data, size);
	struct pubkey key;

	if (pubkey_from_cert_file(in, &key) != HSM_OK)
		return 0;
	if (key.type == PUBKEY_EC) {
		FUZZ_ASSERT(key.curve != NULL && key.bits == key.curve->bits);
		FUZZ_ASSERT(key.point.n == 1 + 2 * (size_t)key.curve->width);
		FUZZ_ASSERT(fuzz_inside(key.point, in));
		return 0;
	}
	FUZZ_ASSERT(key.type == PUBKEY_RSA && key.bits >= RSA_BITS_MIN && key.bits <= RSA_BITS_MAX);
	FUZZ_ASSERT((key.bits + 7u) / 8 == key.modulus.n && key.exponent.n != 0);
	FUZZ_ASSERT(fuzz_inside(key.modulus, in) && fuzz_inside(key.exponent, in));
	return 0;
}
