/* C_WrapKey and C_UnwrapKey under the DKEK. CKA_EXTRACTABLE is false for all keys of the card and
 * does not forbid this: what does is the key's own list of algorithms. */
#include "p11/op.h"
#include "p11/twinhsm-pkcs11.h"

/* ---- out ---- */

static CK_RV find_key(struct p11_session *s, CK_OBJECT_HANDLE handle, struct object **out)
{
	const CK_RV rv = store_get(s, handle, out);

	if (rv != CKR_OBJECT_HANDLE_INVALID)
		return rv;
	return session_user(s) ? CKR_KEY_HANDLE_INVALID : CKR_USER_NOT_LOGGED_IN;
}

static CK_RV wrap_rv(hsm_rc rc)
{
	switch (rc) {
	case HSM_E_UNSUPPORTED: /* no DKEK */
	case HSM_E_NO_REF:      /* a key domain that has no key yet */
		return CKR_KEY_NOT_WRAPPABLE;
	case HSM_E_KEY_REFUSED:
		return CKR_KEY_UNEXTRACTABLE;
	case HSM_E_NO_FILE:
		return CKR_KEY_HANDLE_INVALID;
	default:
		return rc_to_ckr(rc);
	}
}

CK_RV op_wrap(struct p11_session *s, const CK_MECHANISM *m, CK_OBJECT_HANDLE wrapping,
        CK_OBJECT_HANDLE handle, struct buf *file)
{
	const struct mech *mech;
	struct object *o;
	CK_RV rv = CKR_KEY_NOT_WRAPPABLE;

	TRY_RV(mech_find(m, CKF_WRAP, &mech));
	TRY_RV(mech_no_param(m));
	if (wrapping != CK_INVALID_HANDLE)
		return CKR_WRAPPING_KEY_HANDLE_INVALID;
	TRY_RV(find_key(s, handle, &o));
	if (o->kind == OBJECT_PRIVATE_KEY)
		rv = wrap_rv(token_wrap(s->token, o, file));
	object_free(o);
	return rv;
}

/* ---- in ---- */

static CK_RV read_rv(hsm_rc rc)
{
	switch (rc) {
	case HSM_E_BAD_DATA:
		return CKR_WRAPPED_KEY_INVALID;
	case HSM_E_BAD_ALG: /* secret keys are no objects here */
		return CKR_KEY_TYPE_INCONSISTENT;
	default:
		return rc_to_ckr(rc);
	}
}

static CK_RV unwrap_rv(hsm_rc rc)
{
	switch (rc) {
	case HSM_E_BAD_DATA:
		return CKR_WRAPPED_KEY_INVALID;
	case HSM_E_BAD_ALG:
		return CKR_KEY_SIZE_RANGE;
	case HSM_E_UNSUPPORTED:
		return CKR_MECHANISM_INVALID;
	default:
		return rc_to_ckr(rc);
	}
}

/* The template may give the key another name and other uses than the file does. */
static CK_RV read_template(const struct tmpl *t, struct p15_key *d)
{
	TRY_RV(key_rules_private(t, d->type == P15_RSA ? PUBKEY_RSA : PUBKEY_EC, &d->usage));
	TRY_RV(tmpl_bytes(t, CKA_LABEL, &d->label));
	TRY_RV(tmpl_bytes(t, CKA_ID, &d->id));
	return d->label.n <= P15_LABEL_MAX && d->id.n <= P15_ID_MAX ? CKR_OK
	                                                            : CKR_ATTRIBUTE_VALUE_INVALID;
}

CK_RV op_unwrap(struct p11_session *s, const CK_MECHANISM *m, CK_OBJECT_HANDLE unwrapping,
        struct rd file, const struct tmpl *t, CK_OBJECT_HANDLE *handle)
{
	const struct mech *mech;
	struct wrapped_key key;
	struct object *o;

	TRY_RV(mech_find(m, CKF_UNWRAP, &mech));
	TRY_RV(mech_no_param(m));
	if (unwrapping != CK_INVALID_HANDLE)
		return CKR_UNWRAPPING_KEY_HANDLE_INVALID;
	TRY_RV(session_may_change(s, true, true));
	TRY_RV(read_rv(token_wrapped_read(file, &key)));
	TRY_RV(read_template(t, &key.description));
	TRY_RV(unwrap_rv(token_unwrap(s->token, &key, &o)));
	*handle = o->handle;
	object_free(o);
	return CKR_OK;
}
