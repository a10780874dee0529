/* The folder that a backup is in: made, locked, read and written. All that answer an int answer 0,
 * or the exit status after a message. */
#ifndef TWINHSM_TOOLS_ADMIN_FOLDER_H
#define TWINHSM_TOOLS_ADMIN_FOLDER_H

#include "manifest.h"

struct folder {
	const char *path; /* borrowed */
	int fd;           /* holds the lock */
};

/* Opens for reading, along with others who read; or for writing, alone, making the folder where
 * there is none. Close it in either case. */
int folder_open_read(struct folder *f, const char *path);
int folder_open_write(struct folder *f, const char *path);
void folder_close(struct folder *f);
#define AUTO_FOLDER __attribute__((cleanup(folder_close))) struct folder

/* Is there anything in it that is not of a backup? The name of one such file, or NULL. */
const char *folder_stranger(const struct folder *f, char *name, size_t cap);

/* Is there a manifest? */
bool folder_has_manifest(const struct folder *f);

/* Reads the manifest; the caller frees it. */
int folder_load(const struct folder *f, struct manifest *out);

/* Writes the manifest, durable, with the date of now. */
int folder_save(const struct folder *f, struct manifest *m);

/* Reads the file of an item and compares it with size and digest. The second says nothing. */
int folder_load_item(const struct folder *f, const struct item *item, struct buf *out);
bool folder_has_item(const struct folder *f, const struct item *item, struct buf *out);

/* Writes the file of an item, durable, and fills in size and digest. */
int folder_save_item(const struct folder *f, struct item *item, struct rd content);

/* Removes the files of a backup that are not in its manifest, also those that were never finished.
 */
void folder_tidy(const struct folder *f, const struct manifest *m);

/* SHA-256. */
HSM_MUST hsm_rc digest_of(struct rd bytes, uint8_t out[MANIFEST_DIGEST]);

#endif
