#include <stdio.h>

#include "base/text.h"
#include "json.h"

enum { GAP = 2, COLUMNS_MAX = 12 };

static size_t characters(const json_t *string)
{
	struct rd r = rd_of(json_string_value(string), json_string_length(string));
	size_t n = 0;
	uint32_t c;

	while (utf8_take(&r, &c))
		n++;
	return n;
}

/* Characters of a value; those of a list with a comma between. */
static size_t width_of(const json_t *value)
{
	size_t width = 0;

	if (json_is_array(value)) {
		for (size_t i = 0; i < json_array_size(value); i++)
			width += (i > 0) + characters(json_array_get(value, i));
		return width;
	}
	if (json_is_string(value))
		return characters(value);
	if (json_is_integer(value))
		return (size_t)snprintf(
		        NULL, 0, "%" JSON_INTEGER_FORMAT, json_integer_value(value));
	return json_is_true(value) ? 3 : json_is_false(value) ? 2 : 0;
}

static void print_value(const json_t *value)
{
	if (!json_is_array(value) && value != NULL)
		json_print_scalar(value);
	for (size_t i = 0; i < json_array_size(value); i++) {
		if (i > 0)
			putchar(',');
		json_print_scalar(json_array_get(value, i));
	}
}

/* 0 when nothing is in it. */
static size_t column_width(const struct json_column *column, const json_t *rows)
{
	size_t width = 0;

	for (size_t i = 0; i < json_array_size(rows); i++) {
		const size_t w = width_of(json_object_get(json_array_get(rows, i), column->member));

		width = w > width ? w : width;
	}
	return width == 0 || width > strlen(column->head) ? width : strlen(column->head);
}

static void pad(size_t n)
{
	printf("%*s", (int)n, "");
}

static void print_row(
        const json_t *row, const struct json_column *columns, size_t n, const size_t *widths)
{
	size_t gap = 0; /* before the next value, so that no line ends in blanks */

	for (size_t i = 0; i < n; i++) {
		const json_t *value = json_object_get(row, columns[i].member);
		const size_t width = width_of(value);

		if (width != 0) {
			pad(gap);
			print_value(value);
			gap = 0;
		}
		if (widths[i] != 0)
			gap += widths[i] + GAP - width;
	}
	putchar('\n');
}

static void print_heads(const struct json_column *columns, size_t n, const size_t *widths)
{
	size_t gap = 0;

	for (size_t i = 0; i < n; i++) {
		if (widths[i] == 0)
			continue;
		pad(gap);
		fputs(columns[i].head, stdout);
		gap = widths[i] + GAP - strlen(columns[i].head);
	}
	putchar('\n');
}

void json_print_table(const json_t *rows, const struct json_column *columns, size_t n)
{
	size_t widths[COLUMNS_MAX];

	for (size_t i = 0; i < n; i++)
		widths[i] = column_width(&columns[i], rows);
	print_heads(columns, n, widths);
	for (size_t i = 0; i < json_array_size(rows); i++)
		print_row(json_array_get(rows, i), columns, n, widths);
}
