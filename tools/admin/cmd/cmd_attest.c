#include <stdio.h>
#include <stdlib.h>

#include "admin/commands.h"
#include "admin/facts/attestation.h"
#include "admin/facts/facts_object.h"
#include "admin/facts/verify.h"
#include "admin/line.h"
#include "common/file.h"

static const char help[] =
        "usage: twinhsm-tool attest KEY [--out FILE] [OPTIONS]\n"
        "\n"
        "Checks what the card said of a key when it made it: the request is signed by the key\n"
        "itself and by the card, the card is certified by its maker, up to a root that is known\n"
        "here. The exit status is 0 only if all of that is true. No PIN is needed.\n"
        "KEY is named as for 'show'. A key whose certificate has taken the place of the request\n"
        "can no longer be attested.\n"
        "\n"
        "      --pin PIN       log in, and let the key sign: the request could be in the file of\n"
        "                      another key, where whoever has the PIN may write (not where uses "
        "are\n"
        "                      counted)\n"
        "  -o, --out FILE      write the request and the card's two certificates, one after the\n"
        "                      other\n"
        "  -f, --force         replace FILE\n"
        "\n" LINE_HELP_CARD;

/* ---- what is shown ---- */

static json_t *key_facts(const struct attestation *a)
{
	json_t *out = json_pack("{s:s,s:i}", "algorithm", a->key.type == PUBKEY_RSA ? "RSA" : "EC",
	        "bits", a->key.bits);
	AUTO_BUF spki = { 0 };

	if (a->key.curve != NULL)
		json_object_set_new(out, "curve", json_string(a->key.curve->name));
	if (public_spki(&a->key, &spki) == HSM_OK)
		json_object_set_new(out, "sha256", facts_sha256(buf_rd(&spki)));
	return out;
}

/* Six digits, one a byte: YYMMDD. */
static void add_date(struct rd digits, const char *member, json_t *out)
{
	const uint8_t *d = digits.p;
	char text[16];

	if (digits.n != 6 || d[0] > 9 || d[1] > 9 || d[2] > 1 || d[3] > 9 || d[4] > 3 || d[5] > 9)
		return;
	snprintf(text, sizeof(text), "20%u%u-%u%u-%u%u", d[0], d[1], d[2], d[3], d[4], d[5]);
	json_object_set_new(out, member, json_string(text));
}

static json_t *certificate_facts(const struct cvc *c)
{
	json_t *out = json_object();

	json_object_set_new(out, "holder", json_text(c->chr));
	json_object_set_new(out, "authority", json_text(c->car));
	add_date(c->effective, "effective", out);
	add_date(c->expiry, "expiry", out);
	return out;
}

static json_t *describe(const struct session *s, const struct card_object *o,
        const struct attestation *a, const struct maker *m)
{
	const struct card_identity id = card_identity(s->card);
	json_t *out = json_pack("{s:o,s:o,s:i}", "address", json_text(rd_str(s->address)), "serial",
	        json_text(rd_str(id.serial)), "reference", o->nn);

	if (o->label.n != 0)
		json_object_set_new(out, "label", json_text(o->label));
	json_object_set_new(out, "public_key", key_facts(a));
	json_object_set_new(out, "key_holder", json_text(a->request.request.chr));
	json_object_set_new(out, "signed_by_key", json_boolean(a->signed_by_key));
	json_object_set_new(out, "attested_by", json_text(a->request.car));
	json_object_set_new(out, "signed_by_device", json_boolean(a->signed_by_device));
	if (m->cert.chr.n != 0)
		json_object_set_new(out, "device_certificate", certificate_facts(&m->cert));
	if (m->issuer.chr.n != 0)
		json_object_set_new(out, "issuer_certificate", certificate_facts(&m->issuer));
	json_object_set_new(out, "device_certified", json_boolean(a->device_certified));
	json_object_set_new(out, "made_by", json_string(maker_kind(m)));
	json_object_set_new(out, "meaning", json_string(maker_meaning(m)));
	return out;
}

/* ---- what is wrong ---- */

