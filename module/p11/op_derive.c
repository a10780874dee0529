/* C_DeriveKey: the agreed secret becomes a session object. */
#include "p11/op.h"

enum { SECRET_LEN_MAX = 1024 };

static const struct key_rule rules[] = {
	{ CKA_CLASS, RULE_ULONG, CKO_SECRET_KEY },
	{ CKA_KEY_TYPE, RULE_ULONG, CKK_GENERIC_SECRET },
	{ CKA_TOKEN, RULE_BOOL, false },
	{ CKA_TRUSTED, RULE_BOOL, false },
	{ CKA_WRAP_WITH_TRUSTED, RULE_BOOL, false },
	{ CKA_PRIVATE, RULE_ANY, 0 },
	{ CKA_SENSITIVE, RULE_ANY, 0 },
	{ CKA_EXTRACTABLE, RULE_ANY, 0 },
	{ CKA_MODIFIABLE, RULE_BOOL, true },
	{ CKA_COPYABLE, RULE_BOOL, true },
	{ CKA_DESTROYABLE, RULE_BOOL, true },
	{ CKA_LABEL, RULE_ANY, 0 },
	{ CKA_ID, RULE_ANY, 0 },
	{ CKA_VALUE_LEN, RULE_ANY, 0 },
	{ CKA_ENCRYPT, RULE_ANY, 0 },
	{ CKA_DECRYPT, RULE_ANY, 0 },
	{ CKA_SIGN, RULE_ANY, 0 },
	{ CKA_VERIFY, RULE_ANY, 0 },
	{ CKA_WRAP, RULE_ANY, 0 },
	{ CKA_UNWRAP, RULE_ANY, 0 },
	{ CKA_DERIVE, RULE_ANY, 0 },
	{ CKA_START_DATE, RULE_EMPTY, 0 },
	{ CKA_END_DATE, RULE_EMPTY, 0 },
	{ CKA_VALUE, RULE_READ_ONLY, 0 },
	{ CKA_LOCAL, RULE_READ_ONLY, 0 },
	{ CKA_ALWAYS_SENSITIVE, RULE_READ_ONLY, 0 },
	{ CKA_NEVER_EXTRACTABLE, RULE_READ_ONLY, 0 },
	{ CKA_KEY_GEN_MECHANISM, RULE_READ_ONLY, 0 },
	{ CKA_UNIQUE_ID, RULE_READ_ONLY, 0 },
};

static CK_RV read_length(const struct tmpl *t, size_t *out)
{
	CK_ULONG n = 0;

	TRY_RV(tmpl_ulong(t, CKA_VALUE_LEN, &n));
	if (n > SECRET_LEN_MAX || (n == 0 && tmpl_find(t, CKA_VALUE_LEN) != NULL))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	*out = n;
	return CKR_OK;
}

/* The base key never was readable, so only the template decides about the past as well. */
static CK_RV read_access(const struct tmpl *t, struct object *o)
{
	bool sensitive = false, extractable = true, given = false;

	o->is_private = true;
	TRY_RV(tmpl_bool(t, CKA_PRIVATE, &o->is_private));
	TRY_RV(tmpl_bool(t, CKA_SENSITIVE, &sensitive));
	TRY_RV(tmpl_bool(t, CKA_EXTRACTABLE, &extractable));
	o->access = sensitive ? P15_SENSITIVE | P15_ALWAYS_SENSITIVE : 0;
	o->access |= extractable ? P15_EXTRACTABLE : P15_NEVER_EXTRACTABLE;
	return key_rules_usage(t, &o->usage, &given);
}

/* Label and id, one after the other in the object's second buffer. */
static CK_RV read_names(const struct tmpl *t, struct object *o)
{
	struct rd label = { 0 }, id = { 0 };
	struct buf *b = &o->bytes[1];

	TRY_RV(tmpl_bytes(t, CKA_LABEL, &label));
	TRY_RV(tmpl_bytes(t, CKA_ID, &id));
	if (label.n > P15_LABEL_MAX || id.n > P15_ID_MAX)
		return CKR_ATTRIBUTE_VALUE_INVALID;
	TRY_RC(buf_append(b, label));
	TRY_RC(buf_append(b, id));
	o->label = rd_of(b->p, label.n);
	o->id = id.n == 0 ? rd_of(NULL, 0) : rd_of(b->p + label.n, id.n);
	return CKR_OK;
}

static CK_RV fill(struct p11_session *s, const struct mech *mech, const CK_MECHANISM *m,
        const struct object *base, const struct tmpl *t, struct object *o)
{
	size_t want;

	TRY_RV(read_length(t, &want));
	TRY_RV(read_access(t, o));
	TRY_RV(read_names(t, o));
	TRY_RV(mech->ops->derive(token_card(s->token), base, m, want, &o->bytes[0]));
	o->value = buf_rd(&o->bytes[0]);
	return CKR_OK;
}

static CK_RV derive(struct p11_session *s, const struct mech *mech, const CK_MECHANISM *m,
        const struct object *base, const struct tmpl *t, CK_OBJECT_HANDLE *handle)
{
	struct object *o = object_new(OBJECT_SECRET_KEY);
	CK_RV rv;

	if (o == NULL)
		return CKR_HOST_MEMORY;
	rv = fill(s, mech, m, base, t, o);
	if (rv == CKR_OK)
		return store_add(s, o, handle);
	object_free(o);
	return rv;
}

CK_RV op_derive(struct p11_session *s, const CK_MECHANISM *m, CK_OBJECT_HANDLE base,
        const struct tmpl *t, CK_OBJECT_HANDLE *handle)
{
	const struct mech *mech;
	struct object *key;
	CK_RV rv;

	TRY_RV(mech_find(m, CKF_DERIVE, &mech));
	TRY_RV(key_rules_check(t, rules, sizeof(rules) / sizeof(rules[0])));
	TRY_RV(op_key(s, mech, base, OBJECT_PRIVATE_KEY, P15_DERIVE, &key));
	rv = derive(s, mech, m, key, t, handle);
	object_free(key);
	return rv;
}
