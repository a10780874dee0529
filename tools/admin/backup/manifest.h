/* What a backup folder holds: its manifest.json (specs/backup.md). No input or output; texts in it
 * have nothing that a terminal would do more with than show it. */
#ifndef TWINHSM_TOOLS_ADMIN_MANIFEST_H
#define TWINHSM_TOOLS_ADMIN_MANIFEST_H

#include "base/buf.h"
#include "p15/limits.h"

enum {
	MANIFEST_MAX = 1 << 22, /* bytes of the file */
	MANIFEST_DIGEST = 32,   /* SHA-256 */
	MANIFEST_KCV = 8,
	ITEM_NAME_MAX = 32,
	ITEM_TEXT_MAX = P15_LABEL_MAX + 1,
	ITEM_SIZE_MAX = 0xFFFF + 4, /* a wrap file or a file of the card */
};

/* One key with what belongs to it, or one file. */
struct item {
	uint16_t fid; /* CCkk for key kk */
	uint32_t size;
	uint8_t sha256[MANIFEST_DIGEST];
	bool has_kcv;
	uint8_t kcv[MANIFEST_KCV]; /* of the key it is wrapped under */
	/* for people; empty where not known */
	char label[ITEM_TEXT_MAX], id[2 * P15_ID_MAX + 1], type[32];
	char public_sha256[2 * MANIFEST_DIGEST + 1]; /* of its SubjectPublicKeyInfo */
};

/* What is on the card and not in the folder. */
struct absent {
	uint16_t fid;
	char label[ITEM_TEXT_MAX], reason[128];
};

struct manifest {
	bool complete;
	char date[32], serial[ITEM_TEXT_MAX], label[ITEM_TEXT_MAX]; /* of the card */
	struct item *items;
	struct absent *absent;
	size_t items_n, absent_n;
};

void manifest_free(struct manifest *m);
#define AUTO_MANIFEST __attribute__((cleanup(manifest_free))) struct manifest

/* Reads a manifest; the caller frees it also when it is refused. NULL, or what is wrong with it in
 * words, in `fault`. Refused too: a file name other than item_name, a number that comes twice. */
const char *manifest_parse(struct rd text, struct manifest *out, char *fault, size_t cap);

/* Replaces `out` by the text of a manifest. HSM_E_MEMORY. */
HSM_MUST hsm_rc manifest_build(const struct manifest *m, struct buf *out);

/* The item with this number, NULL when there is none; borrowed until items come or go. */
struct item *manifest_find(const struct manifest *m, uint16_t fid);

/* Adds an item or replaces the one with its number. HSM_E_FULL, HSM_E_MEMORY. */
HSM_MUST hsm_rc manifest_put(struct manifest *m, const struct item *item);
void manifest_drop(struct manifest *m, size_t i);

HSM_MUST hsm_rc manifest_miss(struct manifest *m, const struct absent *absent);
void manifest_forget_absent(struct manifest *m);

/* The one name that an item has as a file; false for what is never part of a backup. */
bool item_name(uint16_t fid, char name[ITEM_NAME_MAX]);

/* "key", "certificate", "description", "data"; "private data" and "file" of what is absent. */
const char *item_kind(uint16_t fid);

/* Is this the name of a file that a backup may have? */
bool item_is_name(const char *name);

#endif
