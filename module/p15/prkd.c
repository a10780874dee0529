#include "base/der.h"
#include "p15/object.h"
#include "p15/p15.h"

enum {
	SUBCLASS_ATTRS = 0xA0,
	NAME_PART = DER_SET, /* RelativeDistinguishedName */
	P521_ROUNDED = 528,  /* what some writers say for 521 */
};

/* CommonKeyAttributes (PKCS#15 v1.1 section 6.1.8). */
static bool get_key_attrs(struct rd *r, struct p15_key *key)
{
	struct rd seq, native, ref;

	if (!tlv_get(r, DER_SEQ, &seq) || !der_get_octets(&seq, &key->id) ||
	        key->id.n > P15_ID_MAX || !der_get_flags(&seq, &key->usage) ||
	        !tlv_get_opt(&seq, DER_BOOL, &native))
		return false;
	if (tlv_peek(seq, DER_BITS) && !der_get_flags(&seq, &key->access))
		return false;
	/* Some writers encode references above 127 without the sign byte: look at the last. */
	if (!tlv_get_opt(&seq, DER_INT, &ref) || ref.n > 2)
		return false;
	key->reference = ref.n == 0 ? 0 : ref.p[ref.n - 1];
	return true;
}

static bool get_bits(struct rd *r, struct p15_key *key)
{
	uint32_t bits;

	if (!der_get_u32(r, &bits) || bits > UINT16_MAX)
		return false;
	key->bits = key->type == P15_EC && bits == P521_ROUNDED ? 521 : (uint16_t)bits;
	return true;
}

/* CommonPrivateKeyAttributes: the Name, with or without the SEQUENCE around it. */
static bool get_subject(struct rd attrs, struct p15_key *key)
{
	struct rd inner;
	uint16_t tag;

	if (!tlv_next(&attrs, &tag, &inner, &key->subject) || tag != DER_SEQ)
		return false;
	if (inner.n == 0 || tlv_peek(inner, NAME_PART))
		return true;
	return tlv_next(&inner, &tag, &attrs, &key->subject) && tag == DER_SEQ;
}

/* [0]: the length of an AES key, which old writers leave without a SEQUENCE; else the subject. */
static bool get_subclass(struct rd attrs, struct p15_key *key)
{
	struct rd seq;

	if (key->type != P15_AES)
		return get_subject(attrs, key);
	return get_bits(tlv_get(&attrs, DER_SEQ, &seq) ? &seq : &attrs, key);
}

/* [1]: path, then the size of a key that is not an AES key. */
static bool get_type_attrs(struct rd attrs, struct p15_key *key)
{
	struct rd seq, path;
	uint16_t tag;

	if (!tlv_get(&attrs, DER_SEQ, &seq) || !tlv_next(&seq, &tag, &path, NULL))
		return false;
	return key->type == P15_AES || !tlv_peek(seq, DER_INT) || get_bits(&seq, key);
}

static bool get_attrs(struct rd body, struct p15_key *key)
{
	struct rd attrs;
	uint16_t tag;

	while (body.n != 0) {
		if (!tlv_next(&body, &tag, &attrs, NULL))
			return false;
		if (tag == SUBCLASS_ATTRS && !get_subclass(attrs, key))
			return false;
		if (tag == P15_TYPE_ATTRS && !get_type_attrs(attrs, key))
			return false;
	}
	return true;
}

hsm_rc p15_key_parse(struct rd record, struct p15_key *out)
{
	struct p15_key key = { 0 };
	struct p15_object object;
	struct rd body;
	uint16_t tag;

	if (!tlv_next(&record, &tag, &body, NULL) ||
	        (tag != P15_RSA && tag != P15_EC && tag != P15_AES))
		return HSM_E_CARD_DATA;
	key.type = (enum p15_key_type)tag;
	if (!p15_object_get(&body, &object) || !get_key_attrs(&body, &key) ||
	        !get_attrs(body, &key))
		return HSM_E_CARD_DATA;
	key.label = object.label;
	key.flags = object.flags;
	*out = key;
	return HSM_OK;
}

static void put_key_attrs(struct wr *w, const struct p15_key *key)
{
	size_t mark = tlv_open(w, DER_SEQ);

	der_put_octets(w, key->id);
	der_put_flags(w, key->usage);
	if (key->access != 0)
		der_put_flags(w, key->access);
	if (key->reference != 0)
		der_put_u32(w, key->reference);
	tlv_close(w, mark);
}

static void put_subject(struct wr *w, struct rd name)
{
	size_t attrs = tlv_open(w, SUBCLASS_ATTRS);

	tlv_put(w, DER_SEQ, name);
	tlv_close(w, attrs);
}

/* As the SmartCard shell writes it: the size of an AES key is here, not in the type attributes. */
static void put_secret_size(struct wr *w, uint16_t bits)
{
	size_t attrs = tlv_open(w, SUBCLASS_ATTRS);
	size_t seq = tlv_open(w, DER_SEQ);

	der_put_u32(w, bits);
	tlv_close(w, seq);
	tlv_close(w, attrs);
}

static void put_type_attrs(struct wr *w, const struct p15_key *key)
{
	size_t attrs = tlv_open(w, P15_TYPE_ATTRS);
	size_t seq = tlv_open(w, DER_SEQ);
	size_t path = tlv_open(w, DER_SEQ);

	der_put_octets(w, RD_LIT(""));
	tlv_close(w, path);
	if (key->type != P15_AES)
		der_put_u32(w, key->bits);
	tlv_close(w, seq);
	tlv_close(w, attrs);
}

hsm_rc p15_key_build(const struct p15_key *key, struct wr *w)
{
	size_t record;

	if (key->type != P15_RSA && key->type != P15_EC && key->type != P15_AES)
		return HSM_E_BAD_PARAM;
	if (key->label.n > P15_LABEL_MAX || key->id.n > P15_ID_MAX)
		return HSM_E_BAD_LEN;
	record = tlv_open(w, (uint16_t)key->type);
	p15_object_put(w, key->label, P15_PRIVATE | P15_MODIFIABLE);
	put_key_attrs(w, key);
	if (key->type == P15_AES)
		put_secret_size(w, key->bits);
	else if (key->subject.n != 0)
		put_subject(w, key->subject);
	put_type_attrs(w, key);
	tlv_close(w, record);
	return wr_done(w);
}
