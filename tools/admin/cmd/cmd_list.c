#include <stdio.h>

#include "admin/commands.h"
#include "admin/facts/facts_object.h"
#include "admin/line.h"

static const char help[] = "usage: twinhsm-tool list [keys|certs|data] [OPTIONS]\n"
                           "\n"
                           "Lists what is on a card; needs no PIN. The file, such as CC01, names "
                           "an object for 'show'.\n"
                           "Certificates beside a key are listed as well.\n"
                           "\n" LINE_HELP_CARD;

static const struct {
	const char *name;
	unsigned kinds; /* bits 1 << object_kind */
} what[] = {
	{ "keys", 1 << OBJECT_KEY },
	{ "certs", 1 << OBJECT_CERT },
	{ "data", 1 << OBJECT_DATA },
};

/* 0 when there is none of this name. */
static unsigned kinds_of(const char *name)
{
	for (size_t i = 0; i < sizeof(what) / sizeof(what[0]); i++) {
		if (strcmp(what[i].name, name) == 0)
			return what[i].kinds;
	}
	return 0;
}

static json_t *describe(const struct objects *objects, unsigned wanted)
{
	const bool certs = (wanted & 1 << OBJECT_CERT) != 0;
	json_t *out = json_array();

	for (size_t i = 0; i < objects->n; i++) {
		const struct card_object *o = &objects->v[i];

		if ((wanted & 1u << o->kind) != 0)
			json_array_append_new(out, facts_object(o));
		if (certs && o->kind == OBJECT_KEY && object_has_certificate(o))
			json_array_append_new(out, facts_key_certificate(o));
	}
	return out;
}

static int print(json_t *objects)
{
	static const struct json_column columns[] = {
		{ "FILE", "file" },
		{ "TYPE", "type" },
		{ "ALGORITHM", "algorithm" },
		{ "BITS", "bits" },
		{ "CURVE", "curve" },
		{ "USAGE", "usage" },
		{ "CERTIFICATE", "has_certificate" },
		{ "ID", "id" },
		{ "LABEL", "label" },
		{ "PROBLEMS", "problems" },
	};

	if (json_array_size(objects) == 0)
		puts("nothing there");
	else
		json_print_table(objects, columns, sizeof(columns) / sizeof(columns[0]));
	json_decref(objects);
	return 0;
}

static int list(const struct line *l, unsigned wanted)
{
	AUTO_SESSION s = { 0 };
	AUTO_OBJECTS objects = { 0 };
	/* certificates beside keys are found with the keys */
	const unsigned read = (wanted & 1 << OBJECT_CERT) != 0 ? wanted | 1 << OBJECT_KEY : wanted;
	const int status = line_open(l, &s);
	json_t *out;
	hsm_rc rc;

	if (status != 0)
		return status;
	rc = objects_load(s.lane, read, &objects);
	if (rc != HSM_OK)
		return session_fail(&s, "its objects cannot be read", rc);
	out = describe(&objects, wanted);
	if (!l->json)
		return print(out);
	return json_answer(
	        json_pack("{s:o,s:o}", "address", json_text(rd_str(s.address)), "objects", out),
	        true);
}

int cmd_list(int argc, char **argv)
{
	static const struct line_form form = { .help = help, .options = "rwJ", .args_max = 1 };
	AUTO_LINE l = { 0 };
	unsigned wanted = (1 << OBJECT_KINDS) - 1;
	const int status = line_parse(&form, argc, argv, &l);

	if (status >= 0)
		return status;
	if (l.args_n == 1)
		wanted = kinds_of(l.args[0]);
	if (wanted == 0)
		return ui_usage("it lists keys, certs or data, not '%s'", l.args[0]);
	return list(&l, wanted);
}
