#include "core/image.h"

#include <stdlib.h>

#include "store/seal.h"

enum { COST_PER_BYTE = 8 }; /* memory of a key for each byte of its width */

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

	for (size_t i = 0; i < image->files_n; i++) {
		if (image->files[i]->fid != EF_DEVAUT)
			n += emu_file_size(image->files[i]);
	}
	for (size_t i = 0; i < image->keys_n; i++) {
		const unsigned bits = image->keys[image->key_order[i]]->meta.bits;

		n += COST_PER_BYTE * ((bits + 7) / 8);
	}
	return n;
}

size_t image_free_memory(const struct emu_image *image)
{
	const size_t used = image_used(image), all = image->profile->memory;

	return used < all ? all - used : 0;
}

bool image_has_room(const struct emu_image *image, size_t n)
{
	/* Key CC00 is listed but counted neither as a file nor as a key. */
	return image->files_n + image->keys_n + 1 + n <= image->profile->files;
}

bool image_takes_key(const struct emu_image *image, const struct emu_key_meta *meta)
{
	const struct profile *p = image->profile;

	switch (meta->type) {
	case EMU_KEY_RSA:
		return meta->bits <= p->rsa_max;
	case EMU_KEY_EC:
		return meta->bits <= p->ec_max;
	case EMU_KEY_AES:
		return profile_has_instruction(p, INS_CIPHER);
	}
	return false;
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
