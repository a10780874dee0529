#include "report.h"

#include <stdarg.h>
#include <stdlib.h>

#include "base/text.h"
#include "card/card.h"
#include "common/ui.h"

void report_begin(struct report *r, bool json, const char *folder)
{
	char text[256];

	*r = (struct report){ .json = json, .lines = json ? stderr : stdout };
	r->root = json_object();
	r->items = json_array();
	ui_clean(rd_str(folder), text, sizeof(text));
	report_text(r, "folder", text);
	(void)json_object_set(r->root, "items", r->items);
}

static void name_of(uint16_t fid, const char *label, char *out, size_t cap)
{
	const bool is_key = fid >> 8 == FID_KEY;

	snprintf(out, cap, is_key ? "%s %u%s%s%s" : "%s %04X%s%s%s", item_kind(fid),
	        is_key ? fid & 0xFFU : fid, label[0] != '\0' ? " \"" : "", label,
	        label[0] != '\0' ? "\"" : "");
}

void item_text(const struct item *item, char *out, size_t cap)
{
	char name[ITEM_TEXT_MAX + 32];

	name_of(item->fid, item->label, name, sizeof(name));
	snprintf(out, cap, "%s%s%s", name, item->type[0] != '\0' ? ", " : "", item->type);
}

static json_t *entry(uint16_t fid, const char *label)
{
	json_t *o = json_object();

	(void)json_object_set_new(o, "kind", json_string(item_kind(fid)));
	(void)json_object_set_new(o, "fid", json_sprintf("%04X", fid));
	if (fid >> 8 == FID_KEY)
		(void)json_object_set_new(o, "reference", json_integer(fid & 0xFF));
	if (label[0] != '\0')
		(void)json_object_set_new(o, "label", json_string(label));
	return o;
}

void report_item(struct report *r, const struct item *item, const char *state)
{
	char text[ITEM_TEXT_MAX + 80];
	json_t *o = entry(item->fid, item->label);

	item_text(item, text, sizeof(text));
	r->done++;
	report_line(r, "[%zu/%zu] %s: %s", r->done, r->total, text, state);
	(void)json_object_set_new(o, "state", json_string(state));
	(void)json_array_append_new(r->items, o);
}

void report_absent(struct report *r, const struct absent *absent)
{
	char text[ITEM_TEXT_MAX + 32];
	json_t *list = json_object_get(r->root, "missing");
	json_t *o = entry(absent->fid, absent->label);

	if (list == NULL) {
		list = json_array();
		(void)json_object_set_new(r->root, "missing", list);
	}
	name_of(absent->fid, absent->label, text, sizeof(text));
	ui_fail("not in the backup: %s: %s", text, absent->reason);
	(void)json_object_set_new(o, "reason", json_string(absent->reason));
	(void)json_array_append_new(list, o);
}

void report_line(struct report *r, const char *format, ...)
{
	va_list args;

	va_start(args, format);
	vfprintf(r->lines, format, args);
	va_end(args);
	fputc('\n', r->lines);
	fflush(r->lines);
}

void report_bool(struct report *r, const char *key, bool value)
{
	(void)json_object_set_new(r->root, key, json_boolean(value));
}

void report_text(struct report *r, const char *key, const char *value)
{
	(void)json_object_set_new(r->root, key, json_string(value));
}

void report_number(struct report *r, const char *key, size_t value)
{
	(void)json_object_set_new(r->root, key, json_integer((json_int_t)value));
}

int report_end(struct report *r, int status)
{
	bool good = true;

	if (r->json) {
		report_bool(r, "ok", status == EXIT_SUCCESS);
		good = json_dumpf(r->root, stdout, JSON_INDENT(2) | JSON_ENSURE_ASCII) == 0 &&
		       putchar('\n') != EOF && fflush(stdout) == 0;
	}
	json_decref(r->items);
	json_decref(r->root);
	return good ? status : ui_fail("the result cannot be written");
}
