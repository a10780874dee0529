#include "apdu/sm_crypto.h"

#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/params.h>

#include "base/ossl.h"
#include "base/secret.h"
#include "base/tlv.h"

enum { PADDING_INDICATOR = 0x01, SHA1_LEN = 20, TOKEN_INPUT_MAX = 160 };

/* A one and zeros up to the block: ISO/IEC 9797-1 padding method 2. */
static const uint8_t padding[SM_BLOCK_LEN] = { 0x80 };

static struct rd padding_for(size_t n)
{
	return rd_of(padding, SM_BLOCK_LEN - n % SM_BLOCK_LEN);
}

void sm_next(struct sm *sm)
{
	for (size_t i = sizeof(sm->ssc); i-- > 0 && ++sm->ssc[i] == 0;)
		;
}

void sm_wipe(struct sm *sm)
{
	OPENSSL_cleanse(sm, sizeof(*sm));
}

/* ---- encryption ---- */

/* Runs AES-128 over whole blocks in up to two parts. */
static hsm_rc blocks(const char *mode, const struct sm *sm, bool encrypt, const uint8_t *iv,
        const struct rd parts[2], uint8_t *out)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(ossl_ctx(), mode, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	hsm_rc rc = HSM_E_FAIL;
	int first = 0, second = 0;

	if (cipher != NULL && ctx != NULL &&
	        EVP_CipherInit_ex2(ctx, cipher, sm->enc, iv, encrypt ? 1 : 0, NULL) == 1 &&
	        EVP_CIPHER_CTX_set_padding(ctx, 0) == 1 &&
	        EVP_CipherUpdate(ctx, out, &first, parts[0].p, (int)parts[0].n) == 1 &&
	        (parts[1].n == 0 || EVP_CipherUpdate(ctx, out + first, &second, parts[1].p,
	                                    (int)parts[1].n) == 1) &&
	        (size_t)first + (size_t)second == parts[0].n + parts[1].n)
		rc = HSM_OK;
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
	return rc;
}

static hsm_rc cbc(const struct sm *sm, bool encrypt, const struct rd parts[2], uint8_t *out)
{
	const struct rd counter[2] = { rd_of(sm->ssc, sizeof(sm->ssc)) };
	uint8_t iv[SM_BLOCK_LEN];

	TRY(blocks("AES-128-ECB", sm, true, NULL, counter, iv));
	return blocks("AES-128-CBC", sm, encrypt, iv, parts, out);
}

hsm_rc sm_seal(const struct sm *sm, enum sm_tag tag, struct rd plain, struct wr *w)
{
	const struct rd parts[2] = { plain, padding_for(plain.n) };
	const size_t mark = tlv_open(w, (uint16_t)tag);
	uint8_t *room;

	if (tag == SM_CRYPTOGRAM)
		wr_u8(w, PADDING_INDICATOR);
	room = wr_room(w, parts[0].n + parts[1].n);
	if (room == NULL)
		return HSM_E_SMALL;
	TRY(cbc(sm, true, parts, room));
	tlv_close(w, mark);
	return wr_done(w);
}

/* The MAC was right, so there is nothing to learn from how long this takes. */
static bool unpad(struct rd *r)
{
	size_t n = r->n;

	while (n != 0 && r->n - n < SM_BLOCK_LEN - 1 && r->p[n - 1] == 0)
		n--;
	if (n < 2 || r->p[n - 1] != padding[0]) /* data of no bytes is never sent */
		return false;
	r->n = n - 1;
	return true;
}

hsm_rc sm_open(
        const struct sm *sm, enum sm_tag tag, struct rd content, struct wr *room, struct rd *plain)
{
	uint8_t indicator, *at;

	if (tag == SM_CRYPTOGRAM &&
	        (!rd_u8(&content, &indicator) || indicator != PADDING_INDICATOR))
		return HSM_E_SM_WRONG;
	if (content.n == 0 || content.n % SM_BLOCK_LEN != 0)
		return HSM_E_SM_WRONG;
	at = wr_room(room, content.n);
	if (at == NULL)
		return HSM_E_SMALL;
	TRY(cbc(sm, false, (const struct rd[2]){ content }, at));
	*plain = rd_of(at, content.n);
	return unpad(plain) ? HSM_OK : HSM_E_SM_WRONG;
}

/* ---- authentication ---- */

