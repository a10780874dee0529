#include <jansson.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/text.h"
#include "card/card.h"
#include "common/ui.h"
#include "manifest.h"

#define FORMAT "twinhsm-backup"

enum { VERSION = 1 };

static void json_cleanup(json_t **j)
{
	json_decref(*j);
}
#define AUTO_JSON __attribute__((cleanup(json_cleanup))) json_t

/* ---- reading ---- */

struct reader {
	char *fault; /* what is wrong; empty as long as nothing is */
	size_t cap;
};

static bool refuse(const struct reader *r, const char *format, ...)
        __attribute__((format(printf, 2, 3)));

static bool refuse(const struct reader *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vsnprintf(r->fault, r->cap, format, args);
	va_end(args);
	return false;
}

/* Text that may be missing; what is too long is refused. */
static bool take_text(
        const struct reader *r, const json_t *object, const char *key, char *out, size_t cap)
{
	const json_t *value = json_object_get(object, key);
	struct rd text;

	out[0] = '\0';
	if (value == NULL)
		return true;
	if (!json_is_string(value))
		return refuse(r, "\"%s\" is not a text", key);
	text = rd_of(json_string_value(value), json_string_length(value));
	if (text.n >= cap)
		return refuse(r, "\"%s\" is too long", key);
	ui_clean(text, out, cap);
	return true;
}

/* Exactly `n` bytes in hexadecimal. */
static bool take_bytes(
        const struct reader *r, const json_t *object, const char *key, uint8_t *out, size_t n)
{
	const json_t *value = json_object_get(object, key);
	struct wr w = wr_of(out, n);
	struct rd text;

	if (!json_is_string(value))
		return refuse(r, "\"%s\" is missing", key);
	text = rd_of(json_string_value(value), json_string_length(value));
	if (text.n != 2 * n || hex_get(text, &w) != HSM_OK)
		return refuse(r, "\"%s\" is not %zu bytes in hexadecimal", key, n);
	return true;
}

static bool take_fid(const struct reader *r, const json_t *object, uint16_t *fid)
{
	uint8_t bytes[2];

	if (!take_bytes(r, object, "fid", bytes, sizeof(bytes)))
		return false;
	*fid = (uint16_t)(bytes[0] << 8 | bytes[1]);
	return true;
}

static bool take_file(const struct reader *r, const json_t *object, struct item *item)
{
	const json_t *file = json_object_get(object, "file");
	const json_t *size = json_object_get(object, "size");
	char name[ITEM_NAME_MAX];

	if (!item_name(item->fid, name))
		return refuse(r, "%04X is no number of a backup", item->fid);
	if (!json_is_string(file) || strlen(name) != json_string_length(file) ||
	        strcmp(name, json_string_value(file)) != 0)
		return refuse(r, "\"file\" of %04X is not %s", item->fid, name);
	if (!json_is_integer(size) || json_integer_value(size) < 0 ||
	        json_integer_value(size) > ITEM_SIZE_MAX)
		return refuse(r, "\"size\" of %s is not a size", name);
	item->size = (uint32_t)json_integer_value(size);
	return take_bytes(r, object, "sha256", item->sha256, sizeof(item->sha256));
}

static bool take_item(const struct reader *r, const json_t *object, struct item *item)
{
	item->has_kcv = json_object_get(object, "kcv") != NULL;
	return take_fid(r, object, &item->fid) && take_file(r, object, item) &&
	       (!item->has_kcv || take_bytes(r, object, "kcv", item->kcv, sizeof(item->kcv))) &&
	       take_text(r, object, "label", item->label, sizeof(item->label)) &&
	       take_text(r, object, "id", item->id, sizeof(item->id)) &&
	       take_text(r, object, "type", item->type, sizeof(item->type)) &&
	       take_text(r, object, "public_key_sha256", item->public_sha256,
	               sizeof(item->public_sha256));
}

static bool take_items(const struct reader *r, const json_t *list, struct manifest *out)
{
	const json_t *object;
	size_t i;

	if (!json_is_array(list))
		return refuse(r, "\"items\" is not a list");
	json_array_foreach(list, i, object)
	{
		struct item item = { 0 };

		if (!take_item(r, object, &item))
			return false;
		if (manifest_find(out, item.fid) != NULL)
			return refuse(r, "%04X is there twice", item.fid);
		if (manifest_put(out, &item) != HSM_OK)
			return refuse(r, "there are too many items");
	}
	return true;
}

static bool take_absent(const struct reader *r, const json_t *list, struct manifest *out)
{
	const json_t *object;
	size_t i;

	if (!json_is_array(list))
		return refuse(r, "\"missing\" is not a list");
	json_array_foreach(list, i, object)
	{
		struct absent absent = { 0 };

		if (!take_fid(r, object, &absent.fid) ||
		        !take_text(r, object, "label", absent.label, sizeof(absent.label)) ||
		        !take_text(r, object, "reason", absent.reason, sizeof(absent.reason)))
			return false;
		if (manifest_miss(out, &absent) != HSM_OK)
			return refuse(r, "there are too many items");
	}
	return true;
}

