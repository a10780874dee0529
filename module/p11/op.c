#include "p11/op.h"

#include <openssl/crypto.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

/* What each kind of operation asks of mechanism and key. The usage bits are those of the private
 * key, for both halves. */
static const struct kind {
	CK_FLAGS flag;
	enum object_kind object;
	uint16_t usage;
	bool on_host;
} kinds[OP_KIND_COUNT] = {
	[OP_SIGN] = { CKF_SIGN, OBJECT_PRIVATE_KEY, P15_SIGN, false },
	[OP_VERIFY] = { CKF_VERIFY, OBJECT_PUBLIC_KEY, P15_SIGN, true },
	[OP_ENCRYPT] = { CKF_ENCRYPT, OBJECT_PUBLIC_KEY, P15_DECRYPT, true },
	[OP_DECRYPT] = { CKF_DECRYPT, OBJECT_PRIVATE_KEY, P15_DECRYPT, false },
	[OP_DIGEST] = { .flag = CKF_DIGEST },
};

static CK_RV key_fits(
        const struct mech *mech, const struct object *o, enum object_kind kind, uint16_t usage)
{
	/* Public keys of any size work, on whichever card they are. */
	static const struct card_limits all = { RSA_BITS_MAX, 8 * CURVE_WIDTH_MAX };
	CK_ULONG min, max;

	if (o->kind != kind || o->key.type != mech->key)
		return CKR_KEY_TYPE_INCONSISTENT;
	mech_key_sizes(mech, all, &min, &max);
	if (o->key.bits < min || o->key.bits > max)
		return CKR_KEY_SIZE_RANGE;
	return (o->usage & usage) != 0 ? CKR_OK : CKR_KEY_FUNCTION_NOT_PERMITTED;
}

/* What the card is given must be checked against the public half: an agreement's point against the
 * curve, a block that is not padded here against the modulus. */
static bool needs_public(const struct mech *mech, uint16_t usage)
{
	return usage != P15_SIGN || mech->ops == &mech_rsa_x509;
}

/* Replaces the caller's reference, also on failure: by NULL. */
static CK_RV make_whole(struct p11_session *s, struct object **o)
{
	struct object *whole = NULL;
	hsm_rc rc = token_whole(s->token, *o, &whole);

	object_free(*o);
	*o = whole;
	return op_key_rv(rc);
}

CK_RV op_key(struct p11_session *s, const struct mech *mech, CK_OBJECT_HANDLE handle,
        enum object_kind kind, uint16_t usage, struct object **out)
{
	struct object *o;
	CK_RV rv = store_get(s, handle, &o);

	/* Without a login no private key is to be seen; asked only then, it costs a look. */
	if (rv == CKR_OBJECT_HANDLE_INVALID && kind == OBJECT_PRIVATE_KEY && !session_user(s))
		return CKR_USER_NOT_LOGGED_IN;
	if (rv != CKR_OK)
		return rv == CKR_OBJECT_HANDLE_INVALID ? CKR_KEY_HANDLE_INVALID : rv;
	rv = key_fits(mech, o, kind, usage);
	if (rv == CKR_OK && o->partial && needs_public(mech, usage))
		rv = make_whole(s, &o);
	if (rv != CKR_OK) {
		object_free(o);
		return rv;
	}
	*out = o;
	return CKR_OK;
}

/* The public half may be unknown, or, if it came from the application, no key at all. */
static CK_RV make_host_key(struct p11_op *op)
{
	hsm_rc rc = host_key(&op->key->key, &op->pkey);

	return rc == HSM_E_BAD_DATA ? CKR_KEY_TYPE_INCONSISTENT : rc_to_ckr(rc);
}

static CK_RV take_key(struct p11_session *s, struct p11_op *op, CK_OBJECT_HANDLE handle)
{
	const struct kind *k = &kinds[op->kind];

	TRY_RV(op_key(s, op->mech, handle, k->object, k->usage, &op->key));
	op->width = (op->key->key.bits + 7U) / 8;
	return k->on_host ? make_host_key(op) : CKR_OK;
}

static CK_RV begin(
        struct p11_session *s, struct p11_op *op, const CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	if (op->mech->key != PUBKEY_NONE)
		TRY_RV(take_key(s, op, key));
	return op->mech->ops->begin(op, m);
}

/* PKCS#11 3.0: an Init without mechanism ends what is in progress; 2.40 knows no such call. */
static CK_RV cancel(struct p11_session *s, enum op_kind kind)
{
	if (s->op[kind] == NULL)
		return CKR_ARGUMENTS_BAD;
	op_stop(s, kind);
	return CKR_OK;
}

/* Of what an operation collects, only the part that was used is ever not zero. */
static void op_clear(struct p11_op *op)
{
	object_free(op->key);
	EVP_PKEY_free(op->pkey);
	EVP_MD_CTX_free(op->md);
	buf_free(&op->rsa.label);
	OPENSSL_cleanse(op->in, op->in_n);
	memset(op, 0, offsetof(struct p11_op, in));
}

static struct p11_op *op_room(struct p11_session *s)
{
	struct p11_op *op = s->idle;

	s->idle = NULL;
	return op != NULL ? op : calloc(1, sizeof(*op));
}

void op_stop(struct p11_session *s, enum op_kind kind)
{
	struct p11_op *op = s->op[kind];

	if (op == NULL)
		return;
	op_clear(op);
	s->op[kind] = NULL;
	if (s->idle == NULL)
		s->idle = op;
	else
		free(op);
}

void op_free_all(struct p11_session *s)
{
	for (size_t i = 0; i < OP_KIND_COUNT; i++)
		op_stop(s, (enum op_kind)i);
	free(s->idle);
}

CK_RV op_init(struct p11_session *s, enum op_kind kind, const CK_MECHANISM *m, CK_OBJECT_HANDLE key)
{
	const struct mech *mech;
	struct p11_op *op;
	CK_RV rv;

	if (m == NULL)
		return cancel(s, kind);
	if (s->op[kind] != NULL)
		return CKR_OPERATION_ACTIVE;
	TRY_RV(mech_find(m, kinds[kind].flag, &mech));
	op = op_room(s);
	if (op == NULL)
		return CKR_HOST_MEMORY;
	s->op[kind] = op;
	op->kind = kind;
	op->mech = mech;
	op->card = token_card(s->token);
	rv = begin(s, op, m, key);
	if (rv != CKR_OK)
		op_stop(s, kind);
	return rv;
}

CK_RV op_get(struct p11_session *s, enum op_kind kind, struct p11_op **out)
{
	*out = s->op[kind];
	return *out != NULL ? CKR_OK : CKR_OPERATION_NOT_INITIALIZED;
}

CK_RV op_end(struct p11_session *s, enum op_kind kind, CK_RV rv)
{
	struct p11_op *op = s->op[kind];

	if (op == NULL)
		return rv;
	if (op->stays) {
		op->stays = false;
		return rv;
	}
	op_stop(s, kind);
	return rv;
}

CK_RV op_key_rv(hsm_rc rc)
{
	bool no_key = rc == HSM_E_NO_FILE || rc == HSM_E_NO_REF;

	return no_key ? CKR_KEY_HANDLE_INVALID : rc_to_ckr(rc);
}
