#include "secure_host.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/sha.h>
#include <string.h>

#include "base/tlv.h"

#define OID "\x04\x00\x7F\x00\x07\x02\x02\x03\x02\x02"

static void digest_key(const uint8_t *x, const uint8_t *nonce, uint8_t number, uint8_t *key)
{
	uint8_t input[44] = { 0 }, digest[20];

	memcpy(input, x, 32);
	memcpy(input + 32, nonce, 8);
	input[43] = number;
	SHA1(input, sizeof(input), digest);
	memcpy(key, digest, 16);
}

static void cmac(const uint8_t *key, const uint8_t *p, size_t n, uint8_t *out)
{
	size_t out_n = 0;
	uint8_t whole[16];

	assert_non_null(EVP_Q_mac(NULL, "CMAC", NULL, "AES-128-CBC", NULL, key, 16, p, n, whole,
	        sizeof(whole), &out_n));
	assert_int_equal(out_n, 16);
	memcpy(out, whole, 8);
}

static void aes(const char *mode, const uint8_t *key, const uint8_t *iv, int encrypt,
        const uint8_t *in, size_t n, uint8_t *out)
{
	EVP_CIPHER *cipher = EVP_CIPHER_fetch(NULL, mode, NULL);
	EVP_CIPHER_CTX *ctx = EVP_CIPHER_CTX_new();
	int done = 0;

	assert_int_equal(EVP_CipherInit_ex2(ctx, cipher, key, iv, encrypt, NULL), 1);
	EVP_CIPHER_CTX_set_padding(ctx, 0);
	assert_int_equal(EVP_CipherUpdate(ctx, out, &done, in, (int)n), 1);
	assert_int_equal(done, n);
	EVP_CIPHER_CTX_free(ctx);
	EVP_CIPHER_free(cipher);
}

static void count(struct host *h)
{
	for (int i = 15; i >= 0 && ++h->ssc[i] == 0; i--)
		;
}

static size_t pad(uint8_t *p, size_t n)
{
	p[n++] = 0x80;
	while (n % 16 != 0)
		p[n++] = 0;
	return n;
}

/* ---- chip authentication ---- */

static size_t public_point(EVP_PKEY *pkey, uint8_t *point)
{
	size_t n = 0;

	assert_int_equal(
	        EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, point, 65, &n), 1);
	assert_int_equal(n, 65);
	return n;
}

static void shared_x(EVP_PKEY *own, EVP_PKEY *peer, uint8_t *x)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(NULL, own, NULL);
	size_t n = 32;

	assert_int_equal(EVP_PKEY_derive_init(ctx), 1);
	assert_int_equal(EVP_PKEY_derive_set_peer(ctx, peer), 1);
	assert_int_equal(EVP_PKEY_derive(ctx, x, &n), 1);
	assert_int_equal(n, 32);
	EVP_PKEY_CTX_free(ctx);
}

static void check_token(const struct host *h, const uint8_t *point, const uint8_t *token)
{
	uint8_t input[82] = { 0x7F, 0x49, 0x4F, 0x06, 0x0A }, want[8];

	memcpy(input + 5, OID, 10);
	input[15] = 0x86;
	input[16] = 0x41;
	memcpy(input + 17, point, 65);
	cmac(h->mac, input, sizeof(input), want);
	assert_memory_equal(token, want, 8);
}

void host_open(struct host *h, struct emu_bench *b)
{
	uint8_t data[69] = { 0x7C, 0x43, 0x80, 0x41 }, x[32];
	EVP_PKEY *device = device_public(b), *own = EVP_EC_gen("brainpoolP256r1");
	struct rd rsp;

	*h = (struct host){ .b = b };
	EMU(b, "002241A4 0C 800A 04007F00070202030202", 0x9000, "");
	public_point(own, data + 4);
	assert_int_equal(emu_cmd(b, 0x00860000, rd_of(data, sizeof(data)), 256), 0x9000);
	rsp = emu_data(b);
	assert_int_equal(rsp.n, 22);
	assert_memory_equal(rsp.p, "\x7C\x14\x81\x08", 4);
	assert_memory_equal(rsp.p + 12, "\x82\x08", 2);
	shared_x(own, device, x);
	digest_key(x, rsp.p + 4, 1, h->enc);
	digest_key(x, rsp.p + 4, 2, h->mac);
	check_token(h, data + 4, rsp.p + 14);
	EVP_PKEY_free(device);
	EVP_PKEY_free(own);
}

