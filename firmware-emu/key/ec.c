#include "key/ec.h"

#include <openssl/core_names.h>
#include <openssl/ec.h>
#include <openssl/params.h>

#include "base/ossl.h"

/* What one multiplication needs; released together. */
struct work {
	EC_GROUP *group;
	BN_CTX *bn;
	BIGNUM *scalar;
	EC_POINT *in, *out;
};

static void work_done(struct work *w)
{
	EC_POINT_free(w->in);
	EC_POINT_clear_free(w->out);
	BN_clear_free(w->scalar);
	BN_CTX_free(w->bn);
	EC_GROUP_free(w->group);
}

OSSL_PARAM ec_group_param(const struct curve *curve, char *name)
{
	/* OSSL_PARAM takes no constant string. */
	strncpy(name, curve->name, EC_NAME_MAX - 1);
	name[EC_NAME_MAX - 1] = '\0';
	return OSSL_PARAM_construct_utf8_string(OSSL_PKEY_PARAM_GROUP_NAME, name, 0);
}

static EC_GROUP *group_new(const struct curve *curve)
{
	char name[EC_NAME_MAX];
	const OSSL_PARAM params[] = {
		ec_group_param(curve, name),
		OSSL_PARAM_construct_end(),
	};

	return EC_GROUP_new_from_params(params, ossl_ctx(), NULL);
}

static hsm_rc work_init(struct work *w, const struct curve *curve, struct rd scalar)
{
	w->group = group_new(curve);
	w->bn = BN_CTX_secure_new_ex(ossl_ctx());
	w->scalar = BN_secure_new();
	if (w->group == NULL || w->bn == NULL || w->scalar == NULL)
		return HSM_E_MEMORY;
	w->in = EC_POINT_new(w->group);
	w->out = EC_POINT_new(w->group);
	if (w->in == NULL || w->out == NULL ||
	        BN_bin2bn(scalar.p, (int)scalar.n, w->scalar) == NULL)
		return HSM_E_MEMORY;
	BN_set_flags(w->scalar, BN_FLG_CONSTTIME);
	return HSM_OK;
}

static hsm_rc multiply(struct work *w, const struct curve *curve, struct rd point, struct wr *out)
{
	const size_t point_n = 1 + 2 * (size_t)curve->width;
	uint8_t *room;

	if (BN_is_zero(w->scalar) || BN_cmp(w->scalar, EC_GROUP_get0_order(w->group)) >= 0)
		return HSM_E_BAD_DATA;
	if (point.n == 0) {
		if (EC_POINT_mul(w->group, w->out, w->scalar, NULL, NULL, w->bn) != 1)
			return HSM_E_FAIL;
	} else {
		/* EC_POINT_oct2point checks that the point is on the curve. */
		if (point.n != point_n || point.p[0] != 0x04 ||
		        EC_POINT_oct2point(w->group, w->in, point.p, point.n, w->bn) != 1)
			return HSM_E_BAD_DATA;
		if (EC_POINT_mul(w->group, w->out, NULL, w->in, w->scalar, w->bn) != 1)
			return HSM_E_FAIL;
	}
	room = wr_room(out, point_n);
	if (room == NULL)
		return HSM_E_SMALL;
	if (EC_POINT_point2oct(w->group, w->out, POINT_CONVERSION_UNCOMPRESSED, room, point_n,
	            w->bn) != point_n)
		return HSM_E_FAIL;
	return HSM_OK;
}

hsm_rc ec_multiply(const struct curve *curve, struct rd scalar, struct rd point, struct wr *out)
{
	struct work w = { 0 };
	hsm_rc rc;

	rc = work_init(&w, curve, scalar);
	if (rc == HSM_OK)
		rc = multiply(&w, curve, point, out);
	work_done(&w);
	return rc;
}

/* The numbers of one addition; released together. */
struct sum {
	BN_CTX *bn;
	BIGNUM *order, *a, *b;
};

static void sum_done(struct sum *s)
{
	BN_free(s->order);
	BN_clear_free(s->a);
	BN_clear_free(s->b);
	BN_CTX_free(s->bn);
}

static hsm_rc sum_init(struct sum *s, struct rd order, struct rd a, struct rd b)
{
	s->bn = BN_CTX_secure_new_ex(ossl_ctx());
	s->order = BN_bin2bn(order.p, (int)order.n, NULL);
	s->a = BN_secure_new();
	s->b = BN_secure_new();
	if (s->bn == NULL || s->order == NULL || s->a == NULL || s->b == NULL ||
	        BN_bin2bn(a.p, (int)a.n, s->a) == NULL || BN_bin2bn(b.p, (int)b.n, s->b) == NULL)
		return HSM_E_MEMORY;
	return HSM_OK;
}