static hsm_rc cmac(const struct sm *sm, const struct rd *parts, size_t parts_n, uint8_t *out)
{
	char cipher[] = "AES-128-CBC";
	const OSSL_PARAM params[] = {
		OSSL_PARAM_construct_utf8_string(OSSL_MAC_PARAM_CIPHER, cipher, 0),
		OSSL_PARAM_construct_end(),
	};
	EVP_MAC *mac = EVP_MAC_fetch(ossl_ctx(), "CMAC", NULL);
	EVP_MAC_CTX *ctx = EVP_MAC_CTX_new(mac);
	uint8_t whole[SM_BLOCK_LEN];
	size_t n = 0;
	bool ok = ctx != NULL && EVP_MAC_init(ctx, sm->mac, sizeof(sm->mac), params) == 1;

	for (size_t i = 0; ok && i < parts_n; i++)
		ok = EVP_MAC_update(ctx, parts[i].p, parts[i].n) == 1;
	ok = ok && EVP_MAC_final(ctx, whole, &n, sizeof(whole)) == 1 && n == sizeof(whole);
	if (ok)
		memcpy(out, whole, SM_MAC_LEN);
	EVP_MAC_CTX_free(ctx);
	EVP_MAC_free(mac);
	return ok ? HSM_OK : HSM_E_FAIL;
}

static hsm_rc mac_over(const struct sm *sm, struct rd header, struct rd objects, uint8_t *out)
{
	struct rd parts[5];
	size_t n = 0;

	parts[n++] = rd_of(sm->ssc, sizeof(sm->ssc));
	if (header.n != 0) {
		parts[n++] = header;
		parts[n++] = padding_for(header.n);
	}
	if (objects.n != 0) {
		parts[n++] = objects;
		parts[n++] = padding_for(objects.n);
	}
	return cmac(sm, parts, n, out);
}

hsm_rc sm_mac_put(const struct sm *sm, struct rd header, struct rd objects, struct wr *w)
{
	uint8_t mac[SM_MAC_LEN];

	TRY(mac_over(sm, header, objects, mac));
	tlv_put(w, SM_MAC, rd_of(mac, sizeof(mac)));
	return wr_done(w);
}

hsm_rc sm_mac_check(const struct sm *sm, struct rd header, struct rd objects, struct rd mac)
{
	uint8_t want[SM_MAC_LEN];

	TRY(mac_over(sm, header, objects, want));
	return secret_equal(mac, rd_of(want, sizeof(want))) ? HSM_OK : HSM_E_SM_WRONG;
}

/* ---- chip authentication ---- */

static hsm_rc derive_one(struct rd shared_x, struct rd nonce, uint8_t number, uint8_t *key)
{
	const uint8_t counter[4] = { 0, 0, 0, number };
	EVP_MD_CTX *ctx = EVP_MD_CTX_new();
	uint8_t digest[SHA1_LEN];
	const bool ok = ctx != NULL && EVP_DigestInit_ex2(ctx, ossl_md("SHA1"), NULL) == 1 &&
	                EVP_DigestUpdate(ctx, shared_x.p, shared_x.n) == 1 &&
	                EVP_DigestUpdate(ctx, nonce.p, nonce.n) == 1 &&
	                EVP_DigestUpdate(ctx, counter, sizeof(counter)) == 1 &&
	                EVP_DigestFinal_ex(ctx, digest, NULL) == 1;

	if (ok)
		memcpy(key, digest, SM_KEY_LEN);
	OPENSSL_cleanse(digest, sizeof(digest));
	EVP_MD_CTX_free(ctx);
	return ok ? HSM_OK : HSM_E_FAIL;
}

hsm_rc sm_derive(struct rd shared_x, struct rd nonce, struct sm *out)
{
	memset(out->ssc, 0, sizeof(out->ssc));
	TRY(derive_one(shared_x, nonce, 1, out->enc));
	return derive_one(shared_x, nonce, 2, out->mac);
}

hsm_rc sm_token(const struct sm *sm, struct rd host_point, uint8_t *token)
{
	uint8_t input[TOKEN_INPUT_MAX];
	struct wr w = WR_ARRAY(input);
	const size_t mark = tlv_open(&w, 0x7F49);
	struct rd part;

	tlv_put(&w, 0x06, RD_LIT(SM_OID_AES_128));
	tlv_put(&w, 0x86, host_point);
	tlv_close(&w, mark);
	TRY(wr_done(&w));
	part = wr_rd(&w);
	return cmac(sm, &part, 1, token);
}
