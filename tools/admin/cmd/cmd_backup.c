#include <stdio.h>
#include <stdlib.h>

#include "admin/backup/contents.h"
#include "admin/backup/folder.h"
#include "admin/backup/report.h"
#include "admin/commands.h"
#include "admin/line.h"
#include "p15/keyblob.h"

static const char help[] =
        "usage: twinhsm-tool backup DIR [OPTIONS]\n"
        "\n"
        "Saves all keys of a card, wrapped under the key of their domain, its certificates and\n"
        "public data objects in the folder DIR. One that was interrupted goes on where it was.\n"
        "\n"
        "  -f, --force         bring a complete backup in DIR up to date; replace that of another\n"
        "                      card\n"
        "      --pin PIN       user PIN, or env:NAME\n" LINE_HELP_CARD;

struct job {
	struct session *s;
	struct line l;
	const char *dir;
	struct folder f;
	struct manifest m;
	struct contents there;
	struct report report;
};

/* ---- what is no item of its own ---- */

/* Is the file a part of what a key carries? */
static bool belongs_to_key(const struct job *j, uint16_t fid)
{
	return (fid >> 8 == FID_PRKD || fid >> 8 == FID_CERT) &&
	       ((fid & 0xFF) == 0 || contents_has(&j->there, FID(FID_KEY, fid & 0xFF)));
}

static bool is_of_device(uint16_t fid)
{
	return fid >> 8 == EF_DEVAUT >> 8 || fid == FID(FID_KEY, 0);
}

static bool is_skipped(struct job *j, uint16_t fid)
{
	return is_of_device(fid) || belongs_to_key(j, fid) || describes_private(j->s, fid);
}

/* ---- what is in the folder already ---- */

/* A manifest that another card, or nobody, has written gives way only to --force. */
static int take_over(struct job *j, const char *serial)
{
	const bool same = strcmp(j->m.serial, serial) == 0;

	if (!j->l.force && !same)
		return ui_fail("%s: holds a backup of card %s, this is card %s; take another "
		               "folder, or --force to replace it",
		        j->dir, j->m.serial, serial);
	if (!j->l.force && j->m.complete)
		return ui_fail("%s: holds a complete backup of this card of %s; take another "
		               "folder, or --force to bring it up to date",
		        j->dir, j->m.date);
	if (!same)
		manifest_free(&j->m);
	return 0;
}

static int look_into_folder(struct job *j, const char *serial)
{
	char name[256];
	int status;

	if (!folder_has_manifest(&j->f)) {
		if (folder_stranger(&j->f, name, sizeof(name)) != NULL)
			return ui_fail("%s: the folder is neither empty nor a backup: it has '%s'",
			        j->dir, name);
		return 0;
	}
	status = folder_load(&j->f, &j->m);
	if (status == 0)
		return take_over(j, serial);
	if (!j->l.force)
		return ui_fail("%s: take another folder, or --force to begin anew", j->dir);
	return 0;
}

/* A key in the folder is not thrown away because the card has it no more. */
static int drop_gone(struct job *j)
{
	char text[ITEM_TEXT_MAX + 80];

	for (size_t i = j->m.items_n; i-- > 0;) {
		if (contents_has(&j->there, j->m.items[i].fid)) {
			if (is_skipped(j, j->m.items[i].fid))
				manifest_drop(&j->m, i);
			continue;
		}
		item_text(&j->m.items[i], text, sizeof(text));
		if (!j->l.force)
			return ui_fail("%s: the folder has %s, which the card no longer has; take "
			               "another folder, or --force to drop it",
			        j->dir, text);
		manifest_drop(&j->m, i);
	}
	return 0;
}

static int begin(struct job *j)
{
	const struct card_identity id = card_identity(j->s->card);
	char serial[ITEM_TEXT_MAX];
	hsm_rc rc;
	int status;

	ui_clean(rd_str(id.serial), serial, sizeof(serial));
	status = folder_open_write(&j->f, j->dir);
	if (status == 0)
		status = look_into_folder(j, serial);
	if (status != 0)
		return status;
	rc = contents_read(j->s, &j->there);
	if (rc == HSM_OK)
		rc = token_label(j->s, j->m.label, sizeof(j->m.label));
	if (rc != HSM_OK)
		return session_fail(j->s, "what is on it", rc);
	status = drop_gone(j);
	j->m.complete = false;
	memcpy(j->m.serial, serial, sizeof(serial));
	manifest_forget_absent(&j->m);
	return status == 0 ? folder_save(&j->f, &j->m) : status;
}

