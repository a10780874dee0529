#include "pka_host.h"

#include <openssl/ecdsa.h>
#include <string.h>

#include "base/tlv.h"

#define READ_DEVAUT 0x00B12F02
#define OFFSET_0    RD_LIT("\x54\x02\x00\x00")

void signer_new(struct signer *s, const struct key_spec *spec, const char *chr)
{
	uint8_t template[1024];
	const size_t n = key_template_put(spec, NULL, chr, NULL, template, sizeof(template));
	struct rd request, content;

	*s = (struct signer){ .b = emu_bench_ready(), .spec = spec };
	strcpy(s->chr, chr);
	assert_int_equal(emu_cmd(s->b, 0x00460100, rd_of(template, n), 0x10000), 0x9000);
	request = emu_data(s->b);
	assert_true(tlv_get(&request, 0x67, &content) && content.n <= sizeof(s->request));
	memcpy(s->request, content.p, content.n);
	s->n = content.n;
}

void signer_free(struct signer *s)
{
	emu_bench_free(s->b);
}

/* The contents of the device certificate, copied. */
static struct rd device_cert(struct emu_bench *b, uint8_t *out, size_t cap)
{
	struct rd chain, cert;

	assert_int_equal(emu_cmd(b, READ_DEVAUT, OFFSET_0, 0x10000), 0x6282);
	chain = emu_data(b);
	assert_true(tlv_get(&chain, 0x7F21, &cert) && cert.n <= cap);
	memcpy(out, cert.p, cert.n);
	return rd_of(out, cert.n);
}

void device_chr(struct emu_bench *b, char chr[17])
{
	uint8_t bytes[512];
	struct rd cert = device_cert(b, bytes, sizeof(bytes)), body, holder;

	assert_true(tlv_get(&cert, 0x7F4E, &body) && tlv_find(body, 0x5F20, &holder));
	assert_int_equal(holder.n, 16);
	memcpy(chr, holder.p, holder.n);
	chr[holder.n] = 0;
}

uint16_t choose_holder(struct emu_bench *b, uint32_t header, const char *chr)
{
	uint8_t data[32];
	struct wr w = WR_ARRAY(data);

	tlv_put(&w, 0x83, rd_str(chr));
	return emu_cmd(b, header, wr_rd(&w), 0);
}

void trust_signer(struct emu_bench *b, const struct signer *s)
{
	uint8_t bytes[512];
	const struct rd cert = device_cert(s->b, bytes, sizeof(bytes));
	char chr[17];

	device_chr(s->b, chr);
	assert_int_equal(choose_holder(b, 0x002281B6, "ZZTWINCA00001"), 0x9000);
	assert_int_equal(emu_cmd(b, 0x002A00BE, cert, 0), 0x9000);
	assert_int_equal(choose_holder(b, 0x002281B6, chr), 0x9000);
}

uint16_t register_signer(struct emu_bench *b, const struct signer *s)
{
	trust_signer(b, s);
	return emu_cmd(b, 0x80540000, rd_of(s->request, s->n), 256);
}

/* DER to r and s, each as long as the field. */
static struct rd plain_of(struct rd der, int width, uint8_t *out)
{
	const uint8_t *p = der.p;
	ECDSA_SIG *sig = d2i_ECDSA_SIG(NULL, &p, (long)der.n);

	assert_non_null(sig);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_r(sig), out, width), width);
	assert_int_equal(BN_bn2binpad(ECDSA_SIG_get0_s(sig), out + width, width), width);
	ECDSA_SIG_free(sig);
	return rd_of(out, 2 * (size_t)width);
}

struct rd signer_sign(
        const struct signer *s, const char *chr, struct rd challenge, uint8_t *out, size_t cap)
{
	uint8_t data[64];
	struct wr w = WR_ARRAY(data);
	struct rd sig;

	wr_rd_put(&w, rd_str(chr));
	wr_rd_put(&w, challenge);
	assert_int_equal(
	        emu_cmd(s->b, s->spec->curve == NULL ? 0x80680133 : 0x80680173, wr_rd(&w), 0x10000),
	        0x9000);
	sig = emu_data(s->b);
	assert_true(sig.n <= cap);
	if (s->spec->curve != NULL)
		return plain_of(sig, (s->spec->bits + 7) / 8, out);
	memcpy(out, sig.p, sig.n);
	return rd_of(out, sig.n);
}

uint16_t login_signer(struct emu_bench *b, const struct signer *s)
{
	uint8_t sig[512];
	char chr[17];
	uint16_t sw;

	device_chr(b, chr);
	sw = choose_holder(b, 0x002281A4, s->chr);
	if (sw != 0x9000)
		return sw;
	assert_int_equal(emu_hex(b, "00840000 08"), 0x9000);
	return emu_cmd(b, 0x00820000, signer_sign(s, chr, emu_data(b), sig, sizeof(sig)), 0);
}
