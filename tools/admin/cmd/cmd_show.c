#include "admin/commands.h"
#include "admin/facts/attestation.h"
#include "admin/facts/facts_object.h"
#include "admin/facts/verify.h"
#include "admin/line.h"

static const char help[] =
        "usage: twinhsm-tool show OBJECT [OPTIONS]\n"
        "\n"
        "Shows one object with all that the card tells of it. OBJECT is the number of a key, a\n"
        "file of 'list' (CC01, CA00, CF00), a label or an ID; 'label:TEXT' and 'id:HEX' are never\n"
        "taken for anything else.\n"
        "\n"
        "      --pin PIN       log in: shows private data, and lets a key sign to find out "
        "whether\n"
        "                      its certificate belongs to it (not where uses are counted)\n"
        "\n" LINE_HELP_CARD;

enum { DATA_SHOWN_MAX = 64 };

static void add_public(const struct card_object *o, json_t *out)
{
	AUTO_BUF spki = { 0 };

	if (public_spki(&o->pub, &spki) == HSM_OK)
		json_object_set_new(out, "public_key_sha256", facts_sha256(buf_rd(&spki)));
}

/* ---- what is beside a key ---- */

static hsm_rc add_request(struct session *s, const struct card_object *o, json_t *out)
{
	AUTO_MAKER maker = { 0 };
	struct attestation a;

	TRY(maker_read(s->lane, &maker));
	if (attestation_check(buf_rd(&o->file), &maker, &a) != HSM_OK)
		return HSM_OK; /* a problem that the object has named */
	json_object_set_new(out, "request",
	        json_pack("{s:o,s:o,s:b,s:s}", "holder", json_text(a.request.request.chr), "device",
	                json_text(a.request.car), "verified", attestation_good(&a), "made_by",
	                maker_kind(&maker)));
	return HSM_OK;
}

static void add_cvc(const struct card_object *o, json_t *out)
{
	struct rd file = buf_rd(&o->file);
	struct cvc c;

	if (cvc_parse(&file, &c) == HSM_OK)
		json_object_set_new(out, "cv_certificate",
		        json_pack("{s:o,s:o,s:i}", "holder", json_text(c.chr), "authority",
		                json_text(c.car), "bytes", (int)(o->file.n - file.n)));
}

static hsm_rc add_content(struct session *s, const struct card_object *o, bool login, json_t *out)
{
	json_t *certificate;

	if (o->content == CONTENT_REQUEST)
		return add_request(s, o, out);
	if (o->content == CONTENT_CVC)
		add_cvc(o, out);
	if (!object_has_certificate(o))
		return HSM_OK;
	certificate = facts_x509(&o->x509);
	json_object_set_new(out, "certificate", certificate);
	if (o->kind == OBJECT_CERT || o->pub.type == PUBKEY_NONE)
		return HSM_OK;
	return facts_belongs(s->lane, o, login, certificate);
}

/* ---- data objects ---- */

static hsm_rc add_value(struct session *s, const struct card_object *o, json_t *out)
{
	AUTO_BUF value = { 0 };
	struct rd r;
	const hsm_rc rc = card_read_file(s->lane, o->fid, &value);

	if (rc == HSM_E_NOT_AUTH) {
		json_object_set_new(out, "value", json_string("private; log in with --pin"));
		return HSM_OK;
	}
	TRY(rc);
	r = buf_rd(&value);
	json_object_set_new(out, "size", json_integer((json_int_t)r.n));
	json_object_set_new(out, "sha256", facts_sha256(r));
	if (r.n <= DATA_SHOWN_MAX)
		json_object_set_new(out, "value", json_hex(r));
	return HSM_OK;
}

/* ---- all ---- */

static hsm_rc describe(struct session *s, const struct card_object *o, bool login, json_t *out)
{
	const bool missing = (o->problems & PROBLEM_MISSING) != 0;

	if (o->kind == OBJECT_DATA)
		return missing ? HSM_OK : add_value(s, o, out);
	if (o->kind == OBJECT_KEY && !missing)
		TRY(facts_key_rules(s->lane, o->nn, out));
	add_public(o, out);
	return add_content(s, o, login, out);
}

static json_t *begin(const struct session *s, const struct card_object *o)
{
	json_t *out = json_pack("{s:o}", "address", json_text(rd_str(s->address)));
	json_t *object = facts_object(o);

	json_object_update(out, object);
	json_decref(object);
	return out;
}

static int show(struct line *l, const char *name)
{
	AUTO_SESSION s = { 0 };
	AUTO_OBJECTS objects = { 0 };
	const bool login = l->pin.n != 0;
	int status = line_open(l, &s);
	json_t *out;
	hsm_rc rc;

	if (status == 0 && login)
		status = session_login(&s, &l->pin);
	if (status == 0)
		status = objects_named(&s, name, &objects);
	if (status != 0)
		return status;
	out = begin(&s, &objects.v[0]);
	rc = describe(&s, &objects.v[0], login, out);
	if (rc == HSM_OK)
		return json_answer(out, l->json);
	json_decref(out);
	return session_fail(&s, "the object cannot be read", rc);
}

int cmd_show(int argc, char **argv)
{
	static const struct line_form form = {
		.help = help, .options = "rwJP", .args_min = 1, .args_max = 1
	};
	AUTO_LINE l = { 0 };
	const int status = line_parse(&form, argc, argv, &l);

	return status >= 0 ? status : show(&l, l.args[0]);
}
