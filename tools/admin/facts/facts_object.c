#include "facts_object.h"

#include <openssl/objects.h>
#include <stdio.h>

#include "base/der.h"

enum { OID_DER_MAX = 256, OID_TEXT_MAX = 512 };

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const char *const usages[] = { "encrypt", "decrypt", "sign", "sign recover", "wrap",
	"unwrap", "verify", "verify recover", "derive", "non-repudiation" };

static const char *const accesses[] = { "sensitive", "extractable", "always sensitive",
	"never extractable", "local" };

static const char *const problems[] = { "the description is of nothing on the card",
	"no description", "description malformed", "certificate or request malformed" };

static const char *type_of(const struct card_object *o)
{
	static const char *const types[OBJECT_KINDS] = { "private key", "certificate", "data" };

	return o->kind == OBJECT_KEY && o->key.type == P15_AES ? "secret key" : types[o->kind];
}

static json_t *file_name(uint16_t fid)
{
	const uint8_t bytes[] = { (uint8_t)(fid >> 8), (uint8_t)fid };

	return json_hex(rd_of(bytes, sizeof(bytes)));
}

static json_t *begin(const struct card_object *o, const char *type, uint16_t fid)
{
	json_t *out = json_pack(
	        "{s:o,s:s,s:i}", "file", file_name(fid), "type", type, "reference", o->nn);

	if (o->label.n != 0)
		json_object_set_new(out, "label", json_text(o->label));
	if (o->id.n != 0)
		json_object_set_new(out, "id", json_hex(o->id));
	return out;
}

static void add_algorithm(const char *name, uint16_t bits, const struct curve *curve, json_t *out)
{
	json_object_set_new(out, "algorithm", json_string(name));
	if (bits != 0)
		json_object_set_new(out, "bits", json_integer(bits));
	if (curve != NULL)
		json_object_set_new(out, "curve", json_string(curve->name));
}

static void add_public(const struct pubkey *key, json_t *out)
{
	if (key->type != PUBKEY_NONE)
		add_algorithm(key->type == PUBKEY_RSA ? "RSA" : "EC", key->bits, key->curve, out);
}

static void add_key(const struct card_object *o, json_t *out)
{
	const struct p15_key *k = &o->key;

	if (k->type != 0)
		add_algorithm(k->type == P15_RSA  ? "RSA"
		              : k->type == P15_EC ? "EC"
		                                  : "AES",
		        k->bits, k->type == P15_EC ? o->pub.curve : NULL, out);
	if (k->usage != 0)
		json_object_set_new(out, "usage", json_bits(usages, COUNT(usages), k->usage));
	if (k->access != 0)
		json_object_set_new(out, "access", json_bits(accesses, COUNT(accesses), k->access));
	json_object_set_new(out, "has_certificate", json_boolean(object_has_certificate(o)));
}

/* Dotted numbers, or "" for what is no identifier. */
static json_t *oid_text(struct rd body)
{
	uint8_t der[OID_DER_MAX];
	struct wr w = WR_ARRAY(der);
	char text[OID_TEXT_MAX] = "";
	const unsigned char *p = der;
	ASN1_OBJECT *oid;

	tlv_put(&w, DER_OID, body);
	oid = wr_done(&w) == HSM_OK ? d2i_ASN1_OBJECT(NULL, &p, (long)w.n) : NULL;
	if (oid != NULL)
		OBJ_obj2txt(text, sizeof(text), oid, 1);
	ASN1_OBJECT_free(oid);
	return json_string(text);
}

static void add_data(const struct card_object *o, json_t *out)
{
	if (o->data.application.n != 0)
		json_object_set_new(out, "application", json_text(o->data.application));
	if (o->data.oid.n != 0)
		json_object_set_new(out, "oid", oid_text(o->data.oid));
	json_object_set_new(out, "private", json_boolean(o->fid >> 8 == FID_PRIVATE_DATA));
}

static void add_problems(const struct card_object *o, json_t *out)
{
	if (o->problems != 0)
		json_object_set_new(
		        out, "problems", json_bits(problems, COUNT(problems), o->problems));
}

json_t *facts_object(const struct card_object *o)
{
	json_t *out = begin(o, type_of(o), o->fid);

	if (o->kind == OBJECT_KEY)
		add_key(o, out);
	else if (o->kind == OBJECT_CERT)
		add_public(&o->pub, out);
	else
		add_data(o, out);
	add_problems(o, out);
	return out;
}

json_t *facts_key_certificate(const struct card_object *o)
{
	json_t *out = begin(o, "certificate", FID(FID_CERT, o->nn));

	add_public(&o->pub, out);
	add_problems(o, out);
	return out;
}
