#include <openssl/core_names.h>
#include <openssl/crypto.h>
#include <openssl/decoder.h>
#include <openssl/err.h>
#include <openssl/pem.h>
#include <openssl/pkcs12.h>

#include "base/ossl.h"
#include "base/text.h"
#include "common/file.h"
#include "common/ui.h"
#include "foreign.h"

enum { FILE_MAX = 1 << 18, AES_HEX_MAX = 64 };

void foreign_wipe(struct foreign_key *k)
{
	EVP_PKEY_free(k->pkey); /* which wipes the private part */
	X509_free(k->cert);
	sk_X509_pop_free(k->chain, X509_free);
	secret_wipe(&k->aes);
	*k = (struct foreign_key){ 0 };
}

/* ---- passwords ---- */

struct asking {
	struct secret *password;
	bool wanted; /* the file is encrypted */
};

static bool ask(struct asking *a)
{
	a->wanted = true;
	return a->password->n != 0 ||
	       ui_secret_ask("Enter password of the key file : ", NULL, a->password) == HSM_OK;
}

static int give_password(char *out, int size, int writing, void *arg)
{
	struct asking *a = arg;

	(void)writing;
	if (!ask(a) || (size_t)size < a->password->n)
		return -1;
	memcpy(out, a->password->p, a->password->n);
	return (int)a->password->n;
}

static int not_opened(const char *path, const struct asking *a)
{
	if (a->wanted && a->password->n == 0)
		return ui_fail("%s: the file is encrypted and no password was typed on a terminal; "
		               "give it with --file-password or --file-password env:NAME",
		        path);
	if (a->wanted)
		return ui_fail("%s: wrong password, or the file is damaged, or encrypted in a way "
		               "that OpenSSL no longer has",
		        path);
	return ui_fail("%s: there is no private key in this file", path);
}

/* ---- AES ---- */

static bool is_aes_size(size_t n)
{
	return n == 16 || n == 24 || n == 32;
}

/* Hex with white space after it, or else the bytes themselves. */
static int load_aes(const char *path, struct rd file, struct foreign_key *out)
{
	struct wr w = wr_of(out->aes.p, sizeof(out->aes.p));
	struct rd text = file;

	while (text.n != 0 && strchr(" \t\r\n", text.p[text.n - 1]) != NULL)
		text.n--;
	if (text.n % 2 == 0 && text.n <= AES_HEX_MAX && is_aes_size(text.n / 2) &&
	        hex_get(text, &w) == HSM_OK)
		out->aes.n = w.n;
	else if (is_aes_size(file.n) && secret_set(&out->aes, file) != HSM_OK)
		return EXIT_FAILURE;
	if (!is_aes_size(out->aes.n))
		return ui_fail(
		        "%s: an AES key has 16, 24 or 32 bytes, as they are or in hex", path);
	out->type = P15_AES;
	out->bits = (uint16_t)(8 * out->aes.n);
	return 0;
}

/* ---- PEM, DER ---- */

static EVP_PKEY *decode(struct rd file, struct asking *a)
{
	EVP_PKEY *pkey = NULL;
	const unsigned char *p = file.p;
	size_t n = file.n;
	OSSL_DECODER_CTX *ctx = OSSL_DECODER_CTX_new_for_pkey(
	        &pkey, NULL, NULL, NULL, EVP_PKEY_KEYPAIR, ossl_ctx(), NULL);

	if (ctx != NULL && OSSL_DECODER_CTX_set_pem_password_cb(ctx, give_password, a) == 1)
		(void)!OSSL_DECODER_from_data(ctx, &p, &n);
	OSSL_DECODER_CTX_free(ctx);
	return pkey;
}

/* All certificates of a PEM file. */
static STACK_OF(X509) * pem_certs(struct rd file)
{
	BIO *bio = BIO_new_mem_buf(file.p, (int)file.n);
	STACK_OF(X509) *certs = sk_X509_new_null();

	while (bio != NULL && certs != NULL) {
		X509 *cert = X509_new_ex(ossl_ctx(), NULL);

		if (PEM_read_bio_X509(bio, &cert, NULL, NULL) == NULL ||
		        sk_X509_push(certs, cert) <= 0) {
			X509_free(cert);
			break;
		}
	}
	BIO_free(bio);
	return certs;
}

/* ---- PKCS#12 ---- */

static PKCS12 *decode_pkcs12(struct rd file)
{
	PKCS12 *p12 = PKCS12_init_ex(NID_pkcs7_data, ossl_ctx(), NULL);
	const unsigned char *p = file.p;

	return d2i_PKCS12(&p12, &p, (long)file.n);
}

