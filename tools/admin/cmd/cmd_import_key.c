#include <stdio.h>
#include <stdlib.h>

#include "admin/commands.h"
#include "admin/foreign/foreign.h"
#include "admin/foreign/import_chain.h"
#include "admin/json.h"
#include "admin/keys.h"
#include "admin/share/shares.h"
#include "base/text.h"
#include "card/transfer.h"

static const char help[] =
        "usage: twinhsm-tool import-key FILE --share FILE... [OPTIONS]\n"
        "\n"
        "Brings a key that was made elsewhere to a card: RSA, EC, with its certificates, or AES.\n"
        "All shares of the card's DKEK are needed: keys enter a card only wrapped under it.\n"
        "FILE: PEM, DER (PKCS#8 or traditional), PKCS#12, with --aes 16, 24 or 32 bytes or hex.\n"
        "Copies of such a key may exist, and the card does not vouch for it.\n"
        "\n"
        "      --share FILE            a DKEK share; once for each\n"
        "      --password PASSWORD     of the shares, in their order; or env:NAME\n"
        "      --pwd-shares-total N    the passwords are split: ask for N parts of each\n"
        "      --file-password PASSWORD  of FILE; or env:NAME\n"
        "      --aes                   FILE is an AES key\n"
        "  -i, --key-reference N       number of the key, 1 to 255; otherwise the first free one\n"
        "  -l, --label TEXT            otherwise that of PKCS#12, or the name of the file\n"
        "      --id HEX                otherwise SHA-1 of modulus, point or AES key\n"
        "      --pin PIN               user PIN; or env:NAME\n" LINE_HELP_CARD;

struct import {
	struct session *s;
	struct line l;
	struct foreign_key key;
	struct dkek dkek;
	uint8_t kid;
	uint8_t id_bytes[P15_ID_MAX];
	struct rd id, label;
	int chain_n; /* certificates of issuers that were written */
};

/* ---- what it is to be called ---- */

static struct rd file_name(const char *path)
{
	const char *slash = strrchr(path, '/');

	return rd_str(slash == NULL ? path : slash + 1);
}

static int read_label(struct import *im)
{
	int n = 0;
	const unsigned char *alias =
	        im->key.cert == NULL ? NULL : X509_alias_get0(im->key.cert, &n);

	if (im->l.label != NULL)
		im->label = rd_str(im->l.label);
	else if (alias != NULL && n > 0)
		im->label = rd_of(alias, (size_t)n);
	else
		im->label = file_name(im->l.args[0]);
	return im->label.n <= P15_LABEL_MAX ? 0 : ui_usage("the label is longer than 255 bytes");
}

static int read_id(struct import *im)
{
	struct wr w = WR_ARRAY(im->id_bytes);
	hsm_rc rc;

	if (im->l.id != NULL) {
		if (im->l.id[0] == '\0' || hex_get(rd_str(im->l.id), &w) != HSM_OK)
			return ui_usage("--id is up to %d bytes in hexadecimal", P15_ID_MAX);
		im->id = wr_rd(&w);
		return 0;
	}
	rc = foreign_id(&im->key, im->id_bytes);
	im->id = rd_of(im->id_bytes, FOREIGN_ID_LEN);
	return rc == HSM_OK ? 0 : ui_fail("%s", rc_text(rc));
}

/* ---- before anything is written ---- */

static int check_limits(const struct import *im)
{
	const struct card_limits limits = card_limits(im->s->card);
	const unsigned max = im->key.type == P15_RSA  ? limits.rsa
	                     : im->key.type == P15_EC ? limits.ec
	                                              : im->key.bits;

	return im->key.bits <= max ? 0
	                           : ui_fail("%s: the card has no such keys of %u bits, only up to "
	                                     "%u",
	                                     im->s->address, im->key.bits, max);
}

/* Asks before the shares are opened, which takes long. */
static int check_has_dkek(const struct import *im)
{
	struct card_domain d;
	const hsm_rc rc = card_find_kek(im->s->lane, (struct rd){ 0 });

	if (rc == HSM_E_NO_REF)
		return 0;
	if (rc != HSM_E_UNSUPPORTED)
		return session_fail(im->s, "the state of its key domains", rc);
	if (card_domain_status(im->s->lane, 0, &d) == HSM_OK && d.state == CARD_DOMAIN_PENDING)
		return ui_fail("%s: %u DKEK share(s) are still missing", im->s->address, d.missing);
	return ui_fail("%s: the card has no DKEK, so no key can enter; initialise it with "
	               "--dkek-shares",
	        im->s->address);
}

static int check_dkek(const struct import *im)
{
	char ours[2 * KCV_LEN + 1], cards[2 * KCV_LEN + 1];
	struct card_domain d = { 0 };
	const hsm_rc rc = card_find_kek(im->s->lane, rd_of(im->dkek.kcv, KCV_LEN));

	if (rc == HSM_OK)
		return 0;
	if (card_domain_status(im->s->lane, 0, &d) != HSM_OK ||
	        hex_put(rd_of(im->dkek.kcv, KCV_LEN), ours, sizeof(ours)) != HSM_OK ||
	        hex_put(rd_of(d.kcv, KCV_LEN), cards, sizeof(cards)) != HSM_OK)
		return session_fail(im->s, "the state of its key domains", rc);
	return ui_fail("%s: these are not the shares of this card's DKEK: together they make %s, "
	               "the card has %s",
	        im->s->address, ours, cards);
}

static int choose_place(struct import *im)
{
	if (im->l.key_reference == 0)
		return key_place_find(im->s, &im->kid);
	im->kid = (uint8_t)im->l.key_reference;
	return key_place_free(im->s, im->kid);
}

