#include "json.h"

#include <stdio.h>
#include <stdlib.h>

#include "base/buf.h"
#include "base/text.h"
#include "common/ui.h"

/* ---- memory ---- */

static void *allocate(size_t n)
{
	void *p = malloc(n);

	if (p == NULL)
		exit(ui_fail("%s", rc_text(HSM_E_MEMORY)));
	return p;
}

void json_begin(void)
{
	json_set_alloc_funcs(allocate, free);
}

/* ---- values ---- */

static const char replacement[] = "\xEF\xBF\xBD";

json_t *json_text(struct rd text)
{
	AUTO_BUF clean = { 0 };
	const uint8_t *at = text.p;
	uint32_t c;

	for (; utf8_take(&text, &c); at = text.p) {
		const struct rd one =
		        c == 0xFFFD ? RD_LIT(replacement) : rd_of(at, (size_t)(text.p - at));

		if (buf_append(&clean, one) != HSM_OK)
			exit(ui_fail("%s", rc_text(HSM_E_MEMORY)));
	}
	return json_stringn(clean.n == 0 ? "" : (const char *)clean.p, clean.n);
}

json_t *json_hex(struct rd bytes)
{
	char *text = allocate(2 * bytes.n + 1);
	json_t *out = NULL;

	if (hex_put(bytes, text, 2 * bytes.n + 1) == HSM_OK)
		out = json_string(text);
	free(text);
	return out;
}

json_t *json_bits(const char *const *names, size_t n, unsigned bits)
{
	json_t *out = json_array();

	for (size_t i = 0; i < n; i++) {
		if ((bits & 1u << i) != 0 && names[i] != NULL)
			json_array_append_new(out, json_string(names[i]));
	}
	return out;
}

/* ---- the answer ---- */

int json_answer(json_t *object, bool as_json)
{
	if (as_json) {
		json_dumpf(object, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII);
		putchar('\n');
	} else {
		json_print(object);
	}
	json_decref(object);
	if (fflush(stdout) != 0 || ferror(stdout) != 0)
		return ui_fail("the answer cannot be written");
	return 0;
}
