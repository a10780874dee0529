#include "key/template.h"

#include "base/tlv.h"

#define OID_RSA_SHA256   "\x04\x00\x7F\x00\x07\x02\x02\x02\x01\x02"
#define OID_ECDSA_SHA256 "\x04\x00\x7F\x00\x07\x02\x02\x02\x02\x03"

static const uint16_t rsa_sizes[] = { 1024, 1536, 2048, 3072, 4096 };

bool key_rsa_size(uint16_t bits)
{
	for (size_t i = 0; i < sizeof(rsa_sizes) / sizeof(rsa_sizes[0]); i++) {
		if (rsa_sizes[i] == bits)
			return true;
	}
	return false;
}

static hsm_rc rsa_parse(struct rd params, struct emu_key_meta *meta)
{
	struct rd exponent, size;
	uint16_t bits;

	if (!tlv_get(&params, 0x82, &exponent) || !tlv_get(&params, 0x02, &size) ||
	        !rd_u16(&size, &bits) || size.n != 0 || params.n != 0)
		return HSM_E_BAD_DATA;
	if (!rd_equal(exponent, RD_LIT("\x01\x00\x01")))
		return HSM_E_BAD_DATA;
	meta->type = EMU_KEY_RSA;
	meta->bits = bits;
	return key_rsa_size(bits) ? HSM_OK : HSM_E_BAD_ALG;
}

static hsm_rc ec_parse(struct rd params, struct emu_key_meta *meta)
{
	struct rd p, a, b, g, order, cofactor;

	if (!tlv_get(&params, 0x81, &p) || !tlv_get(&params, 0x82, &a) ||
	        !tlv_get(&params, 0x83, &b) || !tlv_get(&params, 0x84, &g) ||
	        !tlv_get(&params, 0x85, &order) || !tlv_get(&params, 0x87, &cofactor) ||
	        params.n != 0)
		return HSM_E_BAD_DATA;
	meta->curve = curve_by_params(p, a, b, g, order);
	if (meta->curve == NULL || !rd_equal(cofactor, RD_LIT("\x01")))
		return HSM_E_BAD_ALG;
	meta->type = EMU_KEY_EC;
	meta->bits = meta->curve->bits;
	return HSM_OK;
}

static hsm_rc key_parse(struct rd content, struct emu_key_meta *meta)
{
	struct rd oid;

	if (!tlv_get(&content, 0x06, &oid))
		return HSM_E_BAD_DATA;
	if (rd_equal(oid, RD_LIT(OID_RSA_SHA256)))
		return rsa_parse(content, meta);
	if (rd_equal(oid, RD_LIT(OID_ECDSA_SHA256)))
		return ec_parse(content, meta);
	return HSM_E_BAD_ALG;
}

/* A reference to a certificate or its holder; `optional` ones may be absent. */
static bool get_reference(struct rd *r, uint16_t tag, bool optional, struct rd *out)
{
	if (!tlv_get_opt(r, tag, out))
		return false;
	if (out->p == NULL)
		return optional;
	return out->n >= 1 && out->n <= P15_CHR_MAX;
}

/* A wrapping key is not known here; a rule that would not be kept is refused. */
hsm_rc key_rules_parse(const struct emu_image *image, struct rd r, struct emu_key_meta *meta)
{
	struct rd algs, counter, domain, wrapping;

	if (r.n != 0 && !profile_since(image->profile, APPLET(2, 4)))
		return HSM_E_BAD_DATA;
	if (!tlv_get_opt(&r, 0x90, &counter) || !tlv_get_opt(&r, 0x91, &algs) ||
	        !tlv_get_opt(&r, 0x92, &domain) || !tlv_get_opt(&r, 0x93, &wrapping) || r.n != 0 ||
	        algs.n > sizeof(meta->algs) || (algs.p != NULL && algs.n == 0))
		return HSM_E_BAD_DATA;
	if (counter.p != NULL &&
	        (!rd_u32(&counter, &meta->uses) || counter.n != 0 || meta->uses == 0))
		return HSM_E_BAD_DATA;
	if (domain.p != NULL && (!rd_u8(&domain, &meta->domain) || domain.n != 0))
		return HSM_E_BAD_DATA;
	if (wrapping.p != NULL)
		return HSM_E_BAD_ALG;
	if (meta->domain != 0 && meta->domain >= image->domains)
		return HSM_E_NO_REF;
	if (algs.n != 0)
		memcpy(meta->algs, algs.p, algs.n);
	meta->algs_n = (uint8_t)algs.n;
	return HSM_OK;
}

hsm_rc key_template_parse(const struct emu_image *image, struct rd bytes, struct key_template *out)
{
	const bool car_optional = profile_since(image->profile, APPLET(2, 0));
	struct rd profile, key;

	*out = (struct key_template){ 0 };
	if (!tlv_get(&bytes, 0x5F29, &profile) || !rd_equal(profile, rd_of("", 1)) ||
	        !get_reference(&bytes, 0x42, car_optional, &out->car) ||
	        !tlv_get(&bytes, 0x7F49, &key) ||
	        !get_reference(&bytes, 0x5F20, false, &out->chr) ||
	        !get_reference(&bytes, 0x45, true, &out->outer_car))
		return HSM_E_BAD_DATA;
	TRY(key_parse(key, &out->meta));
	TRY(key_rules_parse(image, bytes, &out->meta));
	return image_takes_key(image, &out->meta) ? HSM_OK : HSM_E_BAD_ALG;
}
