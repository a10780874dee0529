/* What the commands answer: JSON objects, printed as such or as text for people. A member whose
 * value is not known is left out. */
#ifndef TWINHSM_TOOLS_ADMIN_JSON_H
#define TWINHSM_TOOLS_ADMIN_JSON_H

#include <jansson.h>

#include "base/rd.h"

/* Makes jansson end the program when there is no memory, so that nothing is ever left out by
 * chance. Before anything else here. */
void json_begin(void);

/* Text of a stranger: what is not UTF-8 becomes U+FFFD. */
json_t *json_text(struct rd text);

/* Upper-case hex. */
json_t *json_hex(struct rd bytes);

/* The names of the bits that are set: names[0] is that of bit 0; those without a name are left
 * out. */
json_t *json_bits(const char *const *names, size_t n, unsigned bits);

/* Prints an answer on standard output, as JSON (ASCII only) or as text, and drops it. 0, or the
 * exit status when standard output does not take it. */
int json_answer(json_t *object, bool as_json);

/* ---- json_print.c ---- */

/* One line for each member: its name and its value. Arrays of objects have a line for each,
 * small objects one, others a line for each of their members. */
void json_print(json_t *object);

/* A value that is no container, as people read it. */
void json_print_scalar(const json_t *value);

/* ---- json_table.c ---- */

struct json_column {
	const char *head, *member;
};

/* One line for each object of an array, the members under each other; those that no
 * object has are left out. `n` is 12 at most. */
void json_print_table(const json_t *rows, const struct json_column *columns, size_t n);

#endif
