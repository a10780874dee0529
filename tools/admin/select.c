#include <stdlib.h>
#include <string.h>

#include "session.h"

int select_none(void)
{
	return ui_fail("no card found; make one with: "
	               "twinhsm-emu create ~/.local/share/twinhsm/my.token");
}

static void list_cards(const struct config *c)
{
	for (size_t i = 0; i < c->cards_n; i++)
		ui_fail("  %zu  %s", i, c->cards[i]);
}

static const char *by_number(const struct config *c, const char *text)
{
	char *end;
	unsigned long i = strtoul(text, &end, 10);

	return *end == '\0' && i < c->cards_n ? c->cards[i] : NULL;
}

/* A full address, or the only one that contains `text`; `*found` counts those. */
static const char *by_text(const struct config *c, const char *text, size_t *found)
{
	const char *card = NULL;

	*found = 0;
	for (size_t i = 0; i < c->cards_n; i++) {
		if (strcmp(c->cards[i], text) == 0) {
			*found = 1;
			return c->cards[i];
		}
		if (strstr(c->cards[i], text) != NULL) {
			card = c->cards[i];
			++*found;
		}
	}
	return *found == 1 ? card : NULL;
}

static const char *named(const struct config *c, const char *reader)
{
	bool is_number = reader[0] != '\0' && strspn(reader, "0123456789") == strlen(reader);
	size_t found = 0;
	const char *card = is_number ? by_number(c, reader) : by_text(c, reader, &found);

	if (card == NULL && found == 0 && strchr(reader, ':') != NULL)
		return reader;
	if (card == NULL) {
		ui_fail(found > 1 ? "--reader %s means more than one of these cards:"
		                  : "--reader %s means none of these cards:",
		        reader);
		list_cards(c);
	}
	return card;
}

const char *select_card(const struct config *c, const char *reader)
{
	if (reader != NULL)
		return named(c, reader);
	if (c->cards_n == 1)
		return c->cards[0];
	if (c->cards_n == 0) {
		select_none();
		return NULL;
	}
	ui_fail("there are %zu cards; say which with --reader:", c->cards_n);
	list_cards(c);
	return NULL;
}
