/* Calls on a session's operation, the same for every kind: enter, work, end what has ended, leave.
 */
#include "p11/op.h"

static CK_RV bytes(const void *p, CK_ULONG n, struct rd *out)
{
	*out = rd_of(p, n);
	return p != NULL || n == 0 ? CKR_OK : CKR_ARGUMENTS_BAD;
}

CK_RV call_init(
        CK_SESSION_HANDLE session, enum op_kind kind, const CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	struct p11_session *s;
	CK_RV rv = p11_enter(session, &s);

	if (rv == CKR_OK)
		rv = op_init(s, kind, m, key);
	return p11_leave(s, rv);
}

static CK_RV whole(
        struct p11_op *op, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	struct rd data;

	TRY_RV(bytes(in, n, &data));
	return op_run(op, &data, out, out_n);
}

CK_RV call_whole(CK_SESSION_HANDLE session, enum op_kind kind, CK_BYTE_PTR in, CK_ULONG n,
        CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	struct p11_session *s;
	struct p11_op *op;
	CK_RV rv = p11_enter(session, &s);

	if (rv == CKR_OK)
		rv = op_get(s, kind, &op);
	if (rv == CKR_OK)
		rv = op_end(s, kind, whole(op, in, n, out, out_n));
	return p11_leave(s, rv);
}

static CK_RV part(struct p11_op *op, CK_BYTE_PTR in, CK_ULONG n)
{
	struct rd data;

	TRY_RV(bytes(in, n, &data));
	return op_update(op, data);
}

CK_RV call_part(CK_SESSION_HANDLE session, enum op_kind kind, CK_BYTE_PTR in, CK_ULONG n)
{
	struct p11_session *s;
	struct p11_op *op;
	CK_RV rv = p11_enter(session, &s);

	if (rv == CKR_OK)
		rv = op_get(s, kind, &op);
	if (rv == CKR_OK)
		rv = op_end(s, kind, part(op, in, n));
	return p11_leave(s, rv);
}

/* RSA gives its output at the end; a length query must not take the input. */
static CK_RV part_out(
        struct p11_op *op, CK_BYTE_PTR in, CK_ULONG n, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	if (out_n == NULL)
		return CKR_ARGUMENTS_BAD;
	*out_n = 0;
	if (out != NULL)
		return part(op, in, n);
	op->stays = true;
	return CKR_OK;
}

CK_RV call_part_out(CK_SESSION_HANDLE session, enum op_kind kind, CK_BYTE_PTR in, CK_ULONG n,
        CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	struct p11_session *s;
	struct p11_op *op;
	CK_RV rv = p11_enter(session, &s);

	if (rv == CKR_OK)
		rv = op_get(s, kind, &op);
	if (rv == CKR_OK)
		rv = op_end(s, kind, part_out(op, in, n, out, out_n));
	return p11_leave(s, rv);
}

CK_RV call_last(CK_SESSION_HANDLE session, enum op_kind kind, CK_BYTE_PTR out, CK_ULONG_PTR out_n)
{
	struct p11_session *s;
	struct p11_op *op;
	CK_RV rv = p11_enter(session, &s);

	if (rv == CKR_OK)
		rv = op_get(s, kind, &op);
	if (rv == CKR_OK)
		rv = op_end(s, kind, op_run(op, NULL, out, out_n));
	return p11_leave(s, rv);
}

static CK_RV verify(struct p11_op *op, const struct call_data *data, CK_BYTE_PTR sig, CK_ULONG n)
{
	struct rd in, signature;

	if (sig == NULL)
		return CKR_ARGUMENTS_BAD;
	TRY_RV(bytes(sig, n, &signature));
	if (data == NULL)
		return op_verify(op, NULL, signature);
	TRY_RV(bytes(data->p, data->n, &in));
	return op_verify(op, &in, signature);
}

CK_RV call_verify(
        CK_SESSION_HANDLE session, const struct call_data *data, CK_BYTE_PTR sig, CK_ULONG sig_n)
{
	struct p11_session *s;
	struct p11_op *op;
	CK_RV rv = p11_enter(session, &s);

	if (rv == CKR_OK)
		rv = op_get(s, OP_VERIFY, &op);
	if (rv == CKR_OK)
		rv = op_end(s, OP_VERIFY, verify(op, data, sig, sig_n));
	return p11_leave(s, rv);
}

CK_RV call_refuse(CK_SESSION_HANDLE session, CK_RV why)
{
	struct p11_session *s;
	CK_RV rv = p11_enter(session, &s);

	return p11_leave(s, rv == CKR_OK ? why : rv);
}
