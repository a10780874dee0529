#include <time.h>

#include "base/ossl.h"
#include "base/tlv.h"
#include "key/cvsign.h"
#include "key/ec.h"
#include "key/key.h"

#define DEVICE_CURVE     "brainpoolP256r1"
#define OID_ECDSA_SHA256 "\x04\x00\x7F\x00\x07\x02\x02\x02\x02\x03"
#define OID_ROLE         "\x2B\x06\x01\x04\x01\x81\xC3\x1F\x03\x01\x01"

enum { TAG_CERT = 0x7F21, CERT_MAX = 512, SCALAR_LEN = 32, DEVICE_YEARS = 15 };

enum role_bits { ROLE_ROOT = 0xC0, ROLE_DICA = 0x80, ROLE_DEVICE = 0x00 };

/* One who signs certificates. The private keys are public test material: whoever has this source
 * can make twin devices, and no more than that follows from a valid chain. */
struct authority {
	struct rd chr;
	struct rd scalar;
	struct rd effective, expiry; /* YYMMDD, one digit a byte */
};

static const struct authority root = {
	RD_LIT("ZZTWINROOT00001"),
	RD_LIT("\x80\xFE\x78\x86\x6C\xF0\x5A\xA2\xDB\x9B\x3D\xDA\x4D\xD7\xAD\xCB"
	       "\x09\xF5\xE1\x7C\x79\xB8\x72\x68\x78\xE2\xFC\x56\x7D\x74\x39\x36"),
	RD_LIT("\x02\x06\x00\x01\x00\x01"),
	RD_LIT("\x05\x06\x00\x01\x00\x01"),
};

static const struct authority dica = {
	RD_LIT("ZZTWINCA00001"),
	RD_LIT("\x27\x95\x6B\xE0\xAB\xCC\x4F\xDC\xAF\xC7\x0A\x98\xCB\xF1\x72\x04"
	       "\xAF\x7E\x39\x78\xE5\x58\x07\x1C\x24\x4B\x36\x51\xC5\x82\xA4\x0E"),
	RD_LIT("\x02\x06\x00\x01\x00\x01"),
	RD_LIT("\x05\x06\x00\x01\x00\x01"),
};

static const struct curve *device_curve(void)
{
	return curve_by_name(DEVICE_CURVE);
}

hsm_rc device_key_open(struct rd scalar, EVP_PKEY **out)
{
	return ec_key_open(device_curve(), scalar, out);
}

hsm_rc device_point(const struct emu_image *image, struct wr *out)
{
	return ec_multiply(device_curve(), rd_of(image->device_scalar, DEVICE_SCALAR_LEN),
	        rd_of(NULL, 0), out);
}

hsm_rc device_agree(const struct emu_image *image, struct rd point, struct wr *out)
{
	const struct rd scalar = rd_of(image->device_scalar, DEVICE_SCALAR_LEN);

	return point.n == 0 ? HSM_E_BAD_DATA : ec_multiply(device_curve(), scalar, point, out);
}

/* Signs and writes one certificate; `body` lacks only its key, which is `subject`'s. Only the
 * root holds domain parameters, the others inherit the curve. */
static hsm_rc issue(const struct authority *by, struct cvc *body, EVP_PKEY *subject, struct wr *out)
{
	uint8_t point[POINT_MAX], bytes[CERT_MAX];
	struct wr w_point = WR_ARRAY(point), w = WR_ARRAY(bytes);
	EVP_PKEY *signer = NULL;
	hsm_rc rc;

	TRY(ec_key_point(device_curve(), subject, &w_point));
	body->car = by->chr;
	body->key.oid = RD_LIT(OID_ECDSA_SHA256);
	body->key.curve = body->role_bits == ROLE_ROOT ? device_curve() : NULL;
	body->key.point = wr_rd(&w_point);
	body->role = RD_LIT(OID_ROLE);
	cvc_body_put(&w, body);
	TRY(wr_done(&w));
	TRY(device_key_open(by->scalar, &signer));
	rc = cvsign_put(signer, device_curve(), wr_rd(&w), &w);
	EVP_PKEY_free(signer);
	if (rc == HSM_OK) {
		tlv_put(out, TAG_CERT, wr_rd(&w));
		rc = wr_done(out);
	}
	return rc;
}

