#include <stdio.h>
#include <stdlib.h>

#include "admin/backup/keycheck.h"
#include "admin/backup/place.h"
#include "admin/backup/report.h"
#include "admin/commands.h"
#include "admin/line.h"
#include "admin/share/shares.h"
#include "base/text.h"

static const char help[] =
        "usage: twinhsm-tool verify DIR [OPTIONS]\n"
        "\n"
        "Proves that a backup can be restored, and writes nothing: its files are whole; with\n"
        "--reader the card has the keys that it was wrapped under, and the places are free; with\n"
        "all shares every key opens and is that of its certificate.\n"
        "\n"
        "      --share FILE            a DKEK share; once for each\n"
        "      --password PASSWORD     of the shares, in their order; or env:NAME\n"
        "      --pwd-shares-total N    the passwords are split: ask for N parts of each\n"
        "  -r, --reader CARD           number, address (emu:FILE) or part of it\n"
        "      --json                  answer as JSON\n"
        "  -h, --help                  this text\n";

struct job {
	struct session *s;
	struct line l;
	struct folder f;
	struct manifest m;
	struct report report;
	struct dkek dkek;
	bool has_card, has_dkek;
	size_t keys, bytes;              /* in the backup */
	size_t opened, same, uncompared; /* with the shares */
	size_t places[PLACE_TAKEN + 1];  /* on the card */
};

/* ---- with shares ---- */

static int open_failed(struct job *j, const struct item *item)
{
	char blob[2 * KCV_LEN + 1], ours[2 * KCV_LEN + 1], text[ITEM_TEXT_MAX + 80];
	const struct rd kcv = rd_of(item->kcv, sizeof(item->kcv));

	item_text(item, text, sizeof(text));
	if (hex_put(kcv, blob, sizeof(blob)) != HSM_OK ||
	        hex_put(rd_of(j->dkek.kcv, KCV_LEN), ours, sizeof(ours)) != HSM_OK)
		return ui_fail("%s", rc_text(HSM_E_FAIL));
	if (!rd_equal(kcv, rd_of(j->dkek.kcv, KCV_LEN)))
		return ui_fail("%s was wrapped under %s, the shares make %s", text, blob, ours);
	return ui_fail("%s does not open with the shares: the blob is damaged or forged", text);
}

static int judge(struct job *j, const struct item *item, enum keycheck verdict)
{
	char text[ITEM_TEXT_MAX + 80];

	item_text(item, text, sizeof(text));
	j->opened++;
	j->same += verdict == KEYCHECK_SAME;
	j->uncompared += verdict != KEYCHECK_SAME;
	if (verdict == KEYCHECK_BAD)
		return ui_fail("%s opens, but its numbers are no key", text);
	if (verdict == KEYCHECK_FOREIGN)
		return ui_fail("%s opens, but is not the key of its certificate", text);
	return 0;
}

static int open_key(struct job *j, const struct item *item, const struct wrapfile *w)
{
	AUTO_BUF plain = { 0 };
	struct keyblob key;
	enum keycheck verdict;
	hsm_rc rc;

	if (keyblob_open(&j->dkek, w->blob, &plain, &key) != HSM_OK)
		return open_failed(j, item);
	rc = keycheck(&key, w->cert, &verdict);
	return rc == HSM_OK ? judge(j, item, verdict) : ui_fail("%s", rc_text(rc));
}

/* ---- with a card ---- */

static int look(struct job *j, const struct contents *c, const struct item *item, struct rd content,
        const struct wrapfile *w)
{
	char text[ITEM_TEXT_MAX + 80];
	enum place place;
	const hsm_rc rc = place_look(j->s, c, item, content, w, &place);

	if (rc != HSM_OK)
		return session_fail(j->s, "what is on it", rc);
	j->places[place]++;
	item_text(item, text, sizeof(text));
	return place == PLACE_TAKEN
	               ? ui_fail("%s: something else is in the place of %s", j->s->address, text)
	               : 0;
}

/* ---- all ---- */

/* Where an item fails is what is told of it; what comes after is not tried. */
static int verify_one(struct job *j, const struct contents *c, const struct item *item)
{
	AUTO_BUF content = { 0 };
	struct wrapfile w;
	const char *state = "damaged";
	int status = place_load(&j->f, item, &content, &w);

	if (status == 0 && j->has_card) {
		state = "its place is taken";
		status = look(j, c, item, buf_rd(&content), &w);
	}
	if (status == 0 && j->has_dkek && place_is_key(item)) {
		state = "does not open, or is another key";
		status = open_key(j, item, &w);
	}
	j->keys += place_is_key(item);
	j->bytes += content.n;
	report_item(&j->report, item, status == 0 ? "good" : state);
	return status;
}

