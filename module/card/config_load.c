/* Where settings come from: application, environment, files, and the folder of tokens. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "base/buf.h"
#include "card/config_files.h"

#define CONFIG_NAME "twinhsm/twinhsm.conf"

enum { CONFIG_SIZE_MAX = 0x10000 };

/* A folder below the user's: `$<variable>/<name>` when that is an absolute path (XDG Base Directory
 * Specification), else `~/<fallback>/<name>`. */
static hsm_rc user_path(
        const char *variable, const char *fallback, const char *name, char *out, size_t cap)
{
	const char *base = secure_getenv(variable), *home = secure_getenv("HOME");
	int n;

	if (base != NULL && base[0] == '/')
		n = snprintf(out, cap, "%s/%s", base, name);
	else if (home != NULL && home[0] == '/')
		n = snprintf(out, cap, "%s/%s/%s", home, fallback, name);
	else
		return HSM_E_BAD_CONFIG;
	return n >= 0 && (size_t)n < cap ? HSM_OK : HSM_E_SMALL;
}

hsm_rc config_token_dir(char *out, size_t cap)
{
	return user_path("XDG_DATA_HOME", ".local/share", "twinhsm", out, cap);
}

static hsm_rc read_fd(int fd, struct buf *out)
{
	uint8_t part[4096];
	ssize_t n;

	while ((n = read(fd, part, sizeof(part))) != 0) {
		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0 || (size_t)n > CONFIG_SIZE_MAX - out->n)
			return HSM_E_BAD_CONFIG;
		TRY(buf_append(out, rd_of(part, (size_t)n)));
	}
	return HSM_OK;
}

/* The whole file; empty when there is none. */
static hsm_rc read_whole(const char *path, struct buf *out)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	hsm_rc rc;

	if (fd < 0)
		return errno == ENOENT || errno == ENOTDIR ? HSM_OK : HSM_E_BAD_CONFIG;
	rc = read_fd(fd, out);
	close(fd);
	return rc;
}

static hsm_rc say_bad(hsm_rc rc, const char *source, unsigned number)
{
	if (rc == HSM_E_BAD_CONFIG && number != 0)
		log_say(LOG_ERROR, "%s: setting %u is malformed", source, number);
	else if (rc == HSM_E_BAD_CONFIG)
		log_say(LOG_ERROR, "%s: cannot be read as settings", source);
	return rc;
}

/* Moves what `from` decides and `to` does not yet. */
static void merge(struct config *to, struct config *from)
{
	if (!to->has_cards && from->has_cards) {
		to->has_cards = true;
		to->cards = from->cards;
		to->cards_n = from->cards_n;
		from->cards = NULL;
		from->cards_n = 0;
	}
	if (!to->has_log && from->has_log) {
		to->has_log = true;
		to->log = from->log;
	}
	if (!to->has_secure && from->has_secure) {
		to->has_secure = true;
		to->secure = from->secure;
	}
	config_done(from);
}

static hsm_rc add_text(struct config *c, const char *source, struct rd text, char separator)
{
	struct config part = { 0 };
	unsigned bad = 0;
	hsm_rc rc = config_parse(text, separator, &part, &bad);

	if (rc != HSM_OK) {
		config_done(&part);
		return say_bad(rc, source, bad);
	}
	merge(c, &part);
	return HSM_OK;
}

static hsm_rc add_file(struct config *c, const char *path)
{
	AUTO_BUF text = { 0 };
	hsm_rc rc;

	if (c->has_cards && c->has_log && c->has_secure)
		return HSM_OK;
	rc = read_whole(path, &text);
	if (rc != HSM_OK)
		return say_bad(rc, path, 0);
	return add_text(c, path, buf_rd(&text), '\n');
}

/* One variable holds the value of one setting. */
static hsm_rc add_variable(struct config *c, const char *variable, const char *key)
{
	const char *value = secure_getenv(variable);
	AUTO_BUF text = { 0 };

	if (value == NULL)
		return HSM_OK;
	TRY(buf_append(&text, rd_str(key)));
	TRY(buf_append(&text, RD_LIT("=")));
	TRY(buf_append(&text, rd_str(value)));
	return add_text(c, variable, buf_rd(&text), '\n');
}

static hsm_rc add_files(struct config *c)
{
	char path[PATH_MAX];

	if (user_path("XDG_CONFIG_HOME", ".config", CONFIG_NAME, path, sizeof(path)) == HSM_OK)
		TRY(add_file(c, path));
	return add_file(c, TWINHSM_SYSCONFDIR "/" CONFIG_NAME);
}

/* Without settings: the user's tokens, and what is plugged in. */
static hsm_rc add_default(struct config *c)
{
	char dir[PATH_MAX];

	if (config_token_dir(dir, sizeof(dir) - 2) == HSM_OK) {
		strcat(dir, "/*");
		TRY(config_add_card(c, "emu:", rd_str(dir)));
	}
	TRY(config_add_card(c, "usb:*", RD_LIT("")));
	return config_add_card(c, "pcsc:*", RD_LIT(""));
}

/* Replaces "~/" at the beginning of a path by the user's home. */
static hsm_rc expand_home(char **address)
{
	const char *home = secure_getenv("HOME"), *colon = strchr(*address, ':');
	char *path;

	if (colon == NULL || strncmp(colon, ":~/", 3) != 0)
		return HSM_OK;
	if (home == NULL)
		return HSM_E_BAD_CONFIG;
	if (asprintf(&path, "%.*s:%s%s", (int)(colon - *address), *address, home, colon + 2) < 0)
		return HSM_E_MEMORY;
	free(*address);
	*address = path;
	return HSM_OK;
}

static hsm_rc load(struct config *c, const char *reserved)
{
	if (reserved != NULL)
		TRY(add_text(c, "the application's settings", rd_str(reserved), ';'));
	TRY(add_variable(c, "TWINHSM_CARDS", "cards"));
	TRY(add_variable(c, "TWINHSM_LOG", "log"));
	TRY(add_files(c));
	if (!c->has_cards)
		return add_default(c);
	for (size_t i = 0; i < c->cards_n; i++)
		TRY(expand_home(&c->cards[i]));
	return HSM_OK;
}

hsm_rc config_load(const char *reserved, struct config *out)
{
	struct config c = { 0 };
	hsm_rc rc = load(&c, reserved);

	if (rc != HSM_OK) {
		config_done(&c);
		return rc;
	}
	*out = c;
	return HSM_OK;
}
