#include "card/config.h"

#include "fuzz.h"

/* The first byte chooses the separator, the rest are settings. Every address that comes out has a
 * scheme and a place. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd text = rd_of(data, size);
	struct config c = { 0 };
	unsigned bad = 0;
	uint8_t first;
	hsm_rc rc;

	if (!rd_u8(&text, &first))
		return 0;
	rc = config_parse(text, first == ';' ? ';' : '\n', &c, &bad);
	FUZZ_ASSERT(rc == HSM_OK || rc == HSM_E_BAD_CONFIG);
	FUZZ_ASSERT(rc != HSM_OK || bad == 0);
	FUZZ_ASSERT(c.has_cards || c.cards_n == 0);
	for (size_t i = 0; i < c.cards_n; i++) {
		const char *colon = strchr(c.cards[i], ':');

		FUZZ_ASSERT(colon != NULL && colon != c.cards[i] && colon[1] != '\0');
	}
	config_done(&c);
	return 0;
}