static int verify_items(struct job *j, const struct contents *c)
{
	int status = 0;

	for (size_t i = 0; i < j->m.items_n; i++) {
		if (verify_one(j, c, &j->m.items[i]) != 0)
			status = EXIT_FAILURE;
	}
	return status;
}

static int verify_card(struct job *j, struct contents *c)
{
	const hsm_rc rc = contents_read(j->s, c);

	if (rc != HSM_OK)
		return session_fail(j->s, "what is on it", rc);
	return place_fits(j->s, &j->f, &j->m);
}

static void say_memory(struct job *j)
{
	uint32_t free_bytes;

	if (card_free_memory(j->s->lane, &free_bytes) != HSM_OK)
		return;
	report_line(&j->report, "  memory: the backup has %zu bytes, the card %u free", j->bytes,
	        free_bytes);
	report_number(&j->report, "free_memory", free_bytes);
}

/* Only what was looked at counts as proved; the rest is named as open. */
static void conclude(struct job *j)
{
	struct report *r = &j->report;

	report_line(r,
	        "Proved:\n  %zu files are those that were written (size, SHA-256), %zu of "
	        "them wrapped keys",
	        j->m.items_n, j->keys);
	if (j->has_card) {
		report_line(r, "  card %s has the keys that they are wrapped under (check values)",
		        j->s->address);
		report_line(r, "  places on the card: %zu free, %zu have it already",
		        j->places[PLACE_FREE], j->places[PLACE_THERE]);
		say_memory(j);
	}
	if (j->has_dkek)
		report_line(r,
		        "  %zu keys open with the shares; %zu are the keys of their "
		        "certificates, %zu have none to compare with",
		        j->opened, j->same, j->uncompared);
	if (!j->has_card || !j->has_dkek)
		report_line(r, "Not proved:");
	if (!j->has_card)
		report_line(r, "  that a card takes it: give one with --reader");
	if (!j->has_dkek)
		report_line(r, "  that the keys can be opened: give all shares with --share");
}

static int verify(struct job *j)
{
	struct contents c = { 0 };
	int status = 0;

	if (j->has_card)
		status = verify_card(j, &c);
	if (verify_items(j, &c) != 0)
		status = EXIT_FAILURE;
	for (size_t i = 0; i < j->m.absent_n; i++)
		report_absent(&j->report, &j->m.absent[i]);
	if (!j->m.complete)
		status = ui_fail(
		        "%s: this backup was never completed; run backup again", j->l.args[0]);
	if (status == 0)
		conclude(j);
	buf_free(&c.list);
	report_bool(&j->report, "complete", j->m.complete);
	report_bool(&j->report, "card_checked", j->has_card);
	report_bool(&j->report, "shares_checked", j->has_dkek);
	report_number(&j->report, "keys", j->keys);
	report_number(&j->report, "keys_opened", j->opened);
	return status;
}

static int run(struct job *j)
{
	int status;

	report_begin(&j->report, j->l.json, j->l.args[0]);
	status = folder_open_read(&j->f, j->l.args[0]);
	if (status == 0)
		status = folder_load(&j->f, &j->m);
	if (status == 0 && j->l.reader != NULL) {
		status = session_open(j->s, j->l.reader, false);
		j->has_card = true;
	}
	if (status == 0 && j->l.share_n != 0) {
		status = shares_open(&j->l, j->l.share, j->l.share_n, &j->dkek);
		j->has_dkek = true;
	}
	if (status == 0) {
		j->report.total = j->m.items_n;
		report_text(&j->report, "serial", j->m.serial);
		status = verify(j);
	}
	return report_end(&j->report, status);
}

int cmd_verify_backup(int argc, char **argv)
{
	AUTO_SESSION s = { 0 };
	struct job j = { .s = &s, .f = { .fd = -1 } };
	static const struct line_form form = {
		.help = help, .options = "rJRWU", .args_min = 1, .args_max = 1
	};
	int status = line_parse(&form, argc, argv, &j.l);

	if (status < 0)
		status = run(&j);
	line_wipe(&j.l);
	folder_close(&j.f);
	manifest_free(&j.m);
	dkek_wipe(&j.dkek);
	return status;
}
