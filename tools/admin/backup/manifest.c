#include "manifest.h"

#include <stdio.h>
#include <stdlib.h>

#include "card/card.h"

/* What a backup is made of. The names of files follow from the numbers, so a manifest cannot lead
 * anywhere else. */
static const struct kind {
	uint8_t type; /* high byte of the file identifier */
	const char *name;
	const char *before, *after; /* of the file's name; NULL: never part of a backup */
} kinds[] = {
	{ FID_KEY, "key", "key-", ".wrap" },
	{ FID_CERT, "certificate", "certificate-", ".der" },
	{ FID_CA_CERT, "certificate", "certificate-", ".der" },
	{ FID_PRKD, "description", "description-", ".der" },
	{ FID_CD, "description", "description-", ".der" },
	{ FID_DCOD, "description", "description-", ".der" },
	{ FID_DATA, "data", "data-", ".bin" },
	{ FID_PRIVATE_DATA, "private data", NULL, NULL },
};

static const struct kind *kind_of(uint16_t fid)
{
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (kinds[i].type == fid >> 8)
			return &kinds[i];
	}
	return NULL;
}

const char *item_kind(uint16_t fid)
{
	const struct kind *kind = kind_of(fid);

	return kind != NULL ? kind->name : "file";
}

bool item_name(uint16_t fid, char name[ITEM_NAME_MAX])
{
	const struct kind *kind = kind_of(fid);
	char number[8];

	if (kind == NULL || kind->before == NULL || fid == FID(FID_KEY, 0))
		return false;
	snprintf(number, sizeof(number), kind->type == FID_KEY ? "%03u" : "%04x",
	        kind->type == FID_KEY ? fid & 0xFFU : fid);
	snprintf(name, ITEM_NAME_MAX, "%s%s%s", kind->before, number, kind->after);
	return true;
}

bool item_is_name(const char *name)
{
	char known[ITEM_NAME_MAX];

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const char *before = kinds[i].before;

		if (before == NULL || strncmp(name, before, strlen(before)) != 0)
			continue;
		for (unsigned nn = 0; nn <= 0xFF; nn++) {
			if (item_name(FID(kinds[i].type, nn), known) && strcmp(known, name) == 0)
				return true;
		}
	}
	return false;
}

/* ---- items ---- */

void manifest_free(struct manifest *m)
{
	free(m->items);
	free(m->absent);
	*m = (struct manifest){ 0 };
}

struct item *manifest_find(const struct manifest *m, uint16_t fid)
{
	for (size_t i = 0; i < m->items_n; i++) {
		if (m->items[i].fid == fid)
			return &m->items[i];
	}
	return NULL;
}

/* Room for one more of `size` bytes in a list that has `n`. */
static hsm_rc grow(void **list, size_t n, size_t size)
{
	void *more;

	if (n >= P15_FILES_MAX)
		return HSM_E_FULL;
	more = reallocarray(*list, n + 1, size);
	if (more == NULL)
		return HSM_E_MEMORY;
	*list = more;
	return HSM_OK;
}

hsm_rc manifest_put(struct manifest *m, const struct item *item)
{
	struct item *there = manifest_find(m, item->fid);
	void *list = m->items;

	if (there == NULL) {
		TRY(grow(&list, m->items_n, sizeof(*item)));
		m->items = list;
		there = &m->items[m->items_n++];
	}
	if (there != item)
		*there = *item;
	return HSM_OK;
}

void manifest_drop(struct manifest *m, size_t i)
{
	m->items_n--;
	memmove(&m->items[i], &m->items[i + 1], (m->items_n - i) * sizeof(m->items[0]));
}

hsm_rc manifest_miss(struct manifest *m, const struct absent *absent)
{
	void *list = m->absent;

	TRY(grow(&list, m->absent_n, sizeof(*absent)));
	m->absent = list;
	m->absent[m->absent_n++] = *absent;
	return HSM_OK;
}

void manifest_forget_absent(struct manifest *m)
{
	m->absent_n = 0;
}
