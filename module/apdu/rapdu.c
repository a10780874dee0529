#include "apdu/capdu.h"

hsm_rc rapdu_parse(struct rd bytes, struct rapdu *out)
{
	struct rapdu r = { 0 };

	if (bytes.n < 2 || !rd_take(&bytes, bytes.n - 2, &r.data) || !rd_u16(&bytes, &r.sw))
		return HSM_E_CARD_DATA;
	*out = r;
	return HSM_OK;
}

struct sw_range {
	uint16_t first, last;
	hsm_rc rc;
};

/* What a word means unless the command it answers gives it a meaning of its own. */
static const struct sw_range words[] = {
	{ 0x6282, 0x6282, HSM_E_END_OF_FILE },
	{ 0x63C0, 0x63CF, HSM_E_PIN_WRONG },
	{ 0x6700, 0x6700, HSM_E_BAD_LEN },
	{ 0x6900, 0x6900, HSM_E_NOT_ALLOWED },
	{ 0x6982, 0x6982, HSM_E_NOT_AUTH },
	{ 0x6983, 0x6983, HSM_E_PIN_LOCKED },
	{ 0x6984, 0x6984, HSM_E_USED_UP },
	{ 0x6985, 0x6986, HSM_E_NOT_ALLOWED },
	{ 0x6987, 0x6988, HSM_E_BAD_DATA },
	{ 0x6A00, 0x6A00, HSM_E_BAD_PARAM },
	{ 0x6A80, 0x6A80, HSM_E_BAD_DATA },
	{ 0x6A81, 0x6A81, HSM_E_KEY_REFUSED },
	{ 0x6A82, 0x6A82, HSM_E_NO_FILE },
	{ 0x6A84, 0x6A84, HSM_E_FULL },
	{ 0x6A85, 0x6A87, HSM_E_BAD_PARAM },
	{ 0x6A88, 0x6A88, HSM_E_NO_REF },
	{ 0x6A89, 0x6A89, HSM_E_EXISTS },
	{ 0x6B00, 0x6B00, HSM_E_BAD_OFFSET },
	{ 0x6D00, 0x6D00, HSM_E_UNSUPPORTED },
	{ 0x6E00, 0x6E00, HSM_E_BAD_CLASS },
	{ 0x9000, 0x9000, HSM_OK },
};

hsm_rc sw_to_rc(uint16_t sw, unsigned *tries)
{
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		if (sw < words[i].first || sw > words[i].last)
			continue;
		if (words[i].rc == HSM_E_PIN_WRONG && tries != NULL)
			*tries = sw & 0x0Fu;
		return words[i].rc;
	}
	return HSM_E_CARD_SW;
}
