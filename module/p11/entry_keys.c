/* Keys: generated and derived on the card; random numbers of the card. */
#include "p11/op.h"

static CK_RV generate_pair(struct p11_session *s, CK_MECHANISM_PTR m, CK_ATTRIBUTE_PTR pub,
        CK_ULONG pub_n, CK_ATTRIBUTE_PTR priv, CK_ULONG priv_n, CK_OBJECT_HANDLE_PTR pub_handle,
        CK_OBJECT_HANDLE_PTR priv_handle)
{
	struct tmpl pub_tmpl, priv_tmpl;

	if (m == NULL || pub_handle == NULL || priv_handle == NULL)
		return CKR_ARGUMENTS_BAD;
	TRY_RV(tmpl_open(pub, pub_n, &pub_tmpl));
	TRY_RV(tmpl_open(priv, priv_n, &priv_tmpl));
	return op_generate_pair(s, m, &pub_tmpl, &priv_tmpl, pub_handle, priv_handle);
}

CK_RV C_GenerateKeyPair(CK_SESSION_HANDLE session, CK_MECHANISM_PTR m, CK_ATTRIBUTE_PTR pub,
        CK_ULONG pub_n, CK_ATTRIBUTE_PTR priv, CK_ULONG priv_n, CK_OBJECT_HANDLE_PTR pub_handle,
        CK_OBJECT_HANDLE_PTR priv_handle)
{
	struct p11_session *s;
	CK_RV rv = p11_enter(session, &s);

	if (rv == CKR_OK)
		rv = generate_pair(s, m, pub, pub_n, priv, priv_n, pub_handle, priv_handle);
	return p11_leave(s, rv);
}

static CK_RV derive(struct p11_session *s, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE base,
        CK_ATTRIBUTE_PTR t, CK_ULONG n, CK_OBJECT_HANDLE_PTR key)
{
	struct tmpl tmpl;

	if (m == NULL || key == NULL)
		return CKR_ARGUMENTS_BAD;
	TRY_RV(tmpl_open(t, n, &tmpl));
	return op_derive(s, m, base, &tmpl, key);
}

CK_RV C_DeriveKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE base,
        CK_ATTRIBUTE_PTR t, CK_ULONG n, CK_OBJECT_HANDLE_PTR key)
{
	struct p11_session *s;
	CK_RV rv = p11_enter(session, &s);

	if (rv == CKR_OK)
		rv = derive(s, m, base, t, n, key);
	return p11_leave(s, rv);
}

static CK_RV random_bytes(struct p11_session *s, CK_BYTE_PTR out, CK_ULONG n)
{
	AUTO_LANE *lane = NULL;

	if (out == NULL && n != 0)
		return CKR_ARGUMENTS_BAD;
	TRY_RC(card_take(token_card(s->token), &lane));
	return rc_to_ckr(card_random(lane, out, n));
}

CK_RV C_GenerateRandom(CK_SESSION_HANDLE session, CK_BYTE_PTR out, CK_ULONG n)
{
	struct p11_session *s;
	CK_RV rv = p11_enter(session, &s);

	if (rv == CKR_OK)
		rv = random_bytes(s, out, n);
	return p11_leave(s, rv);
}

/* PKCS#11 2.40 section 5.2: NULL asks for the length. */
static CK_RV give(const struct buf *file, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	const CK_ULONG room = *out_n;

	*out_n = file->n;
	if (out == NULL)
		return CKR_OK;
	if (room < file->n)
		return CKR_BUFFER_TOO_SMALL;
	memcpy(out, file->p, file->n);
	return CKR_OK;
}

static CK_RV wrap(struct p11_session *s, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE wrapping,
        CK_OBJECT_HANDLE key, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	AUTO_BUF file = { 0 };

	if (m == NULL || out_n == NULL)
		return CKR_ARGUMENTS_BAD;
	TRY_RV(op_wrap(s, m, wrapping, key, &file));
	return give(&file, out, out_n);
}

CK_RV C_WrapKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE wrapping,
        CK_OBJECT_HANDLE key, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	struct p11_session *s;
	CK_RV rv = p11_enter(session, &s);

	if (rv == CKR_OK)
		rv = wrap(s, m, wrapping, key, out, out_n);
	return p11_leave(s, rv);
}

static CK_RV unwrap(struct p11_session *s, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE unwrapping,
        struct rd in, CK_ATTRIBUTE_PTR t, CK_ULONG t_n, CK_OBJECT_HANDLE_PTR key)
{
	struct tmpl tmpl;

	if (m == NULL || key == NULL || in.p == NULL)
		return CKR_ARGUMENTS_BAD;
	TRY_RV(tmpl_open(t, t_n, &tmpl));
	return op_unwrap(s, m, unwrapping, in, &tmpl, key);
}

CK_RV C_UnwrapKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR m, CK_OBJECT_HANDLE unwrapping,
        CK_BYTE_PTR in, CK_ULONG n, CK_ATTRIBUTE_PTR t, CK_ULONG t_n, CK_OBJECT_HANDLE_PTR key)
{
	struct p11_session *s;
	CK_RV rv = p11_enter(session, &s);

	if (rv == CKR_OK)
		rv = unwrap(s, m, unwrapping, rd_of(in, n), t, t_n, key);
	return p11_leave(s, rv);
}

#pragma GCC diagnostic ignored "-Wunused-parameter" /* a refusal looks at none */

CK_RV C_SeedRandom(CK_SESSION_HANDLE session, CK_BYTE_PTR seed, CK_ULONG n)
{
	return call_refuse(session, CKR_RANDOM_SEED_NOT_SUPPORTED);
}

CK_RV C_GenerateKey(CK_SESSION_HANDLE session, CK_MECHANISM_PTR m, CK_ATTRIBUTE_PTR t, CK_ULONG n,
        CK_OBJECT_HANDLE_PTR key)
{
	return call_refuse(session, CKR_FUNCTION_NOT_SUPPORTED);
}
