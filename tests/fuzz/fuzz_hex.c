#include <ctype.h>

#include "base/text.h"
#include "fuzz.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t bytes[4096], field[4097];
	static char text[2 * sizeof(bytes) + 1];
	struct wr w = WR_ARRAY(bytes);
	size_t width = size / 2;

	if (size > 2 * sizeof(bytes))
		return 0;
	field[width] = 0xA5;
	text_pad(field, width, rd_of(data, size));
	FUZZ_ASSERT(field[width] == 0xA5);
	if (hex_get(rd_of(data, size), &w) != HSM_OK)
		return 0;
	FUZZ_ASSERT(w.n == size / 2 && hex_put(wr_rd(&w), text, sizeof(text)) == HSM_OK);
	for (size_t i = 0; i < size; i++)
		FUZZ_ASSERT(isxdigit(data[i]) && text[i] == (char)toupper(data[i]));
	return 0;
}
