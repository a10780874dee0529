#include <ctype.h>
#include <stdio.h>

#include "common/ui.h"
#include "json.h"

enum { NAME_WIDTH = 22, INLINE_MAX = 6 };

/* Names that are not made of their member's by a rule. */
static const struct {
	const char *member, *name;
} names[] = {
	{ "id", "ID" },
	{ "so_pin", "SO-PIN" },
	{ "user_pin", "User PIN" },
	{ "sha256", "SHA-256" },
	{ "public_key_sha256", "Public key SHA-256" },
	{ "oid", "OID" },
	{ "uid", "UID" },
};

static const char *name_known(const char *member)
{
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (strcmp(names[i].member, member) == 0)
			return names[i].name;
	}
	return NULL;
}

/* The name of a member, without a line's end; how many characters. */
static int print_name(const char *member, bool begins_line)
{
	const char *known = name_known(member);
	int n = 0;

	if (known != NULL)
		return printf("%s", known);
	for (; member[n] != '\0'; n++) {
		const char c = member[n] == '_' ? ' ' : member[n];

		putchar(n == 0 && begins_line ? toupper((unsigned char)c) : c);
	}
	return n;
}

static void print_head(const char *member, bool indented)
{
	const int margin = indented ? printf("  ") : 0;
	const int n = margin + print_name(member, true);

	printf("%*s: ", n < NAME_WIDTH ? NAME_WIDTH - n : 1, "");
}

void json_print_scalar(const json_t *value)
{
	switch (json_typeof(value)) {
	case JSON_STRING:
		ui_print(rd_of(json_string_value(value), json_string_length(value)));
		break;
	case JSON_INTEGER:
		printf("%" JSON_INTEGER_FORMAT, json_integer_value(value));
		break;
	case JSON_TRUE:
		fputs("yes", stdout);
		break;
	case JSON_FALSE:
		fputs("no", stdout);
		break;
	default:
		break;
	}
}

static bool is_container(const json_t *value)
{
	return json_is_object(value) || json_is_array(value);
}

static void print_list(const json_t *array)
{
	const size_t n = json_array_size(array);

	if (n == 0)
		fputs("none", stdout);
	for (size_t i = 0; i < n; i++) {
		if (i > 0)
			fputs(", ", stdout);
		json_print_scalar(json_array_get(array, i));
	}
}

/* What stands after a name: a value, a list of values, or "name value, name value". */
static void print_line(json_t *value)
{
	const char *separator = "", *member;
	json_t *inner;

	if (json_is_array(value)) {
		print_list(value);
	} else if (json_is_object(value)) {
		json_object_foreach(value, member, inner)
		{
			fputs(separator, stdout);
			print_name(member, false);
			putchar(' ');
			if (json_is_array(inner))
				print_list(inner);
			else
				json_print_scalar(inner);
			separator = ", ";
		}
	} else {
		json_print_scalar(value);
	}
	putchar('\n');
}

static void print_block(const char *member, json_t *object)
{
	const char *inner_member;
	json_t *inner;

	print_name(member, true);
	putchar('\n');
	json_object_foreach(object, inner_member, inner)
	{
		print_head(inner_member, true);
		print_line(inner);
	}
}

static void print_rows(const char *member, json_t *array)
{
	for (size_t i = 0; i < json_array_size(array); i++) {
		print_head(member, false);
		print_line(json_array_get(array, i));
	}
}

void json_print(json_t *object)
{
	const char *member;
	json_t *value;

	json_object_foreach(object, member, value)
	{
		if (json_is_array(value) && is_container(json_array_get(value, 0))) {
			print_rows(member, value);
		} else if (json_is_object(value) && json_object_size(value) > INLINE_MAX) {
			print_block(member, value);
		} else {
			print_head(member, false);
			print_line(value);
		}
	}
}
