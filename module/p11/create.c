/* C_CreateObject: certificates and data on the token, session objects. */
#include "base/der.h"
#include "p11/attr.h"
#include "p11/op.h"

/* How one class of objects is made: the template is read into an object whose views borrow from
 * the template, which is then written to the token or kept with the session. */
struct maker {
	CK_OBJECT_CLASS class;
	enum object_kind kind;
	CK_RV (*read)(const struct tmpl *t, struct object *o);
	hsm_rc (*write)(struct token *t, const struct object *o, struct object **out);
};

static CK_RV mandatory_bytes(const struct tmpl *t, CK_ATTRIBUTE_TYPE type, struct rd *out)
{
	if (tmpl_find(t, type) == NULL)
		return CKR_TEMPLATE_INCOMPLETE;
	return tmpl_bytes(t, type, out);
}

static CK_RV mandatory_ulong(const struct tmpl *t, CK_ATTRIBUTE_TYPE type, CK_ULONG *out)
{
	if (tmpl_find(t, type) == NULL)
		return CKR_TEMPLATE_INCOMPLETE;
	return tmpl_ulong(t, type, out);
}

/* ---- certificates ---- */

static CK_RV read_certificate(const struct tmpl *t, struct object *o)
{
	CK_CERTIFICATE_TYPE type;

	TRY_RV(mandatory_ulong(t, CKA_CERTIFICATE_TYPE, &type));
	TRY_RV(mandatory_bytes(t, CKA_VALUE, &o->value));
	if (type != CKC_X_509 || x509_parse(o->value, &o->x509) != HSM_OK ||
	        o->x509.whole.n != o->value.n)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	return o->is_private ? CKR_TEMPLATE_INCONSISTENT : CKR_OK;
}

static hsm_rc write_certificate(struct token *t, const struct object *o, struct object **out)
{
	return token_add_certificate(t, o->label, o->id, o->value, out);
}

/* ---- data objects ---- */

/* DER, or its contents without tag and length as pkcs11-tool 0.23 gives them. */
static bool read_oid(struct rd given, struct rd *out)
{
	if (given.n != 0 && given.p[0] == DER_OID)
		return tlv_get(&given, DER_OID, out) && given.n == 0;
	*out = given;
	return given.n == 0 || (given.p[given.n - 1] & 0x80) == 0;
}

static CK_RV read_data(const struct tmpl *t, struct object *o)
{
	struct rd oid = { 0 };

	TRY_RV(tmpl_bytes(t, CKA_VALUE, &o->value));
	TRY_RV(tmpl_bytes(t, CKA_APPLICATION, &o->application));
	TRY_RV(tmpl_bytes(t, CKA_OBJECT_ID, &oid));
	return read_oid(oid, &o->oid) ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
}

static hsm_rc write_data(struct token *t, const struct object *o, struct object **out)
{
	struct new_data data = {
		.label = o->label,
		.application = o->application,
		.oid = o->oid,
		.value = o->value,
		.is_private = o->is_private,
	};

	return token_add_data(t, &data, out);
}

/* ---- keys ---- */

static struct rd without_zeros(struct rd number)
{
	while (number.n != 0 && number.p[0] == 0) {
		number.p++;
		number.n--;
	}
	return number;
}

static uint16_t bit_length(struct rd number)
{
	unsigned bits = (unsigned)number.n * 8;

	for (unsigned top = 0x80; number.n != 0 && (number.p[0] & top) == 0; top >>= 1)
		bits--;
	return (uint16_t)bits;
}

static CK_RV read_rsa(const struct tmpl *t, struct pubkey *key)
{
	TRY_RV(mandatory_bytes(t, CKA_MODULUS, &key->modulus));
	TRY_RV(mandatory_bytes(t, CKA_PUBLIC_EXPONENT, &key->exponent));
	key->type = PUBKEY_RSA;
	key->modulus = without_zeros(key->modulus);
	key->exponent = without_zeros(key->exponent);
	if (key->modulus.n > RSA_BYTES_MAX || key->exponent.n == 0 ||
	        key->exponent.n > key->modulus.n)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	key->bits = bit_length(key->modulus);
	return key->bits < RSA_BITS_MIN ? CKR_ATTRIBUTE_VALUE_INVALID : CKR_OK;
}

