#include "fuzz.h"
#include "key/xkek.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct rd in = rd_of(data, size);
	struct xkek_membership m;
	struct rd uid = xkek_extension_uid(in);

	FUZZ_ASSERT(uid.n == 0 || fuzz_inside(uid, in));
	if (xkek_membership_parse(in, &m) != HSM_OK)
		return 0;
	FUZZ_ASSERT(fuzz_inside(m.group.body, in) && fuzz_inside(m.group.signature, in));
	FUZZ_ASSERT(fuzz_inside(m.signature, in) && m.signature.p > m.group.signature.p);
	FUZZ_ASSERT(fuzz_inside(m.uid, m.group.body) && m.uid.n == KEK_UID_MAX);
	return 0;
}
