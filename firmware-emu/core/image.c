#include "core/image.h"

#include <stdlib.h>

#include "store/seal.h"

enum { FILE_COST = 32, KEY_COST = 64 }; /* memory a record takes beside its bytes */

struct emu_image *image_new(void)
{
	struct emu_image *image = calloc(1, sizeof(*image));

	if (image != NULL)
		atomic_init(&image->refs, 1);
	return image;
}

struct emu_image *image_ref(struct emu_image *image)
{
	atomic_fetch_add_explicit(&image->refs, 1, memory_order_relaxed);
	return image;
}

static bool last_ref(atomic_uint *refs)
{
	return atomic_fetch_sub_explicit(refs, 1, memory_order_acq_rel) == 1;
}

void image_free(struct emu_image *image)
{
	if (image == NULL || !last_ref(&image->refs))
		return;
	for (size_t i = 0; i < image->files_n; i++)
		emu_file_free(image->files[i]);
	free(image->files);
	for (size_t i = 0; i < image->keys_n; i++)
		emu_key_free(image->keys[image->key_order[i]]);
	for (size_t i = 0; i < PKA_KEYS_MAX; i++)
		emu_pka_key_free(image->pka.keys[i]);
	secret_wipe(&image->pka.token_key);
	OPENSSL_cleanse(image->device_scalar, sizeof(image->device_scalar));
	OPENSSL_cleanse(image->keks, sizeof(image->keks));
	buf_free(&image->user.sealed);
	buf_free(&image->so.sealed);
	free(image);
}

struct emu_file *image_file(const struct emu_image *image, uint16_t fid)
{
	for (size_t i = 0; i < image->files_n; i++) {
		if (image->files[i]->fid == fid)
			return image->files[i];
	}
	return NULL;
}

const struct emu_pin *image_pin(const struct emu_image *image, enum schsm_ref ref)
{
	return ref == REF_SO_PIN ? &image->so : &image->user;
}

size_t image_used(const struct emu_image *image)
{
	size_t n = 0;

	for (size_t i = 0; i < image->files_n; i++)
		n += FILE_COST + image->files[i]->data.n;
	for (size_t i = 0; i < image->keys_n; i++)
		n += KEY_COST + image->keys[image->key_order[i]]->sealed.n;
	return n;
}

size_t emu_file_size(const struct emu_file *file)
{
	return file->data.n - (fid_is_sealed(file->fid) ? SEAL_OVERHEAD : 0);
}

struct emu_file *emu_file_ref(struct emu_file *file)
{
	atomic_fetch_add_explicit(&file->refs, 1, memory_order_relaxed);
	return file;
}

struct emu_key *emu_key_ref(struct emu_key *key)
{
	atomic_fetch_add_explicit(&key->refs, 1, memory_order_relaxed);
	return key;
}

struct emu_pka_key *emu_pka_key_ref(struct emu_pka_key *key)
{
	atomic_fetch_add_explicit(&key->refs, 1, memory_order_relaxed);
	return key;
}

void emu_pka_key_free(struct emu_pka_key *key)
{
	if (key == NULL || !last_ref(&key->refs))
		return;
	buf_free(&key->key);
	free(key);
}

void emu_file_free(struct emu_file *file)
{
	if (file == NULL || !last_ref(&file->refs))
		return;
	buf_free(&file->data);
	free(file);
}

void emu_key_free(struct emu_key *key)
{
	if (key == NULL || !last_ref(&key->refs))
		return;
	EVP_PKEY_free(atomic_load(&key->pkey));
	buf_free(&key->sealed);
	lock_done(&key->lock);
	free(key);
}