/* The point is a DER OCTET STRING (PKCS#11 2.40 section 2.3.3); some applications leave that out,
 * and an uncompressed point has the same first byte. */
static bool read_point(struct rd value, struct pubkey *key)
{
	struct rd rest = value;
	size_t n = 1 + 2 * (size_t)key->curve->width;

	if (!der_get_octets(&rest, &key->point) || rest.n != 0)
		key->point = value;
	return key->point.n == n && key->point.p[0] == 0x04;
}

static CK_RV read_ec(const struct tmpl *t, struct pubkey *key)
{
	struct rd params, point;

	TRY_RV(mandatory_bytes(t, CKA_EC_PARAMS, &params));
	TRY_RV(mandatory_bytes(t, CKA_EC_POINT, &point));
	TRY_RV(ec_params_read(params, &key->curve));
	key->type = PUBKEY_EC;
	key->bits = key->curve->bits;
	return read_point(point, key) ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
}

struct usage {
	CK_ATTRIBUTE_TYPE type;
	uint16_t bit;
};

/* Usages that are not named are allowed when in `all`, those named as the template says. */
static CK_RV read_usage(
        const struct tmpl *t, const struct usage *rows, size_t n, uint16_t all, uint16_t *out)
{
	*out = 0;
	for (size_t i = 0; i < n; i++) {
		bool on = (all & rows[i].bit) != 0;

		TRY_RV(tmpl_bool(t, rows[i].type, &on));
		*out |= on ? rows[i].bit : 0;
	}
	return CKR_OK;
}

/* An object has the usage of the private half, whichever half it is. */
static CK_RV read_public_key(const struct tmpl *t, struct object *o)
{
	static const struct usage rows[] = {
		{ CKA_VERIFY, P15_SIGN },
		{ CKA_VERIFY_RECOVER, P15_SIGN_RECOVER },
		{ CKA_ENCRYPT, P15_DECRYPT },
		{ CKA_WRAP, P15_UNWRAP },
		{ CKA_DERIVE, P15_DERIVE },
	};
	CK_KEY_TYPE type;
	uint16_t all;

	TRY_RV(mandatory_ulong(t, CKA_KEY_TYPE, &type));
	if (type != CKK_RSA && type != CKK_EC)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	TRY_RV(type == CKK_RSA ? read_rsa(t, &o->key) : read_ec(t, &o->key));
	all = type == CKK_RSA ? P15_SIGN | P15_DECRYPT : P15_SIGN | P15_DERIVE;
	return read_usage(t, rows, sizeof(rows) / sizeof(rows[0]), all, &o->usage);
}

static CK_RV read_secret_key(const struct tmpl *t, struct object *o)
{
	static const struct usage rows[] = {
		{ CKA_SIGN, P15_SIGN },
		{ CKA_VERIFY, P15_VERIFY },
		{ CKA_ENCRYPT, P15_ENCRYPT },
		{ CKA_DECRYPT, P15_DECRYPT },
		{ CKA_WRAP, P15_WRAP },
		{ CKA_UNWRAP, P15_UNWRAP },
		{ CKA_DERIVE, P15_DERIVE },
	};
	static const struct usage access[] = {
		{ CKA_SENSITIVE, P15_SENSITIVE },
		{ CKA_EXTRACTABLE, P15_EXTRACTABLE },
	};
	CK_KEY_TYPE type;

	TRY_RV(mandatory_ulong(t, CKA_KEY_TYPE, &type));
	TRY_RV(mandatory_bytes(t, CKA_VALUE, &o->value));
	if (type != CKK_GENERIC_SECRET || o->value.n == 0)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	TRY_RV(read_usage(t, rows, sizeof(rows) / sizeof(rows[0]), 0, &o->usage));
	return read_usage(
	        t, access, sizeof(access) / sizeof(access[0]), P15_EXTRACTABLE, &o->access);
}

/* ---- any object ---- */