static bool take_head(const struct reader *r, const json_t *root, struct manifest *out)
{
	const json_t *format = json_object_get(root, "format");
	const json_t *version = json_object_get(root, "version");
	const json_t *complete = json_object_get(root, "complete");
	const json_t *card = json_object_get(root, "card");

	if (!json_is_string(format) || strcmp(json_string_value(format), FORMAT) != 0)
		return refuse(r, "it is not the manifest of a backup");
	if (!json_is_integer(version) || json_integer_value(version) != VERSION)
		return refuse(
		        r, "its version is not %d, which is all that this program knows", VERSION);
	if (!json_is_boolean(complete) || !json_is_object(card))
		return refuse(r, "\"complete\" or \"card\" is missing");
	out->complete = json_is_true(complete);
	return take_text(r, root, "date", out->date, sizeof(out->date)) &&
	       take_text(r, card, "serial", out->serial, sizeof(out->serial)) &&
	       take_text(r, card, "label", out->label, sizeof(out->label));
}

const char *manifest_parse(struct rd text, struct manifest *out, char *fault, size_t cap)
{
	const struct reader r = { fault, cap };
	json_error_t error;
	AUTO_JSON *root = NULL;

	*out = (struct manifest){ 0 };
	if (text.n != 0 && text.n <= MANIFEST_MAX)
		root = json_loadb((const char *)text.p, text.n, JSON_REJECT_DUPLICATES, &error);
	if (root == NULL) {
		(void)refuse(&r, "it is not JSON");
		return fault;
	}
	if (!take_head(&r, root, out) || !take_items(&r, json_object_get(root, "items"), out) ||
	        !take_absent(&r, json_object_get(root, "missing"), out))
		return fault;
	return NULL;
}

/* ---- writing ---- */

static json_t *hex(const uint8_t *p, size_t n)
{
	char text[2 * MANIFEST_DIGEST + 1];

	return hex_put(rd_of(p, n), text, sizeof(text)) == HSM_OK ? json_string(text) : NULL;
}

static json_t *fid_text(uint16_t fid)
{
	return json_sprintf("%04X", fid);
}

static bool set(json_t *object, const char *key, json_t *value)
{
	return json_object_set_new(object, key, value) == 0;
}

/* Of a key, as people name it. */
static bool set_reference(json_t *object, uint16_t fid)
{
	return fid >> 8 != FID_KEY || set(object, "reference", json_integer(fid & 0xFF));
}

static bool set_text(json_t *object, const char *key, const char *text)
{
	return text[0] == '\0' || set(object, key, json_string(text));
}

static json_t *item_json(const struct item *item)
{
	json_t *o = json_object();
	char name[ITEM_NAME_MAX];

	if (item_name(item->fid, name) && set(o, "kind", json_string(item_kind(item->fid))) &&
	        set_reference(o, item->fid) && set(o, "fid", fid_text(item->fid)) &&
	        set(o, "file", json_string(name)) && set(o, "size", json_integer(item->size)) &&
	        set(o, "sha256", hex(item->sha256, sizeof(item->sha256))) &&
	        (!item->has_kcv || set(o, "kcv", hex(item->kcv, sizeof(item->kcv)))) &&
	        set_text(o, "label", item->label) && set_text(o, "id", item->id) &&
	        set_text(o, "type", item->type) &&
	        set_text(o, "public_key_sha256", item->public_sha256))
		return o;
	json_decref(o);
	return NULL;
}

static json_t *absent_json(const struct absent *absent)
{
	json_t *o = json_object();

	if (set(o, "kind", json_string(item_kind(absent->fid))) && set_reference(o, absent->fid) &&
	        set(o, "fid", fid_text(absent->fid)) && set_text(o, "label", absent->label) &&
	        set_text(o, "reason", absent->reason))
		return o;
	json_decref(o);
	return NULL;
}

static bool put_lists(json_t *root, const struct manifest *m)
{
	json_t *items = json_array(), *missing = json_array();
	bool good = set(root, "items", items) && set(root, "missing", missing);

	for (size_t i = 0; good && i < m->items_n; i++)
		good = json_array_append_new(items, item_json(&m->items[i])) == 0;
	for (size_t i = 0; good && i < m->absent_n; i++)
		good = json_array_append_new(missing, absent_json(&m->absent[i])) == 0;
	return good;
}

static bool put_all(json_t *root, const struct manifest *m)
{
	json_t *card = json_object();

	return set(root, "format", json_string(FORMAT)) &&
	       set(root, "version", json_integer(VERSION)) &&
	       set(root, "complete", json_boolean(m->complete)) &&
	       set_text(root, "date", m->date) && set(root, "card", card) &&
	       set_text(card, "serial", m->serial) && set_text(card, "label", m->label) &&
	       put_lists(root, m);
}

hsm_rc manifest_build(const struct manifest *m, struct buf *out)
{
	AUTO_JSON *root = json_object();
	hsm_rc rc = HSM_E_MEMORY;
	char *text = NULL;

	if (put_all(root, m))
		text = json_dumps(root, JSON_INDENT(2));
	if (text != NULL)
		rc = buf_set(out, rd_str(text));
	if (rc == HSM_OK)
		rc = buf_append(out, RD_LIT("\n"));
	free(text);
	return rc;
}