/* The certificate of a fixed authority. */
static hsm_rc authority_cert(const struct authority *by, const struct authority *subject,
        enum role_bits bits, struct wr *out)
{
	struct cvc body = {
		.chr = subject->chr,
		.role_bits = (uint8_t)bits,
		.effective = subject->effective,
		.expiry = subject->expiry,
	};
	EVP_PKEY *key = NULL;
	hsm_rc rc;

	TRY(device_key_open(subject->scalar, &key));
	rc = issue(by, &body, key, out);
	EVP_PKEY_free(key);
	return rc;
}

hsm_rc device_root_cert(struct wr *out)
{
	return authority_cert(&root, &root, ROLE_ROOT, out);
}

/* Today, `years` later, as certificates write it. */
static void date_put(struct wr *w, int years)
{
	const time_t now = time(NULL);
	struct tm tm = { 0 };
	int parts[3];

	gmtime_r(&now, &tm);
	parts[0] = (tm.tm_year + years) % 100;
	parts[1] = tm.tm_mon + 1;
	parts[2] = tm.tm_mon == 1 && tm.tm_mday == 29 ? 28 : tm.tm_mday;
	for (size_t i = 0; i < 3; i++) {
		wr_u8(w, (uint8_t)(parts[i] / 10));
		wr_u8(w, (uint8_t)(parts[i] % 10));
	}
}

static hsm_rc device_cert(const char *chr, EVP_PKEY *key, struct wr *out)
{
	uint8_t dates[12];
	struct wr w = WR_ARRAY(dates);
	struct cvc body = { .chr = rd_str(chr), .role_bits = ROLE_DEVICE };

	date_put(&w, 0);
	date_put(&w, DEVICE_YEARS);
	body.effective = rd_of(dates, 6);
	body.expiry = rd_of(dates + 6, 6);
	return issue(&dica, &body, key, out);
}

/* Country and holder of all twins, seven characters by chance, first number of the sequence. */
static hsm_rc chr_make(char *chr)
{
	static const char alphabet[36] = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ";
	size_t n = 4;

	memcpy(chr, "ZZTW", n);
	while (n < 11) {
		uint8_t byte;

		TRY(ossl_random(&byte, 1));
		if (byte < 7 * sizeof(alphabet)) /* or some characters would come up more often */
			chr[n++] = alphabet[byte % sizeof(alphabet)];
	}
	memcpy(chr + n, "00000", 6);
	return HSM_OK;
}

static hsm_rc identity_fill(struct device_identity *d, EVP_PKEY *key)
{
	uint8_t chain[2 * CERT_MAX];
	struct wr w = WR_ARRAY(chain);

	TRY(chr_make(d->chr));
	TRY(ec_key_scalar(device_curve(), key, d->scalar));
	TRY(device_cert(d->chr, key, &w));
	TRY(authority_cert(&root, &dica, ROLE_DICA, &w));
	return buf_set(&d->devaut, wr_rd(&w));
}

hsm_rc device_make(struct device_identity *out)
{
	const struct emu_key_meta meta = { .type = EMU_KEY_EC, .curve = device_curve() };
	EVP_PKEY *key;
	hsm_rc rc;

	*out = (struct device_identity){ 0 };
	TRY(key_generate(&meta, &key));
	rc = identity_fill(out, key);
	EVP_PKEY_free(key);
	if (rc != HSM_OK)
		device_done(out);
	return rc;
}

void device_done(struct device_identity *d)
{
	OPENSSL_cleanse(d->scalar, sizeof(d->scalar));
	buf_free(&d->devaut);
}