/* The password as a string; "" and none are two things here. */
static bool opens_with(PKCS12 *p12, const char *password)
{
	return PKCS12_verify_mac(p12, password, password == NULL ? 0 : -1) == 1;
}

static EVP_PKEY *parse_pkcs12(PKCS12 *p12, struct asking *a, struct foreign_key *out)
{
	char text[SECRET_MAX + 1] = "";
	const char *password = text;
	EVP_PKEY *pkey = NULL;

	if (PKCS12_mac_present(p12) == 1 && opens_with(p12, NULL))
		password = NULL;
	else if ((PKCS12_mac_present(p12) != 1 || !opens_with(p12, "")) && ask(a))
		memcpy(text, a->password->p, a->password->n);
	if (PKCS12_parse(p12, password, &pkey, &out->cert, &out->chain) != 1)
		pkey = NULL;
	OPENSSL_cleanse(text, sizeof(text));
	return pkey;
}

/* ---- what the file has ---- */

/* The certificate of the key goes from the others to its own place. */
static void pick_cert(struct foreign_key *k)
{
	for (int i = 0; k->cert == NULL && i < sk_X509_num(k->chain); i++) {
		if (X509_check_private_key(sk_X509_value(k->chain, i), k->pkey) == 1)
			k->cert = sk_X509_delete(k->chain, i);
	}
}

static EVP_PKEY *open_file(struct rd file, struct asking *a, struct foreign_key *out)
{
	PKCS12 *p12 = decode_pkcs12(file);
	EVP_PKEY *pkey;

	if (p12 != NULL) {
		pkey = parse_pkcs12(p12, a, out);
		PKCS12_free(p12);
		return pkey;
	}
	pkey = decode(file, a);
	if (pkey != NULL)
		out->chain = pem_certs(file);
	return pkey;
}

static hsm_rc take_rsa(struct foreign_key *k)
{
	BIGNUM *third = NULL;

	k->type = P15_RSA;
	if (EVP_PKEY_get_bn_param(k->pkey, OSSL_PKEY_PARAM_RSA_FACTOR3, &third) == 1) {
		BN_clear_free(third);
		return HSM_E_BAD_ALG;
	}
	return k->bits >= RSA_BITS_MIN && k->bits <= RSA_BITS_MAX ? HSM_OK : HSM_E_BAD_ALG;
}

static hsm_rc take_ec(struct foreign_key *k)
{
	char name[80];

	k->type = P15_EC;
	if (EVP_PKEY_get_group_name(k->pkey, name, sizeof(name), NULL) != 1)
		return HSM_E_BAD_ALG;
	k->curve = curve_by_name(name);
	if (k->curve == NULL)
		return HSM_E_BAD_ALG;
	k->bits = k->curve->bits;
	return HSM_OK;
}

hsm_rc foreign_take(EVP_PKEY *pkey, struct foreign_key *out)
{
	const int bits = EVP_PKEY_get_bits(pkey);

	out->pkey = pkey;
	out->bits = bits > 0 && bits <= UINT16_MAX ? (uint16_t)bits : 0;
	if (EVP_PKEY_is_a(pkey, "RSA") == 1)
		return take_rsa(out);
	return EVP_PKEY_is_a(pkey, "EC") == 1 ? take_ec(out) : HSM_E_BAD_ALG;
}

/* Do the numbers belong together? */
static bool is_sound(EVP_PKEY *pkey)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_pkey(ossl_ctx(), pkey, NULL);
	const bool ok = ctx != NULL && EVP_PKEY_check(ctx) == 1;

	EVP_PKEY_CTX_free(ctx);
	return ok;
}

static int check(const char *path, EVP_PKEY *pkey, struct foreign_key *out)
{
	const char *type = EVP_PKEY_get0_type_name(pkey);

	if (foreign_take(pkey, out) != HSM_OK)
		return ui_fail("%s: a key of type %s with %d bits; cards have RSA of 1024 to 4096 "
		               "bits with two primes, and EC on NIST, brainpool r1 and secp k1 "
		               "curves",
		        path, type != NULL ? type : "unknown", EVP_PKEY_get_bits(pkey));
	if (!is_sound(pkey))
		return ui_fail("%s: the key is damaged: its numbers do not belong together", path);
	pick_cert(out);
	return 0;
}

int foreign_load(const char *path, bool aes, struct secret *password, struct foreign_key *out)
{
	struct asking a = { .password = password };
	AUTO_BUF file = { 0 };
	int status = file_load(path, FILE_MAX, &file);
	EVP_PKEY *pkey;

	if (status != 0)
		return status;
	if (aes)
		return load_aes(path, buf_rd(&file), out);
	pkey = open_file(buf_rd(&file), &a, out);
	ERR_clear_error();
	return pkey != NULL ? check(path, pkey, out) : not_opened(path, &a);
}
