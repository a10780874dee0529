#include "card/config.h"

#include <stdio.h>
#include <stdlib.h>

#include "card/config_files.h"

/* Takes up to the separator, which goes as well; false when nothing is left. */
static bool take_until(struct rd *text, char separator, struct rd *out)
{
	const uint8_t *end;

	if (text->n == 0)
		return false;
	end = memchr(text->p, separator, text->n);
	if (end == NULL)
		return rd_take(text, text->n, out);
	return rd_take(text, (size_t)(end - text->p), out) && rd_take(text, 1, &(struct rd){ 0 });
}

static bool blank(uint8_t c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

static struct rd trim(struct rd text)
{
	while (text.n != 0 && blank(text.p[0])) {
		text.p++;
		text.n--;
	}
	while (text.n != 0 && blank(text.p[text.n - 1]))
		text.n--;
	return text;
}

static bool begins(struct rd text, const char *with)
{
	size_t n = strlen(with);

	return text.n >= n && memcmp(text.p, with, n) == 0;
}

hsm_rc config_add_card(struct config *c, const char *front, struct rd where)
{
	char **cards = realloc(c->cards, (c->cards_n + 1) * sizeof(*cards));
	char *address;

	if (cards == NULL)
		return HSM_E_MEMORY;
	c->cards = cards;
	if (asprintf(&address, "%s%.*s", front, (int)where.n, (const char *)where.p) < 0)
		return HSM_E_MEMORY;
	c->cards[c->cards_n++] = address;
	return HSM_OK;
}

/* "scheme:where", or the path of a token file. */
static hsm_rc add_address(struct config *c, struct rd text)
{
	const uint8_t *colon = memchr(text.p, ':', text.n);

	if (begins(text, "/") || begins(text, "~/"))
		return config_add_card(c, "emu:", text);
	if (colon == NULL || colon == text.p || colon + 1 == text.p + text.n)
		return HSM_E_BAD_CONFIG;
	return config_add_card(c, "", text);
}

static hsm_rc set_cards(struct config *c, struct rd value)
{
	struct rd item;

	c->has_cards = true;
	while (take_until(&value, ',', &item)) {
		item = trim(item);
		if (item.n != 0)
			TRY(add_address(c, item));
	}
	return HSM_OK;
}

static hsm_rc set_log(struct config *c, struct rd value)
{
	char name[16] = { 0 };

	if (value.n >= sizeof(name))
		return HSM_E_BAD_CONFIG;
	memcpy(name, value.p, value.n);
	if (!log_level_parse(name, &c->log))
		return HSM_E_BAD_CONFIG;
	c->has_log = true;
	return HSM_OK;
}

static hsm_rc set_secure(struct config *c, struct rd value)
{
	static const struct {
		struct rd name;
		enum card_secure secure;
	} names[] = {
		{ { (const uint8_t *)"off", 3 }, CARD_PLAIN },
		{ { (const uint8_t *)"on", 2 }, CARD_SECURE },
		{ { (const uint8_t *)"test", 4 }, CARD_SECURE_TEST },
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (!rd_equal(names[i].name, value))
			continue;
		c->secure = names[i].secure;
		c->has_secure = true;
		return HSM_OK;
	}
	return HSM_E_BAD_CONFIG;
}

static const struct {
	struct rd key;
	hsm_rc (*set)(struct config *c, struct rd value);
} settings[] = {
	{ { (const uint8_t *)"cards", 5 }, set_cards },
	{ { (const uint8_t *)"log", 3 }, set_log },
	{ { (const uint8_t *)"secure", 6 }, set_secure },
};

static hsm_rc set_one(struct config *c, struct rd line)
{
	struct rd key;

	line = trim(line);
	if (line.n == 0 || line.p[0] == '#')
		return HSM_OK;
	if (memchr(line.p, '=', line.n) == NULL || !take_until(&line, '=', &key))
		return HSM_E_BAD_CONFIG;
	for (size_t i = 0; i < sizeof(settings) / sizeof(settings[0]); i++) {
		if (rd_equal(trim(key), settings[i].key))
			return settings[i].set(c, trim(line));
	}
	return HSM_E_BAD_CONFIG;
}

hsm_rc config_parse(struct rd text, char separator, struct config *out, unsigned *bad)
{
	unsigned number = 0;
	struct rd line;

	if (bad != NULL)
		*bad = 0;
	if (text.n != 0 && memchr(text.p, '\0', text.n) != NULL)
		return HSM_E_BAD_CONFIG;
	while (take_until(&text, separator, &line)) {
		hsm_rc rc = set_one(out, line);

		number++;
		if (rc == HSM_OK)
			continue;
		if (bad != NULL)
			*bad = number;
		return rc;
	}
	return HSM_OK;
}

void config_done(struct config *c)
{
	for (size_t i = 0; i < c->cards_n; i++)
		free(c->cards[i]);
	free(c->cards);
	*c = (struct config){ 0 };
}
