#include "p11/op.h"

static CK_RV keeps_bool(const CK_ATTRIBUTE *a, CK_ULONG want)
{
	CK_BBOOL v;

	if (a->ulValueLen != sizeof(v))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	memcpy(&v, a->pValue, sizeof(v));
	return (v != CK_FALSE) == (want != 0) ? CKR_OK : CKR_TEMPLATE_INCONSISTENT;
}

static CK_RV keeps_ulong(const CK_ATTRIBUTE *a, CK_ULONG want)
{
	CK_ULONG v;

	if (a->ulValueLen != sizeof(v))
		return CKR_ATTRIBUTE_VALUE_INVALID;
	memcpy(&v, a->pValue, sizeof(v));
	return v == want ? CKR_OK : CKR_TEMPLATE_INCONSISTENT;
}

static CK_RV keeps(const CK_ATTRIBUTE *a, const struct key_rule *rule)
{
	switch (rule->kind) {
	case RULE_ANY:
		return CKR_OK;
	case RULE_BOOL:
		return keeps_bool(a, rule->value);
	case RULE_ULONG:
		return keeps_ulong(a, rule->value);
	case RULE_EMPTY:
		return a->ulValueLen == 0 ? CKR_OK : CKR_TEMPLATE_INCONSISTENT;
	case RULE_READ_ONLY:
		return CKR_ATTRIBUTE_READ_ONLY;
	}
	return CKR_GENERAL_ERROR;
}

CK_RV key_rules_check(const struct tmpl *t, const struct key_rule *rules, size_t n)
{
	for (CK_ULONG i = 0; i < t->n; i++) {
		const struct key_rule *rule = NULL;

		for (size_t k = 0; k < n && rule == NULL; k++) {
			if (rules[k].type == t->a[i].type)
				rule = &rules[k];
		}
		if (rule == NULL)
			return CKR_ATTRIBUTE_TYPE_INVALID;
		TRY_RV(keeps(&t->a[i], rule));
	}
	return CKR_OK;
}

CK_RV key_rules_usage(const struct tmpl *t, uint16_t *usage, bool *given)
{
	static const struct {
		CK_ATTRIBUTE_TYPE type;
		uint16_t bit;
	} bits[] = {
		{ CKA_ENCRYPT, P15_ENCRYPT },
		{ CKA_DECRYPT, P15_DECRYPT },
		{ CKA_SIGN, P15_SIGN },
		{ CKA_SIGN_RECOVER, P15_SIGN_RECOVER },
		{ CKA_WRAP, P15_WRAP },
		{ CKA_UNWRAP, P15_UNWRAP },
		{ CKA_VERIFY, P15_VERIFY },
		{ CKA_VERIFY_RECOVER, P15_VERIFY_RECOVER },
		{ CKA_DERIVE, P15_DERIVE },
	};

	for (size_t i = 0; i < sizeof(bits) / sizeof(bits[0]); i++) {
		bool on = false;

		TRY_RV(tmpl_bool(t, bits[i].type, &on));
		if (on)
			*usage |= bits[i].bit;
		*given |= tmpl_find(t, bits[i].type) != NULL;
	}
	return CKR_OK;
}