/* ---- one by one ---- */

static int done(struct job *j, const struct item *item, const char *state)
{
	const hsm_rc rc = manifest_put(&j->m, item);
	const int status =
	        rc == HSM_OK ? folder_save(&j->f, &j->m) : ui_fail("%s: %s", j->dir, rc_text(rc));

	if (status == 0)
		report_item(&j->report, item, state);
	return status;
}

static int miss(struct job *j, const struct item *item, const char *reason)
{
	struct absent absent = { .fid = item->fid };
	hsm_rc rc;

	memcpy(absent.label, item->label, sizeof(absent.label));
	snprintf(absent.reason, sizeof(absent.reason), "%s", reason);
	rc = manifest_miss(&j->m, &absent);
	if (rc != HSM_OK)
		return ui_fail("%s: %s", j->dir, rc_text(rc));
	j->report.done++;
	report_absent(&j->report, &absent);
	return 0;
}

static int store(struct job *j, struct item *item, struct rd content)
{
	const int status = folder_save_item(&j->f, item, content);

	return status == 0 ? done(j, item, "saved") : status;
}

static int backup_file(struct job *j, uint16_t fid)
{
	const struct item *old = manifest_find(&j->m, fid);
	struct item item = { .fid = fid };
	AUTO_BUF content = { 0 };
	AUTO_BUF kept = { 0 };
	const hsm_rc rc = card_read_file(j->s->lane, fid, &content);

	if (rc != HSM_OK)
		return session_fail(j->s, "a file was not read", rc);
	describe_file(j->s, &item);
	if (old == NULL || !folder_has_item(&j->f, old, &kept) ||
	        !rd_equal(buf_rd(&kept), buf_rd(&content)))
		return store(j, &item, buf_rd(&content));
	item.size = old->size;
	memcpy(item.sha256, old->sha256, sizeof(item.sha256));
	return done(j, &item, "unchanged");
}

/* ---- keys ---- */

/* Why a key stays on its card; NULL when that is a failure. */
static const char *stays(hsm_rc rc)
{
	switch (rc) {
	case HSM_E_KEY_REFUSED:
		return "it must not leave the card: its list of algorithms does not have wrapping";
	case HSM_E_NO_REF:
	case HSM_E_UNSUPPORTED:
		return "its key domain has no key encryption key, or shares of it are missing";
	default:
		return NULL;
	}
}

static bool same_kcv(struct session *s, const struct item *item)
{
	struct card_key_info info;
	struct card_domain domain;
	const uint8_t kid = (uint8_t)item->fid;

	return item->has_kcv && card_key_info(s->lane, kid, &info) == HSM_OK &&
	       card_domain_status(s->lane, info.has_domain ? info.domain : 0, &domain) == HSM_OK &&
	       domain.state == CARD_DOMAIN_COMPLETE &&
	       memcmp(domain.kcv, item->kcv, sizeof(domain.kcv)) == 0;
}

/* Does the folder have this key as it is on the card? Only the public half can tell, so a secret
 * key is always taken again. */
static bool is_kept(struct job *j, const struct item *old, struct rd prkd, struct rd cert)
{
	AUTO_BUF file = { 0 };
	struct wrapfile w;

	return old != NULL && cert.n != 0 && folder_has_item(&j->f, old, &file) &&
	       wrapfile_parse(buf_rd(&file), &w) == HSM_OK && rd_equal(w.prkd, prkd) &&
	       rd_equal(w.cert, cert) && same_kcv(j->s, old);
}

static hsm_rc build_file(const struct wrapfile *w, struct buf *file)
{
	struct wr out;

	TRY(buf_reserve(file, WRAPFILE_MAX));
	out = wr_of(file->p, file->cap);
	TRY(wrapfile_build(w, &out));
	file->n = out.n;
	return HSM_OK;
}

static int wrap(struct job *j, struct item *item, struct rd prkd, struct rd cert)
{
	AUTO_BUF blob = { 0 };
	AUTO_BUF file = { 0 };
	struct keyblob_frame frame;
	struct wrapfile w = { .prkd = prkd, .cert = cert };
	hsm_rc rc = card_wrap(j->s->lane, (uint8_t)item->fid, &blob);

	if (rc != HSM_OK && stays(rc) != NULL)
		return miss(j, item, stays(rc));
	w.blob = buf_rd(&blob);
	if (rc == HSM_OK)
		rc = keyblob_split(w.blob, &frame);
	if (rc == HSM_OK)
		rc = build_file(&w, &file);
	if (rc != HSM_OK)
		return session_fail(j->s, "a key was not wrapped", rc);
	item->has_kcv = true;
	memcpy(item->kcv, frame.kcv.p, sizeof(item->kcv));
	return store(j, item, buf_rd(&file));
}

