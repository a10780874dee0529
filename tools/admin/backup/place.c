#include "place.h"

#include <stdlib.h>

#include "admin/keys.h"
#include "p15/keyblob.h"

bool place_is_key(const struct item *item)
{
	return item->fid >> 8 == FID_KEY;
}

int place_load(
        const struct folder *f, const struct item *item, struct buf *content, struct wrapfile *w)
{
	char name[ITEM_NAME_MAX] = "";
	struct keyblob_frame frame;
	const int status = folder_load_item(f, item, content);

	*w = (struct wrapfile){ 0 };
	if (status != 0 || !place_is_key(item))
		return status;
	(void)item_name(item->fid, name);
	if (wrapfile_parse(buf_rd(content), w) != HSM_OK)
		return ui_fail("%s/%s: this is not a wrapped key", f->path, name);
	if (keyblob_split(w->blob, &frame) != HSM_OK)
		return ui_fail("%s/%s: the key blob is malformed", f->path, name);
	if (!item->has_kcv || !rd_equal(frame.kcv, rd_of(item->kcv, sizeof(item->kcv))))
		return ui_fail("%s/%s: the manifest has another key check value than the key blob",
		        f->path, name);
	return 0;
}

/* ---- what is there ---- */

enum relation { NOTHING, A_PART, THE_SAME, ANOTHER };

/* A write that was cut off leaves a beginning of what was to be written, so that counts as ours. */
static hsm_rc compare(struct session *s, const struct contents *c, uint16_t fid, struct rd wanted,
        enum relation *out)
{
	AUTO_BUF there = { 0 };

	*out = NOTHING;
	if (!contents_has(c, fid))
		return HSM_OK;
	TRY(read_optional(s, fid, &there));
	if (wanted.n == 0 || there.n > wanted.n ||
	        (there.n != 0 && memcmp(there.p, wanted.p, there.n) != 0))
		*out = ANOTHER;
	else
		*out = there.n == wanted.n ? THE_SAME : A_PART;
	return HSM_OK;
}

static bool is_whole(struct rd wanted, enum relation r)
{
	return r == (wanted.n == 0 ? NOTHING : THE_SAME);
}

/* Restoring writes the key last: where there is one with other things around it, or with nothing
 * that would tell whose it is, it is not from here. */
static hsm_rc look_key(struct session *s, const struct contents *c, uint8_t kid,
        const struct wrapfile *w, enum place *out)
{
	const bool key_there = contents_has(c, FID(FID_KEY, kid));
	enum relation prkd, cert;

	TRY(compare(s, c, FID(FID_PRKD, kid), w->prkd, &prkd));
	TRY(compare(s, c, FID(FID_CERT, kid), w->cert, &cert));
	if (!key_there)
		*out = prkd == ANOTHER || cert == ANOTHER ? PLACE_TAKEN : PLACE_FREE;
	else
		*out = is_whole(w->prkd, prkd) && is_whole(w->cert, cert) &&
		                       w->prkd.n + w->cert.n != 0
		               ? PLACE_THERE
		               : PLACE_TAKEN;
	return HSM_OK;
}

hsm_rc place_look(struct session *s, const struct contents *c, const struct item *item,
        struct rd content, const struct wrapfile *w, enum place *out)
{
	enum relation r;

	if (place_is_key(item))
		return look_key(s, c, (uint8_t)item->fid, w, out);
	TRY(compare(s, c, item->fid, content, &r));
	*out = r == ANOTHER ? PLACE_TAKEN : r == THE_SAME ? PLACE_THERE : PLACE_FREE;
	return HSM_OK;
}

/* ---- writing ---- */

static hsm_rc remove_file(struct session *s, uint16_t fid)
{
	const hsm_rc rc = card_delete_file(s->lane, fid);

	return rc == HSM_E_NO_FILE ? HSM_OK : rc;
}

/* The key goes first, so that there is never a description of another key beside it. */
static hsm_rc remove_key(struct session *s, uint8_t kid)
{
	TRY(remove_file(s, FID(FID_KEY, kid)));
	TRY(remove_file(s, FID(FID_PRKD, kid)));
	return remove_file(s, FID(FID_CERT, kid));
}

/* The key comes last: while its power is cut off, a card has no key without its description. */
static hsm_rc write_key(struct session *s, uint8_t kid, const struct wrapfile *w)
{
	if (w->prkd.n != 0)
		TRY(card_write_file(s->lane, FID(FID_PRKD, kid), w->prkd));
	if (w->cert.n != 0)
		TRY(card_write_file(s->lane, FID(FID_CERT, kid), w->cert));
	return card_unwrap(s->lane, kid, w->blob);
}

static hsm_rc put_key(struct session *s, uint8_t kid, const struct wrapfile *w, bool replace)
{
	hsm_rc rc, undone;

	if (replace)
		TRY(remove_key(s, kid));
	rc = write_key(s, kid, w);
	if (rc == HSM_OK || rc == HSM_E_EXISTS)
		return rc;
	undone = remove_key(s, kid);
	if (undone != HSM_OK)
		ui_fail("%s: a description of key %u without the key may have stayed on the card",
		        s->address, kid);
	return rc;
}

static hsm_rc put_file(struct session *s, uint16_t fid, struct rd content)
{
	const hsm_rc rc = card_write_file(s->lane, fid, content);

	if (rc != HSM_OK && remove_file(s, fid) != HSM_OK)
		ui_fail("%s: a part of file %04X may have stayed on the card", s->address, fid);
	return rc;
}

static hsm_rc put(struct session *s, const struct item *item, struct rd content,
        const struct wrapfile *w, bool replace)
{
	if (place_is_key(item))
		return put_key(s, (uint8_t)item->fid, w, replace);
	return put_file(s, item->fid, content);
}

hsm_rc place_write(struct session *s, const struct item *item, struct rd content,
        const struct wrapfile *w, bool replace)
{
	hsm_rc rc, ended;

	TRY(card_hold(s->lane, true));
	rc = put(s, item, content, w, replace);
	ended = card_hold(s->lane, false);
	return rc == HSM_OK ? ended : rc;
}

/* ---- check values ---- */

int place_fits(struct session *s, const struct folder *f, const struct manifest *m)
{
	const struct item *before = NULL;
	int status = 0;

	for (size_t i = 0; i < m->items_n; i++) {
		const struct item *item = &m->items[i];
		AUTO_BUF content = { 0 };
		struct wrapfile w;

		if (!place_is_key(item) ||
		        (before != NULL && memcmp(before->kcv, item->kcv, sizeof(item->kcv)) == 0))
			continue;
		before = item;
		if (place_load(f, item, &content, &w) != 0 || key_fits(s, w.blob) != 0)
			status = EXIT_FAILURE;
	}
	return status;
}
