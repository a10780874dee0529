#include <string.h>

#include "admin/backup/manifest.h"
#include "fuzz.h"

/* Texts of a manifest reach terminals. */
static bool is_clean(const char *text)
{
	for (; *text != '\0'; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7F)
			return false;
	}
	return true;
}

static void check_items(const struct manifest *m)
{
	char name[ITEM_NAME_MAX];

	for (size_t i = 0; i < m->items_n; i++) {
		const struct item *item = &m->items[i];

		FUZZ_ASSERT(item_name(item->fid, name) && item_is_name(name));
		FUZZ_ASSERT(strchr(name, '/') == NULL && name[0] != '.');
		FUZZ_ASSERT(manifest_find(m, item->fid) == item);
		FUZZ_ASSERT(item->size <= ITEM_SIZE_MAX);
		FUZZ_ASSERT(is_clean(item->label) && is_clean(item->id) && is_clean(item->type));
		FUZZ_ASSERT(is_clean(item->public_sha256));
	}
	for (size_t i = 0; i < m->absent_n; i++)
		FUZZ_ASSERT(is_clean(m->absent[i].label) && is_clean(m->absent[i].reason));
	FUZZ_ASSERT(is_clean(m->date) && is_clean(m->serial) && is_clean(m->label));
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	AUTO_MANIFEST m = { 0 };
	AUTO_MANIFEST again = { 0 };
	AUTO_BUF text = { 0 };
	AUTO_BUF same = { 0 };
	char fault[100];

	if (manifest_parse(rd_of(data, size), &m, fault, sizeof(fault)) != NULL) {
		FUZZ_ASSERT(fault[0] != '\0' && is_clean(fault));
		return 0;
	}
	check_items(&m);
	FUZZ_ASSERT(manifest_build(&m, &text) == HSM_OK);
	FUZZ_ASSERT(manifest_parse(buf_rd(&text), &again, fault, sizeof(fault)) == NULL);
	FUZZ_ASSERT(manifest_build(&again, &same) == HSM_OK);
	FUZZ_ASSERT(rd_equal(buf_rd(&text), buf_rd(&same)));
	return 0;
}