static int backup_key(struct job *j, uint16_t fid)
{
	const uint8_t kid = (uint8_t)fid;
	const struct item *old = manifest_find(&j->m, fid);
	struct item item = { .fid = fid };
	AUTO_BUF prkd = { 0 };
	AUTO_BUF cert = { 0 };
	hsm_rc rc = read_optional(j->s, FID(FID_PRKD, kid), &prkd);

	if (rc == HSM_OK)
		rc = read_optional(j->s, FID(FID_CERT, kid), &cert);
	if (rc != HSM_OK)
		return session_fail(j->s, "what belongs to a key", rc);
	describe_key(&item, buf_rd(&prkd), buf_rd(&cert));
	if (is_kept(j, old, buf_rd(&prkd), buf_rd(&cert)))
		return done(j, old, "unchanged");
	if (!j->l.force && old != NULL && strcmp(old->public_sha256, item.public_sha256) != 0)
		return ui_fail("%s: key %u is another one than that in the folder; take another "
		               "folder, or --force to replace it",
		        j->dir, kid);
	return wrap(j, &item, buf_rd(&prkd), buf_rd(&cert));
}

/* ---- all ---- */

static int backup_one(struct job *j, uint16_t fid)
{
	struct item item = { .fid = fid };
	char name[ITEM_NAME_MAX];

	if (fid >> 8 == FID_KEY)
		return backup_key(j, fid);
	if (item_name(fid, name))
		return backup_file(j, fid);
	describe_file(j->s, &item);
	return miss(j, &item,
	        fid >> 8 == FID_PRIVATE_DATA
	                ? "private data objects are not saved: they would lie there in clear"
	                : "it is none of the files that this program knows");
}

static size_t count(struct job *j)
{
	struct rd list = buf_rd(&j->there.list);
	size_t n = 0;
	uint16_t fid;

	while (rd_u16(&list, &fid))
		n += !is_skipped(j, fid);
	return n;
}

static int backup_all(struct job *j)
{
	struct rd list = buf_rd(&j->there.list);
	int status = 0;
	uint16_t fid;

	while (status == 0 && rd_u16(&list, &fid)) {
		if (!is_skipped(j, fid))
			status = backup_one(j, fid);
	}
	if (status != 0)
		return status;
	j->m.complete = true;
	status = folder_save(&j->f, &j->m);
	if (status == 0)
		folder_tidy(&j->f, &j->m);
	return status;
}

static int conclude(struct job *j, int status)
{
	report_bool(&j->report, "complete", j->m.complete);
	if (status != 0)
		return status;
	report_line(&j->report, "%s: the backup is complete: %zu items of card %s", j->dir,
	        j->m.items_n, j->m.serial);
	if (j->m.absent_n == 0)
		return EXIT_SUCCESS;
	return ui_fail(
	        "%s: %zu object(s) of the card are not in the backup", j->dir, j->m.absent_n);
}

static int run(struct job *j)
{
	int status;

	report_begin(&j->report, j->l.json, j->dir);
	status = line_open(&j->l, j->s);
	if (status == 0)
		status = session_login(j->s, &j->l.pin);
	if (status == 0)
		status = begin(j);
	if (status == 0) {
		j->report.total = count(j);
		report_text(&j->report, "serial", j->m.serial);
		status = conclude(j, backup_all(j));
	}
	return report_end(&j->report, status);
}

int cmd_backup(int argc, char **argv)
{
	static const struct line_form form = {
		.help = help, .options = "rwfPJ", .args_min = 1, .args_max = 1
	};
	AUTO_SESSION s = { 0 };
	struct job j = { .s = &s, .f = { .fd = -1 } };
	int status = line_parse(&form, argc, argv, &j.l);

	if (status >= 0) {
		line_wipe(&j.l);
		return status;
	}
	j.dir = j.l.args[0];
	status = run(&j);
	folder_close(&j.f);
	line_wipe(&j.l);
	manifest_free(&j.m);
	buf_free(&j.there.list);
	return status;
}
