#include <openssl/crypto.h>

#include "backup/backup.h"
#include "base/text.h"

enum { BYTE_DIGITS = 2 };

static bool is_blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Without blanks at both ends. */
static struct rd trim(struct rd text)
{
	while (text.n != 0 && is_blank(text.p[0])) {
		text.p++;
		text.n--;
	}
	while (text.n != 0 && is_blank(text.p[text.n - 1]))
		text.n--;
	return text;
}

void split_text(const uint8_t *number, char text[SPLIT_TEXT])
{
	static const char digits[] = "0123456789abcdef";

	for (size_t i = 0; i < SPLIT_LEN; i++) {
		text[3 * i] = digits[number[i] >> 4];
		text[3 * i + 1] = digits[number[i] & 0x0F];
		text[3 * i + 2] = ':';
	}
	text[SPLIT_TEXT - 1] = '\0';
}

/* Bytes of two digits each, at most one colon or blank between two of them. */
static hsm_rc get_bytes(struct rd text, struct wr *w)
{
	struct rd digits;

	for (;;) {
		if (!rd_take(&text, BYTE_DIGITS, &digits))
			return HSM_E_BAD_DATA;
		TRY(hex_get(digits, w));
		if (text.n == 0)
			return HSM_OK;
		if (text.p[0] == ':' || text.p[0] == ' ') {
			text.p++;
			text.n--;
		}
	}
}

hsm_rc split_text_parse(struct rd text, uint8_t *number)
{
	uint8_t bytes[SPLIT_LEN];
	struct wr w = WR_ARRAY(bytes);
	struct wr out = wr_of(number, SPLIT_LEN);
	hsm_rc rc = get_bytes(trim(text), &w);

	if (rc == HSM_OK)
		wr_be_pad(&out, wr_rd(&w), SPLIT_LEN);
	OPENSSL_cleanse(bytes, sizeof(bytes));
	return rc == HSM_OK ? HSM_OK : HSM_E_BAD_DATA;
}

static bool is_digit(uint8_t c)
{
	return c >= '0' && c <= '9';
}

/* Up to three decimal digits without zeros in front. */
static hsm_rc decimal(struct rd text, uint8_t *out)
{
	unsigned v = 0;

	for (size_t i = 0; i < text.n; i++) {
		if (!is_digit(text.p[i]))
			return HSM_E_BAD_DATA;
		v = 10 * v + (unsigned)(text.p[i] - '0');
	}
	if (v > SPLIT_TOTAL_MAX)
		return HSM_E_BAD_DATA;
	*out = (uint8_t)v;
	return HSM_OK;
}

static bool looks_hexadecimal(struct rd text)
{
	return text.n == BYTE_DIGITS &&
	       (text.p[0] == '0' || !is_digit(text.p[0]) || !is_digit(text.p[1]));
}

hsm_rc split_id_parse(struct rd text, uint8_t *id)
{
	struct wr w = wr_of(id, 1);
	hsm_rc rc = HSM_E_BAD_DATA;

	text = trim(text);
	if (looks_hexadecimal(text))
		rc = hex_get(text, &w);
	else if (text.n >= 1 && text.n <= 3 && text.p[0] != '0')
		rc = decimal(text, id);
	return rc == HSM_OK && *id != 0 ? HSM_OK : HSM_E_BAD_DATA;
}