/* Once both are below the order, the addition takes the same time for all. */
static hsm_rc add(struct sum *s, uint8_t *out, size_t n)
{
	if (BN_nnmod(s->b, s->b, s->order, s->bn) != 1 ||
	        BN_mod_add_quick(s->a, s->a, s->b, s->order) != 1)
		return HSM_E_FAIL;
	if (BN_is_zero(s->a))
		return HSM_E_BAD_DATA;
	return BN_bn2binpad(s->a, out, (int)n) == (int)n ? HSM_OK : HSM_E_FAIL;
}

hsm_rc ec_scalar_add(const struct curve *curve, uint8_t *scalar, struct rd term)
{
	struct sum s = { 0 };
	hsm_rc rc = sum_init(&s, curve->order, rd_of(scalar, curve->width), term);

	if (rc == HSM_OK)
		rc = add(&s, scalar, curve->width);
	sum_done(&s);
	return rc;
}

static hsm_rc pkey_new(OSSL_PARAM *params, EVP_PKEY **out)
{
	EVP_PKEY_CTX *ctx = EVP_PKEY_CTX_new_from_name(ossl_ctx(), OSSL_TYPE_EC, NULL);
	hsm_rc rc = HSM_OK;

	*out = NULL;
	if (ctx == NULL)
		return HSM_E_MEMORY;
	if (EVP_PKEY_fromdata_init(ctx) != 1 ||
	        EVP_PKEY_fromdata(ctx, out, EVP_PKEY_KEYPAIR, params) != 1)
		rc = HSM_E_FAIL;
	EVP_PKEY_CTX_free(ctx);
	return rc;
}

hsm_rc ec_key_open(const struct curve *curve, struct rd scalar, EVP_PKEY **out)
{
	char name[EC_NAME_MAX];
	uint8_t point[POINT_MAX], native[CURVE_WIDTH_MAX];
	struct wr w = WR_ARRAY(point);
	OSSL_PARAM params[4];
	hsm_rc rc;

	*out = NULL;
	if (scalar.n != curve->width)
		return HSM_E_BAD_DATA;
	TRY(ec_multiply(curve, scalar, rd_of(NULL, 0), &w));
	/* OSSL_PARAM integers are in the byte order of the machine. */
	for (size_t i = 0; i < scalar.n; i++) {
		const size_t at = __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__ ? scalar.n - 1 - i : i;

		native[at] = scalar.p[i];
	}
	params[0] = ec_group_param(curve, name);
	params[1] = OSSL_PARAM_construct_octet_string(OSSL_PKEY_PARAM_PUB_KEY, point, w.n);
	params[2] = OSSL_PARAM_construct_BN(OSSL_PKEY_PARAM_PRIV_KEY, native, scalar.n);
	params[3] = OSSL_PARAM_construct_end();
	rc = pkey_new(params, out);
	OPENSSL_cleanse(native, sizeof(native));
	return rc;
}

hsm_rc ec_key_scalar(const struct curve *curve, EVP_PKEY *pkey, uint8_t *out)
{
	BIGNUM *scalar = NULL;
	char name[EC_NAME_MAX];
	hsm_rc rc = HSM_OK;

	if (EVP_PKEY_get_group_name(pkey, name, sizeof(name), NULL) != 1 ||
	        strcmp(name, curve->name) != 0 ||
	        EVP_PKEY_get_bn_param(pkey, OSSL_PKEY_PARAM_PRIV_KEY, &scalar) != 1)
		return HSM_E_BAD_DATA;
	if (BN_bn2binpad(scalar, out, curve->width) != curve->width)
		rc = HSM_E_BAD_DATA;
	BN_clear_free(scalar);
	return rc;
}

hsm_rc ec_key_point(const struct curve *curve, EVP_PKEY *pkey, struct wr *out)
{
	const size_t want = 1 + 2 * (size_t)curve->width;
	uint8_t *room = wr_room(out, want);
	size_t n;

	if (room == NULL)
		return HSM_E_SMALL;
	if (EVP_PKEY_get_octet_string_param(pkey, OSSL_PKEY_PARAM_PUB_KEY, room, want, &n) != 1 ||
	        n != want || room[0] != 0x04)
		return HSM_E_FAIL;
	return HSM_OK;
}