static const struct maker makers[] = {
	{ CKO_CERTIFICATE, OBJECT_CERTIFICATE, read_certificate, write_certificate },
	{ CKO_DATA, OBJECT_DATA, read_data, write_data },
	{ CKO_PUBLIC_KEY, OBJECT_PUBLIC_KEY, read_public_key, NULL },
	{ CKO_SECRET_KEY, OBJECT_SECRET_KEY, read_secret_key, NULL },
};

/* Private keys are made on the card, by C_GenerateKeyPair. */
static CK_RV find_maker(const struct tmpl *t, const struct maker **out)
{
	CK_OBJECT_CLASS class;

	TRY_RV(mandatory_ulong(t, CKA_CLASS, &class));
	for (size_t i = 0; i < sizeof(makers) / sizeof(makers[0]); i++) {
		if (makers[i].class == class) {
			*out = &makers[i];
			return CKR_OK;
		}
	}
	return class == CKO_PRIVATE_KEY ? CKR_TEMPLATE_INCONSISTENT : CKR_ATTRIBUTE_VALUE_INVALID;
}

CK_RV object_name(const struct tmpl *t, struct object *o)
{
	TRY_RV(tmpl_bytes(t, CKA_LABEL, &o->label));
	TRY_RV(tmpl_bytes(t, CKA_ID, &o->id));
	TRY_RV(tmpl_bool(t, CKA_PRIVATE, &o->is_private));
	if (o->label.n > P15_LABEL_MAX || o->id.n > P15_ID_MAX)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	return CKR_OK;
}

/* Attributes of vendors (NSS has some for certificates) are accepted and not kept. */
static CK_RV check_types(const struct tmpl *t, enum object_kind kind)
{
	for (CK_ULONG i = 0; i < t->n; i++) {
		const struct attr_row *row = attr_row(t->a[i].type, kind);

		if (row == NULL && t->a[i].type < CKA_VENDOR_DEFINED)
			return CKR_ATTRIBUTE_TYPE_INVALID;
		if (row != NULL && (row->rules & ATTR_NEW) == 0)
			return CKR_ATTRIBUTE_READ_ONLY;
	}
	return CKR_OK;
}

static CK_RV check_fixed(struct p11_session *s, const struct tmpl *t, const struct object *o)
{
	for (CK_ULONG i = 0; i < t->n; i++) {
		const struct attr_row *row = attr_row(t->a[i].type, o->kind);

		if (row != NULL && (row->rules & ATTR_FIXED) != 0 && !attr_match(s, o, &t->a[i]))
			return CKR_TEMPLATE_INCONSISTENT;
	}
	return CKR_OK;
}

static CK_RV read_template(
        struct p11_session *s, const struct maker *maker, const struct tmpl *t, struct object *o)
{
	TRY_RV(tmpl_bool(t, CKA_TOKEN, &o->on_token));
	if (o->on_token && maker->write == NULL)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	TRY_RV(check_types(t, maker->kind));
	TRY_RV(object_name(t, o));
	TRY_RV(session_may_change(s, o->on_token, o->is_private));
	TRY_RV(maker->read(t, o));
	return check_fixed(s, t, o);
}

static CK_RV write_object(struct p11_session *s, const struct maker *maker, const struct object *o,
        CK_OBJECT_HANDLE *handle)
{
	struct object *made;

	TRY_RC(maker->write(s->token, o, &made));
	*handle = made->handle;
	object_free(made);
	return CKR_OK;
}

static CK_RV keep_object(struct p11_session *s, struct object *o, CK_OBJECT_HANDLE *handle)
{
	TRY_RV(object_own(o));
	return store_add(s, object_ref(o), handle);
}

CK_RV object_create(struct p11_session *s, const struct tmpl *t, CK_OBJECT_HANDLE *handle)
{
	const struct maker *maker;
	struct object *o;
	CK_RV rv;

	TRY_RV(find_maker(t, &maker));
	o = object_new(maker->kind);
	if (o == NULL)
		return CKR_HOST_MEMORY;
	rv = read_template(s, maker, t, o);
	if (rv == CKR_OK && o->on_token)
		rv = write_object(s, maker, o, handle);
	else if (rv == CKR_OK)
		rv = keep_object(s, o, handle);
	object_free(o);
	return rv;
}
