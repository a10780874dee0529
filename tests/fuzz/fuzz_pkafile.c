#include "backup/backup.h"
#include "fuzz.h"

/* The input is a file; and EF CEkk with EF 2F02 after it, cut by the first two bytes. */

static uint8_t room[0xFFFF];

static void check_again(const struct pkafile *file, struct rd built)
{
	struct pkafile again;

	FUZZ_ASSERT(pkafile_parse(built, &again) == HSM_OK);
	FUZZ_ASSERT(rd_equal(file->request, again.request));
	FUZZ_ASSERT(rd_equal(file->device, again.device));
	FUZZ_ASSERT(rd_equal(file->issuer, again.issuer));
}

static void check(const struct pkafile *file, struct rd in)
{
	struct wr w = WR_ARRAY(room);

	FUZZ_ASSERT(fuzz_inside(file->request, in) && fuzz_inside(file->device, in));
	FUZZ_ASSERT(fuzz_inside(file->issuer, in));
	if (pkafile_build_old(file, &w) == HSM_OK)
		check_again(file, wr_rd(&w));
	w = WR_ARRAY(room);
	if (pkafile_build_new(file, &w) == HSM_OK)
		check_again(file, wr_rd(&w));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	const struct rd in = rd_of(data, size);
	struct rd chain = in, request;
	struct pkafile file;
	uint16_t n;

	if (pkafile_parse(in, &file) == HSM_OK)
		check(&file, in);
	if (rd_u16(&chain, &n) && rd_take(&chain, n, &request) &&
	        pkafile_from_card(request, chain, &file) == HSM_OK)
		check(&file, in);
	return 0;
}
