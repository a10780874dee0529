/* C_GenerateKeyPair. Keys live on the card only: a template that leaves CKA_TOKEN out means a token
 * key, and one that asks for a session key, for a readable or for a public private key is refused.
 * The card has one list of uses for both halves: that of the private template counts. */
#include "p11/op.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct key_rule pub_rules[] = {
	{ CKA_CLASS, RULE_ULONG, CKO_PUBLIC_KEY },
	{ CKA_TOKEN, RULE_BOOL, true },
	{ CKA_PRIVATE, RULE_BOOL, false },
	{ CKA_MODIFIABLE, RULE_BOOL, true },
	{ CKA_DESTROYABLE, RULE_BOOL, true },
	{ CKA_COPYABLE, RULE_BOOL, true },
	{ CKA_TRUSTED, RULE_BOOL, false },
	{ CKA_KEY_TYPE, RULE_ANY, 0 },
	{ CKA_LABEL, RULE_ANY, 0 },
	{ CKA_ID, RULE_ANY, 0 },
	{ CKA_ENCRYPT, RULE_ANY, 0 },
	{ CKA_VERIFY, RULE_ANY, 0 },
	{ CKA_VERIFY_RECOVER, RULE_ANY, 0 },
	{ CKA_WRAP, RULE_ANY, 0 },
	{ CKA_DERIVE, RULE_ANY, 0 },
	{ CKA_MODULUS_BITS, RULE_ANY, 0 },
	{ CKA_PUBLIC_EXPONENT, RULE_ANY, 0 },
	{ CKA_EC_PARAMS, RULE_ANY, 0 },
	{ CKA_SUBJECT, RULE_EMPTY, 0 },
	{ CKA_START_DATE, RULE_EMPTY, 0 },
	{ CKA_END_DATE, RULE_EMPTY, 0 },
	{ CKA_MODULUS, RULE_READ_ONLY, 0 },
	{ CKA_EC_POINT, RULE_READ_ONLY, 0 },
	{ CKA_LOCAL, RULE_READ_ONLY, 0 },
	{ CKA_KEY_GEN_MECHANISM, RULE_READ_ONLY, 0 },
	{ CKA_UNIQUE_ID, RULE_READ_ONLY, 0 },
};

static const struct key_rule priv_rules[] = {
	{ CKA_CLASS, RULE_ULONG, CKO_PRIVATE_KEY },
	{ CKA_TOKEN, RULE_BOOL, true },
	{ CKA_PRIVATE, RULE_BOOL, true },
	{ CKA_SENSITIVE, RULE_BOOL, true },
	{ CKA_EXTRACTABLE, RULE_BOOL, false },
	{ CKA_MODIFIABLE, RULE_BOOL, true },
	{ CKA_DESTROYABLE, RULE_BOOL, true },
	{ CKA_COPYABLE, RULE_BOOL, false },
	{ CKA_ALWAYS_AUTHENTICATE, RULE_BOOL, false },
	{ CKA_WRAP_WITH_TRUSTED, RULE_BOOL, false },
	{ CKA_KEY_TYPE, RULE_ANY, 0 },
	{ CKA_LABEL, RULE_ANY, 0 },
	{ CKA_ID, RULE_ANY, 0 },
	{ CKA_DECRYPT, RULE_ANY, 0 },
	{ CKA_SIGN, RULE_ANY, 0 },
	{ CKA_SIGN_RECOVER, RULE_ANY, 0 },
	{ CKA_UNWRAP, RULE_ANY, 0 },
	{ CKA_DERIVE, RULE_ANY, 0 },
	{ CKA_SUBJECT, RULE_EMPTY, 0 },
	{ CKA_START_DATE, RULE_EMPTY, 0 },
	{ CKA_END_DATE, RULE_EMPTY, 0 },
	{ CKA_LOCAL, RULE_READ_ONLY, 0 },
	{ CKA_ALWAYS_SENSITIVE, RULE_READ_ONLY, 0 },
	{ CKA_NEVER_EXTRACTABLE, RULE_READ_ONLY, 0 },
	{ CKA_KEY_GEN_MECHANISM, RULE_READ_ONLY, 0 },
	{ CKA_UNIQUE_ID, RULE_READ_ONLY, 0 },
};

/* What a private key of each kind can be used for, and is when the template does not say: as
 * OpenSC describes such keys on the card. */