static int not_good(const struct session *s, const struct attestation *a, const struct maker *m)
{
	if (!a->signed_by_key)
		return ui_fail("%s: the request is not signed by its key; what is in its file was "
		               "not made by the card",
		        s->address);
	if (!a->signed_by_device)
		return ui_fail("%s: the request is not signed by this card; the key was made by "
		               "another one, or the file was changed",
		        s->address);
	return ui_fail(
	        "%s: the card's own certificates do not hold: %s", s->address, maker_meaning(m));
}

static int no_request(const struct session *s, const struct card_object *o)
{
	switch (o->content) {
	case CONTENT_NONE:
		return ui_fail("%s: key %u has no request; AES keys and imported ones have none",
		        s->address, o->nn);
	case CONTENT_X509:
	case CONTENT_CVC:
		return ui_fail("%s: a certificate has taken the place of the request of key %u",
		        s->address, o->nn);
	default:
		return ui_fail("%s: the request of key %u is malformed", s->address, o->nn);
	}
}

/* ---- the command ---- */

static int save(const char *path, bool replace, const struct attestation *a, const struct maker *m)
{
	AUTO_BUF out = { 0 };

	if (buf_set(&out, a->whole) != HSM_OK || buf_append(&out, buf_rd(&m->file)) != HSM_OK)
		return ui_fail("%s", rc_text(HSM_E_MEMORY));
	return file_save(path, buf_rd(&out), replace);
}

/* Adds whether the key does what its request says; false when it does not. */
static hsm_rc prove(struct session *s, const struct line *l, const struct card_object *o,
        json_t *out, bool *good)
{
	json_object_set_new(out, "belongs_to_key", json_string("not known"));
	if (l->pin.n != 0)
		TRY(facts_use(s->lane, o, out));
	*good = strcmp(json_string_value(json_object_get(out, "belongs_to_key")), "no") != 0;
	return HSM_OK;
}

static int answer(struct session *s, const struct line *l, const struct card_object *o,
        const struct attestation *a, const struct maker *m)
{
	json_t *out = describe(s, o, a, m);
	bool belongs;
	const hsm_rc rc = prove(s, l, o, out, &belongs);
	int status;

	if (rc != HSM_OK) {
		json_decref(out);
		return session_fail(s, "the key did not sign", rc);
	}
	json_object_set_new(out, "verified", json_boolean(attestation_good(a) && belongs));
	status = json_answer(out, l->json);
	if (status == 0 && !attestation_good(a))
		status = not_good(s, a, m);
	if (status == 0 && !belongs)
		status = ui_fail("%s: the request is that of another key", s->address);
	return status;
}

static int attest(struct session *s, struct line *l, const struct card_object *o)
{
	AUTO_MAKER maker = { 0 };
	struct attestation a;
	hsm_rc rc;
	int status;

	if (o->kind != OBJECT_KEY)
		return ui_fail("%s: %04X is no key", s->address, o->fid);
	if (l->pin.n != 0 && session_login(s, &l->pin) != 0)
		return EXIT_FAILURE;
	rc = maker_read(s->lane, &maker);
	if (rc != HSM_OK)
		return session_fail(s, "the card's certificates cannot be read", rc);
	if (o->content != CONTENT_REQUEST ||
	        attestation_check(buf_rd(&o->file), &maker, &a) != HSM_OK)
		return no_request(s, o);
	status = answer(s, l, o, &a, &maker);
	return status == 0 && l->out != NULL ? save(l->out, l->force, &a, &maker) : status;
}

int cmd_attest(int argc, char **argv)
{
	static const struct line_form form = {
		.help = help, .options = "rwJPof", .args_min = 1, .args_max = 1
	};
	AUTO_LINE l = { 0 };
	AUTO_SESSION s = { 0 };
	AUTO_OBJECTS objects = { 0 };
	int status = line_parse(&form, argc, argv, &l);

	if (status >= 0)
		return status;
	status = line_open(&l, &s);
	if (status == 0)
		status = objects_named(&s, l.args[0], &objects);
	return status == 0 ? attest(&s, &l, &objects.v[0]) : status;
}
