#include "backup/backup.h"
#include "fuzz.h"

static bool same(const struct wrapfile *a, const struct wrapfile *b)
{
	return rd_equal(a->blob, b->blob) && rd_equal(a->prkd, b->prkd) &&
	       rd_equal(a->cert, b->cert);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t room[WRAPFILE_MAX + 16];
	struct wr w = WR_ARRAY(room);
	struct rd in = rd_of(data, size);
	struct wrapfile file, again;

	if (wrapfile_parse(in, &file) != HSM_OK)
		return 0;
	FUZZ_ASSERT(file.blob.n != 0 && fuzz_inside(file.blob, in));
	FUZZ_ASSERT(fuzz_inside(file.prkd, in) && fuzz_inside(file.cert, in));
	FUZZ_ASSERT(fuzz_inside(file.rest, in));
	FUZZ_ASSERT(file.rest.n == 0 || file.cert.n != 0);
	FUZZ_ASSERT(wrapfile_build(&file, &w) == HSM_OK);
	FUZZ_ASSERT(wrapfile_parse(wr_rd(&w), &again) == HSM_OK);
	FUZZ_ASSERT(same(&file, &again) && again.rest.n == 0);
	return 0;
}
