#include <openssl/err.h>
#include <openssl/pem.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "admin/commands.h"
#include "admin/findings/findings.h"
#include "admin/json.h"
#include "admin/line.h"
#include "base/ossl.h"
#include "common/file.h"
#include "p15/pubkey.h"

enum { FILE_MAX = 1 << 18, SPKI_MAX = 700, NAME_TEXT_MAX = 1024 };

static const char help[] =
        "usage: twinhsm-tool cert-check FILE [OPTIONS]\n"
        "\n"
        "Says what browsers and servers will hold against a certificate, before it goes on a "
        "card.\n"
        "FILE: PEM, with those of its issuers after it, or DER. Exit status 1: it will not work.\n"
        "\n"
        "      --ca FILE       certificates that it must lead to, PEM or DER\n"
        "  -r, --reader CARD   the card that should have its key\n"
        "      --json          answer as JSON\n"
        "  -h, --help          this text\n";

struct check {
	struct line l;
	STACK_OF(X509) * certs, *roots;
	struct findings found;
};

/* ---- files ---- */

static STACK_OF(X509) * read_pem(struct rd file)
{
	BIO *bio = BIO_new_mem_buf(file.p, (int)file.n);
	STACK_OF(X509) *certs = sk_X509_new_null();

	while (bio != NULL && certs != NULL) {
		X509 *cert = X509_new_ex(ossl_ctx(), NULL);

		if (PEM_read_bio_X509_AUX(bio, &cert, NULL, NULL) == NULL ||
		        sk_X509_push(certs, cert) <= 0) {
			X509_free(cert);
			break;
		}
	}
	BIO_free(bio);
	return certs;
}

static void read_der(struct rd file, STACK_OF(X509) * certs)
{
	X509 *cert = X509_new_ex(ossl_ctx(), NULL);
	const unsigned char *p = file.p;

	if (d2i_X509(&cert, &p, (long)file.n) == NULL || sk_X509_push(certs, cert) <= 0)
		X509_free(cert);
}

static int load(const char *path, STACK_OF(X509) * *out)
{
	AUTO_BUF file = { 0 };
	const int status = file_load(path, FILE_MAX, &file);

	if (status != 0)
		return status;
	*out = read_pem(buf_rd(&file));
	if (*out != NULL && sk_X509_num(*out) == 0)
		read_der(buf_rd(&file), *out);
	ERR_clear_error();
	return sk_X509_num(*out) > 0 ? 0 : ui_fail("%s: there is no certificate in it", path);
}

/* ---- the card ---- */

static bool is_key_of(struct rd file, EVP_PKEY *wanted)
{
	uint8_t bytes[SPKI_MAX];
	struct wr w = WR_ARRAY(bytes);
	const unsigned char *p = bytes;
	struct pubkey key;
	EVP_PKEY *pkey;
	bool same;

	if (pubkey_from_cert_file(file, &key) != HSM_OK)
		return false;
	pubkey_put_spki(&w, &key);
	if (wr_done(&w) != HSM_OK)
		return false;
	pkey = d2i_PUBKEY_ex(NULL, &p, (long)w.n, ossl_ctx(), NULL);
	same = pkey != NULL && EVP_PKEY_eq(pkey, wanted) == 1;
	EVP_PKEY_free(pkey);
	return same;
}

static hsm_rc find_key(struct card_lane *lane, EVP_PKEY *wanted, bool *out)
{
	AUTO_BUF list = { 0 };
	AUTO_BUF file = { 0 };

	*out = false;
	TRY(card_enumerate(lane, &list));
	for (size_t i = 0; i + 1 < list.n; i += 2) {
		hsm_rc rc;

		if (list.p[i] != FID_KEY || list.p[i + 1] == 0)
			continue;
		rc = card_read_file(lane, FID(FID_CERT, list.p[i + 1]), &file);
		if (rc == HSM_E_NO_FILE)
			continue;
		TRY(rc);
		*out = *out || is_key_of(buf_rd(&file), wanted);
	}
	return HSM_OK;
}

