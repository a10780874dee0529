#include "base/tlv.h"
#include "fuzz.h"
#include "p15/cvc.h"

static bool same_key(const struct cvc_key *a, const struct cvc_key *b)
{
	return rd_equal(a->oid, b->oid) && a->is_rsa == b->is_rsa && a->curve == b->curve &&
	       a->modulus_bits == b->modulus_bits && rd_equal(a->modulus, b->modulus) &&
	       rd_equal(a->exponent, b->exponent) && rd_equal(a->point, b->point);
}

static bool same(const struct cvc *a, const struct cvc *b)
{
	return same_key(&a->key, &b->key) && rd_equal(a->car, b->car) && rd_equal(a->chr, b->chr) &&
	       rd_equal(a->signature, b->signature) && rd_equal(a->extensions, b->extensions) &&
	       (a->role.n == 0 || (rd_equal(a->role, b->role) && a->role_bits == b->role_bits &&
	                                  rd_equal(a->effective, b->effective) &&
	                                  rd_equal(a->expiry, b->expiry)));
}

static void rebuild(const struct cvc *c)
{
	static uint8_t room[140000];
	struct wr w = WR_ARRAY(room);
	struct cvc again;
	struct rd r;
	size_t mark = tlv_open(&w, 0x7F21);

	cvc_body_put(&w, c);
	tlv_put(&w, 0x5F37, c->signature);
	tlv_close(&w, mark);
	r = wr_rd(&w);
	if (wr_done(&w) == HSM_OK)
		FUZZ_ASSERT(cvc_parse(&r, &again) == HSM_OK && r.n == 0 && same(c, &again));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd in = rd_of(data, size), r = in;
	struct cvc c;
	struct cvc_key key;

	while (cvc_parse(&r, &c) == HSM_OK) {
		FUZZ_ASSERT(fuzz_inside(c.body, in) && fuzz_inside(c.signature, in));
		rebuild(&c);
	}
	if (cvc_key_parse(in, &key) == HSM_OK)
		FUZZ_ASSERT(fuzz_inside(key.point, in) && fuzz_inside(key.modulus, in));
	return 0;
}