/* ---- commands ---- */

static void put_cryptogram(struct host *h, uint8_t ins, struct rd data, struct wr *w)
{
	uint8_t plain[2048] = { 0 }, iv[16];
	size_t n, mark;

	memcpy(plain, data.p, data.n);
	n = pad(plain, data.n);
	mark = tlv_open(w, ins % 2 != 0 ? 0x85 : 0x87);
	if (ins % 2 == 0)
		wr_u8(w, 0x01);
	aes("AES-128-ECB", h->enc, NULL, 1, h->ssc, 16, iv);
	aes("AES-128-CBC", h->enc, iv, 1, plain, n, wr_room(w, n));
	tlv_close(w, mark);
}

void host_protect(struct host *h, uint32_t header, struct rd data, size_t ne)
{
	const uint8_t head[4] = { (uint8_t)(header >> 24 | 0x0C), (uint8_t)(header >> 16),
		(uint8_t)(header >> 8), (uint8_t)header };
	const bool extended = ne > 256 || data.n > 200;
	uint8_t input[4096], body[2048], mac[8];
	struct wr w = WR_ARRAY(body), out = WR_ARRAY(h->sent);
	size_t n;

	count(h);
	if (data.n != 0)
		put_cryptogram(h, head[1], data, &w);
	if (ne != 0 && extended)
		tlv_put(&w, 0x97, rd_of((const uint8_t[]){ (uint8_t)(ne >> 8), (uint8_t)ne }, 2));
	else if (ne != 0)
		tlv_put(&w, 0x97, rd_of((const uint8_t[]){ (uint8_t)ne }, 1));
	memcpy(input, h->ssc, 16);
	memcpy(input + 16, head, 4);
	n = pad(input, 20);
	memcpy(input + n, body, w.n);
	n = w.n == 0 ? n : pad(input, n + w.n);
	cmac(h->mac, input, n, mac);
	tlv_put(&w, 0x8E, rd_of(mac, 8));
	wr_put(&out, head, 4);
	if (extended)
		wr_u8(&out, 0);
	if (extended)
		wr_u16(&out, (uint16_t)w.n);
	else
		wr_u8(&out, (uint8_t)w.n);
	wr_rd_put(&out, wr_rd(&w));
	wr_put(&out, "\0", extended ? 2 : 1);
	assert_false(out.bad || w.bad);
	h->sent_n = out.n;
}

uint16_t host_send(struct host *h)
{
	struct wr rsp = WR_ARRAY(h->b->rsp);

	assert_int_equal(emu_lane_xfer(h->b->lane, rd_of(h->sent, h->sent_n), &rsp), HSM_OK);
	assert_true(rsp.n >= 2);
	h->b->n = rsp.n - 2;
	h->b->sw = (uint16_t)(h->b->rsp[rsp.n - 2] << 8 | h->b->rsp[rsp.n - 1]);
	return h->b->sw;
}

void host_receive(struct host *h)
{
	struct rd r = emu_data(h->b), cryptogram, sw, mac;
	uint8_t input[4096], want[8], iv[16];
	size_t n;

	count(h);
	h->n = 0;
	assert_true(tlv_get_opt(&r, 0x87, &cryptogram));
	assert_true(tlv_get(&r, 0x99, &sw));
	memcpy(input, h->ssc, 16);
	n = h->b->n - r.n;
	memcpy(input + 16, h->b->rsp, n);
	n = pad(input, 16 + n);
	cmac(h->mac, input, n, want);
	assert_true(tlv_get(&r, 0x8E, &mac) && r.n == 0);
	assert_true(rd_equal(mac, rd_of(want, 8)));
	assert_true(rd_u16(&sw, &h->sw) && sw.n == 0);
	if (cryptogram.p == NULL)
		return;
	assert_true(cryptogram.n % 16 == 1 && cryptogram.p[0] == 0x01);
	aes("AES-128-ECB", h->enc, NULL, 1, h->ssc, 16, iv);
	h->n = cryptogram.n - 1;
	aes("AES-128-CBC", h->enc, iv, 0, cryptogram.p + 1, h->n, h->data);
	while (h->data[--h->n] == 0)
		;
	assert_int_equal(h->data[h->n], 0x80);
}

uint16_t host_cmd(struct host *h, uint32_t header, struct rd data, size_t ne)
{
	const uint16_t outside = (host_protect(h, header, data, ne), host_send(h));

	host_receive(h);
	assert_int_equal(h->sw, outside);
	return h->sw;
}
