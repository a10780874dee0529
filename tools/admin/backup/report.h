/* What backup, restore and verify tell of their work: lines as it goes on, or JSON at its end. */
#ifndef TWINHSM_TOOLS_ADMIN_REPORT_H
#define TWINHSM_TOOLS_ADMIN_REPORT_H

#include <jansson.h>
#include <stdio.h>

#include "manifest.h"

struct report {
	FILE *lines; /* standard output, or standard error beside JSON */
	json_t *root, *items;
	size_t done, total;
	bool json;
};

/* `total` is the caller's to fill in. */
void report_begin(struct report *r, bool json, const char *folder);

/* One more item is done, as `state` says in a word or some. */
void report_item(struct report *r, const struct item *item, const char *state);

/* What is on the card and not in the backup. */
void report_absent(struct report *r, const struct absent *absent);

/* A line for people. */
void report_line(struct report *r, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* A fact for programs. */
void report_bool(struct report *r, const char *key, bool value);
void report_text(struct report *r, const char *key, const char *value);
void report_number(struct report *r, const char *key, size_t value);

/* Writes the JSON. Answers `status`, or EXIT_FAILURE when that fails. */
int report_end(struct report *r, int status);

/* "key 7 "label", RSA 2048". */
void item_text(const struct item *item, char *out, size_t cap);

#endif
