#include <stdio.h>
#include <stdlib.h>

#include "admin/backup/place.h"
#include "admin/backup/report.h"
#include "admin/commands.h"
#include "admin/line.h"
#include "p15/p15.h"

static const char help[] =
        "usage: twinhsm-tool restore DIR [OPTIONS]\n"
        "\n"
        "Brings the keys, certificates and data objects of a backup to a card that has the same\n"
        "key encryption keys. What is there already is left as it is, so a restore that was\n"
        "interrupted is run again.\n"
        "\n"
        "  -f, --force         replace what is in the way; take a backup that was never completed\n"
        "      --pin PIN       user PIN, or env:NAME\n" LINE_HELP_CARD;

struct job {
	struct session *s;
	struct line l;
	const char *dir;
	struct folder f;
	struct manifest m;
	struct contents there;
	struct report report;
	enum place *places; /* of each item */
	size_t open, taken; /* how many are not on the card yet; how many find something else */
};

/* ---- before anything is written ---- */

static int check_folder(struct job *j)
{
	int status = folder_open_read(&j->f, j->dir);

	if (status == 0)
		status = folder_load(&j->f, &j->m);
	if (status != 0)
		return status;
	if (!j->m.complete && !j->l.force)
		return ui_fail("%s: this backup was never completed; run backup again, or restore "
		               "what there is with --force",
		        j->dir);
	for (size_t i = 0; i < j->m.items_n; i++) {
		AUTO_BUF content = { 0 };
		struct wrapfile w;

		if (place_load(&j->f, &j->m.items[i], &content, &w) != 0)
			status = EXIT_FAILURE;
	}
	return status == 0 ? 0 : ui_fail("%s: nothing was restored", j->dir);
}

static int look_at_one(struct job *j, size_t i)
{
	const struct item *item = &j->m.items[i];
	char text[ITEM_TEXT_MAX + 80];
	AUTO_BUF content = { 0 };
	struct wrapfile w;
	hsm_rc rc;

	if (place_load(&j->f, item, &content, &w) != 0)
		return EXIT_FAILURE;
	rc = place_look(j->s, &j->there, item, buf_rd(&content), &w, &j->places[i]);
	if (rc != HSM_OK)
		return session_fail(j->s, "what is on it", rc);
	j->open += j->places[i] != PLACE_THERE;
	if (j->places[i] != PLACE_TAKEN || j->l.force)
		return 0;
	j->taken++;
	item_text(item, text, sizeof(text));
	ui_fail("%s: something else is in the place of %s", j->s->address, text);
	return 0;
}

static int check_card(struct job *j)
{
	const hsm_rc rc = contents_read(j->s, &j->there);
	int status = rc == HSM_OK ? 0 : session_fail(j->s, "what is on it", rc);

	if (status == 0 && place_fits(j->s, &j->f, &j->m) != 0)
		return ui_fail("%s: nothing was restored", j->s->address);
	for (size_t i = 0; i < j->m.items_n && status == 0; i++)
		status = look_at_one(j, i);
	if (status == 0 && j->taken != 0)
		return ui_fail("%s: nothing was restored; --force replaces what is in the way",
		        j->s->address);
	return status;
}

/* ---- writing ---- */

/* What stopped the work, and what is on the card by now. */
static int stopped(struct job *j, size_t at, hsm_rc rc)
{
	char text[ITEM_TEXT_MAX + 80];

	item_text(&j->m.items[at], text, sizeof(text));
	ui_fail("%s: %s was not restored: %s", j->s->address, text,
	        rc == HSM_E_BAD_DATA ? "the card refuses the blob: it is damaged" : rc_text(rc));
	for (size_t i = 0; i < j->m.items_n; i++) {
		if (j->places[i] == PLACE_THERE || i == at)
			continue;
		item_text(&j->m.items[i], text, sizeof(text));
		ui_fail("%s: not on the card yet: %s", j->s->address, text);
	}
	return ui_fail("%s: %zu of %zu items are on the card; run restore again when the cause is "
	               "removed",
	        j->s->address, j->m.items_n - j->open, j->m.items_n);
}

static int restore_one(struct job *j, size_t i)
{
	const struct item *item = &j->m.items[i];
	AUTO_BUF content = { 0 };
	struct wrapfile w;
	hsm_rc rc;

	if (j->places[i] == PLACE_THERE) {
		report_item(&j->report, item, "there already");
		return 0;
	}
	if (place_load(&j->f, item, &content, &w) != 0)
		return EXIT_FAILURE;
	rc = place_write(j->s, item, buf_rd(&content), &w, j->places[i] == PLACE_TAKEN);
	if (rc != HSM_OK)
		return stopped(j, i, rc);
	report_item(&j->report, item, j->places[i] == PLACE_TAKEN ? "replaced" : "restored");
	j->places[i] = PLACE_THERE;
	j->open--;
	return 0;
}

static hsm_rc write_label(struct job *j)
{
	uint8_t record[P15_RECORD_MAX];
	struct wr w = WR_ARRAY(record);

	TRY(p15_tokeninfo_build(rd_str(j->m.label), &w));
	return card_write_file(j->s->lane, EF_TOKENINFO, wr_rd(&w));
}

/* A card that was given a label keeps it. */
static bool keeps_label(struct job *j, const char *label)
{
	if (j->m.label[0] == '\0' || strcmp(label, j->m.label) == 0)
		return true;
	if (label[0] == '\0' || j->l.force)
		return false;
	report_line(&j->report, "The card keeps its label \"%s\"; that of the backup is \"%s\".",
	        label, j->m.label);
	return true;
}

static int restore_label(struct job *j, const char *label)
{
	const hsm_rc rc = keeps_label(j, label) ? HSM_OK : write_label(j);

	return rc == HSM_OK ? 0 : session_fail(j->s, "the label was not restored", rc);
}

static int restore_all(struct job *j)
{
	char label[ITEM_TEXT_MAX];
	const hsm_rc rc = token_label(j->s, label, sizeof(label));
	int status = rc == HSM_OK ? 0 : session_fail(j->s, "its label", rc);

	for (size_t i = 0; i < j->m.items_n && status == 0; i++)
		status = restore_one(j, i);
	if (status == 0)
		status = restore_label(j, label);
	report_bool(&j->report, "complete", status == 0);
	if (status == 0)
		report_line(&j->report, "%s: all %zu items of the backup are on the card",
		        j->s->address, j->m.items_n);
	return status;
}

static int run(struct job *j)
{
	int status;

	report_begin(&j->report, j->l.json, j->dir);
	status = check_folder(j);
	if (status == 0)
		status = line_open(&j->l, j->s);
	if (status == 0)
		status = check_card(j);
	if (status == 0)
		status = session_login(j->s, &j->l.pin);
	if (status == 0) {
		j->report.total = j->m.items_n;
		report_text(&j->report, "card", j->s->address);
		status = restore_all(j);
	}
	return report_end(&j->report, status);
}

int cmd_restore(int argc, char **argv)
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
	j.places = calloc(P15_FILES_MAX, sizeof(*j.places));
	status = j.places != NULL ? run(&j) : ui_fail("%s", rc_text(HSM_E_MEMORY));
	folder_close(&j.f);
	line_wipe(&j.l);
	manifest_free(&j.m);
	buf_free(&j.there.list);
	free(j.places);
	return status;
}
