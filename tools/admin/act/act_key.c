#include <stdio.h>

#include "actions.h"
#include "admin/keys.h"
#include "backup/backup.h"
#include "base/text.h"
#include "common/file.h"

/* ---- wrapping ---- */

static int need_reference(const struct request *r)
{
	return r->key_reference != 0
	               ? 0
	               : ui_fail("say which key with --key-reference, a number from 1 to 255");
}

int act_wrap(struct session *s, struct request *r)
{
	AUTO_BUF file = { 0 };
	int status = need_reference(r);

	if (status == 0)
		status = session_login(s, &r->setup.pin);
	if (status == 0)
		status = keys_export(s, (uint8_t)r->key_reference, &file);
	return status == 0 ? file_save(r->file[ACT_WRAP], buf_rd(&file), true) : status;
}

/* ---- unwrapping ---- */

static void say_contents(const struct wrapfile *w)
{
	puts("Wrapped key contains:\n  Key blob");
	if (w->prkd.n != 0)
		puts("  Private Key Description (PRKD)");
	if (w->cert.n != 0)
		puts("  Certificate");
	fflush(stdout);
}

static int unwrap(struct session *s, struct request *r, const struct wrapfile *w)
{
	const uint8_t kid = (uint8_t)r->key_reference;
	int status = r->force ? 0 : key_place_free(s, kid);

	if (status == 0)
		status = key_fits(s, w->blob);
	if (status == 0)
		status = session_login(s, &r->setup.pin);
	if (status == 0)
		status = keys_import(s, kid, w, r->force);
	if (status == 0)
		puts("Key successfully imported");
	return status;
}

int act_unwrap(struct session *s, struct request *r)
{
	const char *path = r->file[ACT_UNWRAP];
	AUTO_BUF file = { 0 };
	struct wrapfile w;
	int status = need_reference(r);

	if (status == 0)
		status = file_load(path, WRAPFILE_MAX, &file);
	if (status != 0)
		return status;
	if (wrapfile_parse(buf_rd(&file), &w) != HSM_OK)
		return ui_fail("%s: this is not a wrapped key", path);
	say_contents(&w);
	return unwrap(s, r, &w);
}
