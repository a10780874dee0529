#include <stdlib.h>

#include "base/text.h"
#include "objects.h"

enum { FILE_DIGITS = 4, NUMBER_DIGITS = 3, ALL = (1 << OBJECT_KINDS) - 1 };

static const char label_prefix[] = "label:", id_prefix[] = "id:";

/* ---- names that say which file ---- */

/* "7" */
static bool is_number(const char *name, enum object_kind *kind, uint8_t *nn)
{
	const size_t n = strlen(name);
	unsigned long value;

	if (n == 0 || n > NUMBER_DIGITS || strspn(name, "0123456789") != n)
		return false;
	value = strtoul(name, NULL, 10);
	*kind = OBJECT_KEY;
	*nn = (uint8_t)value;
	return value >= 1 && value <= 0xFF;
}

/* "CC07" */
static bool is_file(const char *name, enum object_kind *kind, uint8_t *nn)
{
	static const struct {
		uint8_t type;
		enum object_kind kind;
	} types[] = {
		{ FID_KEY, OBJECT_KEY },
		{ FID_CERT, OBJECT_KEY },
		{ FID_PRKD, OBJECT_KEY },
		{ FID_CA_CERT, OBJECT_CERT },
		{ FID_CD, OBJECT_CERT },
		{ FID_DATA, OBJECT_DATA },
		{ FID_PRIVATE_DATA, OBJECT_DATA },
		{ FID_DCOD, OBJECT_DATA },
	};
	uint8_t fid[2];
	struct wr w = WR_ARRAY(fid);

	if (strlen(name) != FILE_DIGITS || hex_get(rd_str(name), &w) != HSM_OK)
		return false;
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		if (types[i].type == fid[0]) {
			*kind = types[i].kind;
			*nn = fid[1];
			return true;
		}
	}
	return false;
}

/* ---- labels and IDs ---- */

static bool has_label(const struct card_object *o, const char *name)
{
	return o->label.n != 0 && rd_equal(o->label, rd_str(name));
}

static bool has_id(const struct card_object *o, const char *name)
{
	uint8_t id[P15_ID_MAX];
	struct wr w = WR_ARRAY(id);

	return o->id.n != 0 && hex_get(rd_str(name), &w) == HSM_OK && rd_equal(o->id, wr_rd(&w));
}

typedef bool matcher(const struct card_object *o, const char *name);

/* How many objects match; the first one comes to the front. */
static size_t match(struct objects *all, matcher *matches, const char *name)
{
	size_t found = 0;

	for (size_t i = 0; i < all->n; i++) {
		if (matches(&all->v[i], name)) {
			const struct card_object o = all->v[i];

			all->v[i] = all->v[found];
			all->v[found++] = o;
		}
	}
	return found;
}

static size_t match_name(struct objects *all, const char *name)
{
	size_t found;

	if (strncmp(name, label_prefix, sizeof(label_prefix) - 1) == 0)
		return match(all, has_label, name + sizeof(label_prefix) - 1);
	if (strncmp(name, id_prefix, sizeof(id_prefix) - 1) == 0)
		return match(all, has_id, name + sizeof(id_prefix) - 1);
	found = match(all, has_label, name);
	return found != 0 ? found : match(all, has_id, name);
}

static int several(const struct session *s, const char *name, const struct objects *all, size_t n)
{
	ui_fail("%s: '%s' means %zu objects; name the file of the one you mean:", s->address, name,
	        n);
	for (size_t i = 0; i < n; i++)
		ui_fail("  %04X", all->v[i].fid);
	return EXIT_FAILURE;
}

/* The object that a number or a file name means; none is no failure. */
static hsm_rc load_file(struct session *s, const char *name, struct objects *out)
{
	enum object_kind kind;
	uint8_t nn;

	return is_number(name, &kind, &nn) || is_file(name, &kind, &nn)
	               ? objects_load_one(s->lane, kind, nn, out)
	               : HSM_OK;
}

int objects_named(struct session *s, const char *name, struct objects *out)
{
	hsm_rc rc = load_file(s, name, out);
	size_t found = out->n;

	if (rc == HSM_OK && found == 0) {
		rc = objects_load(s->lane, ALL, out);
		found = match_name(out, name);
	}
	if (rc != HSM_OK)
		return session_fail(s, "its objects cannot be read", rc);
	if (found == 0)
		return ui_fail("%s: there is no '%s'; see 'twinhsm-tool list'", s->address, name);
	return found == 1 ? 0 : several(s, name, out, found);
}