static const struct use {
	CK_KEY_TYPE type;
	uint16_t possible, by_default;
} uses[] = {
	[PUBKEY_RSA] = { CKK_RSA, P15_DECRYPT | P15_SIGN | P15_SIGN_RECOVER | P15_UNWRAP,
	        P15_DECRYPT | P15_SIGN | P15_SIGN_RECOVER },
	[PUBKEY_EC] = { CKK_EC, P15_SIGN | P15_SIGN_RECOVER | P15_DERIVE,
	        P15_SIGN | P15_SIGN_RECOVER | P15_DERIVE },
};

static CK_RV check_key_type(const struct tmpl *t, CK_KEY_TYPE want)
{
	CK_ULONG type = want;

	TRY_RV(tmpl_ulong(t, CKA_KEY_TYPE, &type));
	return type == want ? CKR_OK : CKR_TEMPLATE_INCONSISTENT;
}

static CK_RV read_usage(const struct tmpl *priv, const struct use *use, uint16_t *out)
{
	uint16_t usage = 0;
	bool given = false;

	TRY_RV(key_rules_usage(priv, &usage, &given));
	if (!given)
		return CKR_OK;
	*out = usage;
	if ((*out & P15_SIGN) != 0 && tmpl_find(priv, CKA_SIGN_RECOVER) == NULL)
		*out |= P15_SIGN_RECOVER;
	return (*out & ~use->possible) == 0 ? CKR_OK : CKR_TEMPLATE_INCONSISTENT;
}

CK_RV key_rules_private(const struct tmpl *t, enum pubkey_type type, uint16_t *usage)
{
	const struct use *use = &uses[type];

	TRY_RV(key_rules_check(t, priv_rules, COUNT(priv_rules)));
	TRY_RV(check_key_type(t, use->type));
	return read_usage(t, use, usage);
}

/* From the private template, or else from the public one. */
static CK_RV read_name(const struct tmpl *pub, const struct tmpl *priv, CK_ATTRIBUTE_TYPE type,
        size_t max, struct rd *out)
{
	TRY_RV(tmpl_bytes(pub, type, out));
	TRY_RV(tmpl_bytes(priv, type, out));
	return out->n <= max ? CKR_OK : CKR_ATTRIBUTE_VALUE_INVALID;
}

static CK_RV read_templates(const struct mech *mech, const struct tmpl *pub,
        const struct tmpl *priv, struct new_key *out)
{
	const struct use *use = &uses[mech->key];

	TRY_RV(key_rules_check(pub, pub_rules, COUNT(pub_rules)));
	TRY_RV(check_key_type(pub, use->type));
	out->usage = use->by_default;
	TRY_RV(key_rules_private(priv, mech->key, &out->usage));
	TRY_RV(read_name(pub, priv, CKA_LABEL, P15_LABEL_MAX, &out->label));
	TRY_RV(read_name(pub, priv, CKA_ID, P15_ID_MAX, &out->id));
	return mech->ops->keygen(pub, out);
}

/* An older card has neither the long RSA keys nor the large curves. */
static CK_RV check_limits(struct token *token, const struct new_key *k)
{
	const struct card_limits limits = card_limits(token_card(token));

	if (k->rsa_bits > limits.rsa)
		return CKR_KEY_SIZE_RANGE;
	return k->curve != NULL && k->curve->bits > limits.ec ? CKR_CURVE_NOT_SUPPORTED : CKR_OK;
}

CK_RV op_generate_pair(struct p11_session *s, const CK_MECHANISM *m, const struct tmpl *pub,
        const struct tmpl *priv, CK_OBJECT_HANDLE *pub_handle, CK_OBJECT_HANDLE *priv_handle)
{
	struct object *pub_half, *priv_half;
	struct new_key key = { 0 };
	const struct mech *mech;

	TRY_RV(mech_find(m, CKF_GENERATE_KEY_PAIR, &mech));
	TRY_RV(mech_no_param(m));
	TRY_RV(session_may_change(s, true, true));
	TRY_RV(read_templates(mech, pub, priv, &key));
	TRY_RV(check_limits(s->token, &key));
	TRY_RC(token_generate(s->token, &key, &priv_half, &pub_half));
	*pub_handle = pub_half->handle;
	*priv_handle = priv_half->handle;
	object_free(pub_half);
	object_free(priv_half);
	return CKR_OK;
}