static int check_card(struct check *c, EVP_PKEY *wanted)
{
	AUTO_SESSION s = { 0 };
	bool there = false;
	int status = line_open(&c->l, &s);
	hsm_rc rc;

	if (status != 0)
		return status;
	rc = wanted == NULL ? HSM_OK : find_key(s.lane, wanted, &there);
	if (rc != HSM_OK)
		return session_fail(&s, "its keys", rc);
	if (!there)
		findings_add(&c->found, FINDING_ERROR, "key_not_on_card",
		        "none of the card's keys is the key of this certificate",
		        "have it issued for a request by a key of the card, or import its key");
	return 0;
}

/* ---- the answer ---- */

static json_t *name_text(const X509_NAME *name)
{
	char text[NAME_TEXT_MAX];
	BIO *bio = BIO_new(BIO_s_mem());
	int n = 0;

	if (bio != NULL &&
	        X509_NAME_print_ex(bio, name, 0, XN_FLAG_RFC2253 & ~ASN1_STRFLGS_ESC_MSB) >= 0)
		n = BIO_read(bio, text, sizeof(text));
	BIO_free(bio);
	return json_text(rd_of(text, n > 0 ? (size_t)n : 0));
}

static json_t *time_text(const ASN1_TIME *time)
{
	struct tm tm;
	char text[40];

	if (ASN1_TIME_to_tm(time, &tm) != 1 ||
	        strftime(text, sizeof(text), "%Y-%m-%dT%H:%M:%SZ", &tm) == 0)
		return json_string("unreadable");
	return json_string(text);
}

static void print_findings(const json_t *list)
{
	const json_t *found;
	size_t i;

	json_array_foreach(list, i, found)
	        printf("%s: %s\n\t%s\n", json_string_value(json_object_get(found, "severity")),
	                json_string_value(json_object_get(found, "finding")),
	                json_string_value(json_object_get(found, "remedy")));
}

static int answer(struct check *c, X509 *cert)
{
	json_t *out = json_object();
	const bool good = c->found.errors == 0;
	int status;

	json_object_set_new(out, "file", json_text(rd_str(c->l.args[0])));
	json_object_set_new(out, "subject", name_text(X509_get_subject_name(cert)));
	json_object_set_new(out, "issuer", name_text(X509_get_issuer_name(cert)));
	json_object_set_new(out, "not_before", time_text(X509_get0_notBefore(cert)));
	json_object_set_new(out, "not_after", time_text(X509_get0_notAfter(cert)));
	json_object_set_new(out, "chain_checked", json_boolean(c->l.ca != NULL));
	json_object_set_new(out, "card_checked", json_boolean(c->l.reader != NULL));
	json_object_set_new(out, "usable", json_boolean(good));
	if (c->l.json)
		json_object_set(out, "findings", c->found.list);
	status = json_answer(out, c->l.json);
	if (!c->l.json)
		print_findings(c->found.list);
	return status != 0 ? status : good ? EXIT_SUCCESS : EXIT_FAILURE;
}

static int run(struct check *c)
{
	int status = load(c->l.args[0], &c->certs);
	X509 *cert;

	if (status == 0 && c->l.ca != NULL)
		status = load(c->l.ca, &c->roots);
	if (status != 0)
		return status;
	cert = sk_X509_value(c->certs, 0);
	findings_of_cert(&c->found, cert, time(NULL));
	findings_of_key(&c->found, cert);
	if (c->roots != NULL)
		findings_of_chain(&c->found, cert, c->certs, c->roots);
	if (c->l.reader != NULL)
		status = check_card(c, X509_get0_pubkey(cert));
	return status == 0 ? answer(c, cert) : status;
}

int cmd_cert_check(int argc, char **argv)
{
	static const struct line_form form = {
		.help = help, .options = "rwJA", .args_min = 1, .args_max = 1
	};
	struct check c = { .found = { .list = json_array() } };
	int status = line_parse(&form, argc, argv, &c.l);

	if (status < 0)
		status = run(&c);
	sk_X509_pop_free(c.certs, X509_free);
	sk_X509_pop_free(c.roots, X509_free);
	json_decref(c.found.list);
	line_wipe(&c.l);
	return status;
}
