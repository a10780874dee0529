#include <openssl/x509.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "base/ossl.h"
#include "base/tlv.h"
#include "facts_object.h"

enum { ISO_LEN = 20, UTC_LEN = 13, SHA256_LEN = 32 };

json_t *facts_sha256(struct rd bytes)
{
	uint8_t hash[SHA256_LEN];

	if (EVP_Digest(bytes.p, bytes.n, hash, NULL, ossl_md("SHA256"), NULL) != 1)
		exit(ui_fail("%s", rc_text(HSM_E_FAIL)));
	return json_hex(rd_of(hash, sizeof(hash)));
}

/* ---- names ---- */

static json_t *name_text(X509_NAME *name)
{
	BIO *bio = BIO_new(BIO_s_mem());
	json_t *out = NULL;
	char *text;
	long n;

	if (bio != NULL && name != NULL &&
	        X509_NAME_print_ex(bio, name, 0,
	                XN_FLAG_RFC2253 & ~(unsigned long)ASN1_STRFLGS_ESC_MSB) >= 0) {
		n = BIO_get_mem_data(bio, &text);
		out = json_text(rd_of(text, (size_t)n));
	}
	BIO_free(bio);
	return out != NULL ? out : json_string("");
}

json_t *facts_name(struct rd name)
{
	const unsigned char *p = name.p;
	X509_NAME *parsed = d2i_X509_NAME(NULL, &p, (long)name.n);
	json_t *out = name_text(parsed);

	X509_NAME_free(parsed);
	return out;
}

/* ---- times: YYYY-MM-DDTHH:MM:SSZ, so that text compares as time does ---- */

/* `text` has 13 or 15 characters, digits and Z; years of two digits as in RFC 5280. */
static void iso_time(struct rd text, char iso[ISO_LEN + 1])
{
	const char *century = text.n != UTC_LEN ? "" : text.p[0] < '5' ? "20" : "19";
	const int year_n = text.n != UTC_LEN ? 4 : 2;
	const char *p = (const char *)text.p, *rest = p + year_n;

	snprintf(iso, ISO_LEN + 1, "%s%.*s-%.2s-%.2sT%.2s:%.2s:%.2sZ", century, year_n, p, rest,
	        rest + 2, rest + 4, rest + 6, rest + 8);
}

static void iso_now(char iso[ISO_LEN + 1])
{
	const time_t now = time(NULL);
	struct tm tm;

	if (gmtime_r(&now, &tm) == NULL ||
	        strftime(iso, ISO_LEN + 1, "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		iso[0] = '\0';
}

static void add_validity(const struct x509_fields *x, json_t *out)
{
	char from[ISO_LEN + 1], until[ISO_LEN + 1], now[ISO_LEN + 1];

	iso_time(x->not_before, from);
	iso_time(x->not_after, until);
	iso_now(now);
	json_object_set_new(out, "not_before", json_string(from));
	json_object_set_new(out, "not_after", json_string(until));
	json_object_set_new(out, "validity",
	        json_string(strcmp(now, from) < 0    ? "not yet valid"
	                    : strcmp(now, until) > 0 ? "expired"
	                                             : "valid"));
}

json_t *facts_x509(const struct x509_fields *x)
{
	struct rd serial = { 0 }, whole = x->serial;
	json_t *out = json_object();
	uint16_t tag;

	json_object_set_new(out, "subject", facts_name(x->subject));
	json_object_set_new(out, "issuer", facts_name(x->issuer));
	if (tlv_next(&whole, &tag, &serial, NULL))
		json_object_set_new(out, "serial_number", json_hex(serial));
	add_validity(x, out);
	json_object_set_new(out, "sha256", facts_sha256(x->whole));
	return out;
}