static int prepare(struct import *im)
{
	int status = foreign_load(im->l.args[0], im->l.aes, &im->l.file_password, &im->key);

	if (status == 0)
		status = read_label(im);
	if (status == 0)
		status = read_id(im);
	if (status == 0)
		status = line_open(&im->l, im->s);
	if (status == 0)
		status = check_limits(im);
	if (status == 0)
		status = choose_place(im);
	if (status == 0)
		status = check_has_dkek(im);
	if (status == 0)
		status = shares_open(&im->l, im->l.share, im->l.share_n, &im->dkek);
	return status == 0 ? check_dkek(im) : status;
}

/* ---- what goes to the card ---- */

/* What keys of this type can do; sensitive, but not born on the card. */
static hsm_rc describe(const struct import *im, struct buf *out)
{
	static const struct {
		enum p15_key_type type;
		uint16_t usage;
	} uses[] = {
		{ P15_RSA, P15_DECRYPT | P15_SIGN | P15_SIGN_RECOVER | P15_UNWRAP },
		{ P15_EC, P15_SIGN | P15_SIGN_RECOVER | P15_DERIVE },
		{ P15_AES, P15_ENCRYPT | P15_DECRYPT | P15_SIGN | P15_VERIFY | P15_DERIVE },
	};
	struct p15_key d = {
		.type = im->key.type,
		.label = im->label,
		.id = im->id,
		.access = P15_SENSITIVE,
		.reference = im->kid,
		.bits = im->key.bits,
	};
	struct wr w;

	for (size_t i = 0; i < sizeof(uses) / sizeof(uses[0]); i++) {
		if (uses[i].type == d.type)
			d.usage = uses[i].usage;
	}
	TRY(buf_reserve(out, P15_RECORD_MAX));
	w = wr_of(out->p, P15_RECORD_MAX);
	TRY(p15_key_build(&d, &w));
	out->n = w.n;
	return HSM_OK;
}

/* The certificate, or what makes the public key known without one; an AES key has neither. */
static hsm_rc beside(const struct import *im, struct buf *out)
{
	unsigned char *der = NULL;
	int n;
	hsm_rc rc;

	if (im->key.type == P15_AES)
		return HSM_OK;
	if (im->key.cert == NULL)
		return foreign_request(&im->key, im->kid, out);
	n = i2d_X509(im->key.cert, &der);
	if (n <= 0)
		return HSM_E_MEMORY;
	rc = n <= P15_FILE_MAX ? buf_set(out, rd_of(der, (size_t)n)) : HSM_E_BAD_LEN;
	OPENSSL_free(der);
	return rc;
}

static int place(struct import *im)
{
	AUTO_BUF blob = { 0 };
	AUTO_BUF prkd = { 0 };
	AUTO_BUF cert = { 0 };
	struct wrapfile w;
	hsm_rc rc = foreign_wrap(&im->key, &im->dkek, &blob);
	int status;

	if (rc == HSM_OK)
		rc = describe(im, &prkd);
	if (rc == HSM_OK)
		rc = beside(im, &cert);
	if (rc != HSM_OK)
		return ui_fail("%s: %s", im->l.args[0], rc_text(rc));
	w = (struct wrapfile){
		.blob = buf_rd(&blob), .prkd = buf_rd(&prkd), .cert = buf_rd(&cert)
	};
	status = session_login(im->s, &im->l.pin);
	return status == 0 ? keys_import(im->s, im->kid, &w, false) : status;
}

/* ---- the answer ---- */

static const char *type_name(enum p15_key_type type)
{
	return type == P15_RSA ? "RSA" : type == P15_EC ? "EC" : "AES";
}

static int answer(const struct import *im)
{
	json_t *out = json_object();

	fputs("This key was made outside of the card: copies of it may exist.\n", stderr);
	json_object_set_new(out, "address", json_text(rd_str(im->s->address)));
	json_object_set_new(out, "key_reference", json_integer(im->kid));
	json_object_set_new(out, "label", json_text(im->label));
	json_object_set_new(out, "id", json_hex(im->id));
	json_object_set_new(out, "type", json_string(type_name(im->key.type)));
	json_object_set_new(out, "bits", json_integer(im->key.bits));
	if (im->key.curve != NULL)
		json_object_set_new(out, "curve", json_string(im->key.curve->name));
	json_object_set_new(out, "certificate", json_boolean(im->key.cert != NULL));
	json_object_set_new(out, "issuer_certificates", json_integer(im->chain_n));
	json_object_set_new(out, "check_value", json_hex(rd_of(im->dkek.kcv, KCV_LEN)));
	json_object_set_new(out, "made_on_card", json_false());
	return json_answer(out, im->l.json);
}

static int run(struct import *im)
{
	int status = im->l.share_n != 0
	                     ? prepare(im)
	                     : ui_usage("the shares of the card's DKEK are needed: --share FILE");

	if (status == 0)
		status = place(im);
	if (status == 0)
		status = import_chain(im->s, im->key.chain, &im->chain_n);
	return status == 0 ? answer(im) : status;
}

int cmd_import_key(int argc, char **argv)
{
	static const struct line_form form = {
		.help = help, .options = "rwJPWRFilIEU", .args_min = 1, .args_max = 1
	};
	AUTO_SESSION s = { 0 };
	struct import im = { .s = &s };
	int status = line_parse(&form, argc, argv, &im.l);

	if (status < 0)
		status = run(&im);
	foreign_wipe(&im.key);
	dkek_wipe(&im.dkek);
	line_wipe(&im.l);
	return status;
}
