#include "base/ossl.h"
#include "core/image.h"
#include "fuzz.h"
#include "key/pka_key.h"

/* The input is what a card is sent to log in with registered keys: the length of a request in two
 * bytes, the contents of the request, which a genuine device is said to have signed (the one of
 * tests/golden/genuine_device.json), then a signature over a challenge. */

static const struct trust_key device = {
	.chr = "DENK040414400000",
	.chr_n = 16,
	.point = { 0x04, 0x85, 0x4A, 0x60, 0x8E, 0x6F, 0x7B, 0x27, 0xD4, 0xB9, 0x90, 0xC0, 0xEE,
	        0xA6, 0x8F, 0x6C, 0x1D, 0x73, 0x8E, 0x0E, 0x38, 0xCC, 0x9C, 0x6D, 0x1C, 0xEE, 0xDE,
	        0x55, 0xC0, 0x58, 0x3F, 0x0B, 0x7B, 0x37, 0x36, 0x35, 0x51, 0xA8, 0x76, 0xB8, 0xEC,
	        0x2B, 0x0D, 0xB8, 0x85, 0x45, 0xAD, 0xFE, 0x41, 0x8A, 0xBE, 0xCD, 0x55, 0x5C, 0x12,
	        0x8B, 0xE8, 0x1A, 0x5C, 0x6A, 0x03, 0x61, 0xFC, 0xA1, 0xDF },
};

static bool is_outcome(hsm_rc rc)
{
	return rc == HSM_OK || rc == HSM_E_BAD_DATA || rc == HSM_E_BAD_ALG ||
	       rc == HSM_E_NOT_ALLOWED;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct pka_candidate candidate = { .key = { 0 } };
	struct rd in = rd_of(data, size), request;
	uint16_t n;
	hsm_rc rc;

	/* Held on to, so that libcrypto is not set up again for every input. */
	if (ossl_ctx() == NULL)
		FUZZ_ASSERT(ossl_acquire() == HSM_OK);
	if (!rd_u16(&in, &n) || !rd_take(&in, n, &request))
		return 0;
	rc = pka_key_verify(&device, request, &candidate);
	FUZZ_ASSERT(is_outcome(rc));
	if (rc == HSM_OK) {
		FUZZ_ASSERT(fuzz_inside(candidate.chr, request) && candidate.chr.n >= PKA_CHR_MIN);
		FUZZ_ASSERT(candidate.key.n <= PKA_KEY_LEN_MAX);
		/* Nobody here knows a private key of that device. */
		FUZZ_ASSERT(!pka_key_signed(
		        buf_rd(&candidate.key), "ZZTWXXXXXXX00000", RD_LIT("8 bytes."), in));
	}
	(void)pka_key_signed(request, "ZZTWXXXXXXX00000", RD_LIT("8 bytes."), in);
	buf_free(&candidate.key);
	return 0;
}
