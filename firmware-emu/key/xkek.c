#include "key/xkek.h"

#include "base/ossl.h"
#include "base/tlv.h"
#include "key/ec.h"
#include "key/key.h"
#include "key/prepare.h"
#include "p15/cvc_tags.h"
#include "p15/cvc_verify.h"

#define ECDSA_SHA256 CVC_ID_TA_ECDSA "\x03"
#define ID_DOMAIN    "\x2B\x06\x01\x04\x01\x81\xC3\x1F\x03\x02\x02"

enum { TAG_MEMBERSHIP = 0x54, TAG_EXTENSION = 0x73, TAG_UID = 0x80, WIDTH = 32 };

_Static_assert((int)KEK_UID_MAX == 2 * (int)WIDTH, "room for a point");
_Static_assert((int)DKEK_LEN == (int)WIDTH, "a coordinate is a KEK");

/* ---- membership ---- */

/* What the parsers of card answers call malformed came from the host here. */
static hsm_rc from_host(hsm_rc rc)
{
	return rc == HSM_E_CARD_DATA ? HSM_E_BAD_DATA : rc;
}

static hsm_rc check_key(const struct cvc_key *key)
{
	if (key->is_rsa || key->curve == NULL || key->curve->width != WIDTH ||
	        !rd_equal(key->oid, RD_LIT(ECDSA_SHA256)))
		return HSM_E_BAD_ALG;
	return key->point.n == 1 + 2 * (size_t)WIDTH ? HSM_OK : HSM_E_BAD_DATA;
}

hsm_rc xkek_membership_parse(struct rd data, struct xkek_membership *out)
{
	struct rd r = data, ignored;

	*out = (struct xkek_membership){ 0 };
	if (!tlv_get(&r, CVC_BODY, &ignored) || !tlv_get(&r, CVC_SIGNATURE, &ignored))
		return HSM_E_BAD_DATA;
	TRY(from_host(cvc_content_parse(rd_of(data.p, data.n - r.n), &out->group)));
	if (!tlv_get(&r, TAG_MEMBERSHIP, &out->signature) || r.n != 0)
		return HSM_E_BAD_DATA;
	TRY(check_key(&out->group.key));
	out->uid = rd_of(out->group.key.point.p + 1, 2 * (size_t)WIDTH);
	return HSM_OK;
}

/* Has the key of a request signed it itself? */
static bool signed_itself(const struct cvc *c)
{
	return cvc_verify(c, c->key.oid, c->key.curve, c->key.point) == HSM_OK;
}

hsm_rc xkek_membership_verify(const struct emu_image *image, const struct xkek_membership *m)
{
	const struct cvc_key *by = &m->group.key;
	uint8_t point[POINT_MAX], covered[1 + WIDTH] = { TAG_MEMBERSHIP };
	struct wr w = WR_ARRAY(point);

	TRY(device_point(image, &w));
	memcpy(covered + 1, point + 1, WIDTH);
	return signed_itself(&m->group) &&
	                       cvc_verify_data(rd_of(covered, sizeof(covered)), m->signature,
	                               by->oid, by->curve, by->point) == HSM_OK
	               ? HSM_OK
	               : HSM_E_UNTRUSTED;
}

/* ---- the group in requests ---- */

static bool is_listed(const struct emu_key_meta *meta)
{
	return memchr(meta->algs, ALG_XKEK, meta->algs_n) != NULL;
}

void xkek_extension_put(
        const struct emu_image *image, const struct emu_key_meta *meta, struct wr *out)
{
	const struct emu_kek *kek = &image->keks[meta->domain];
	size_t mark;

	if (meta->type != EMU_KEY_EC || !is_listed(meta) || kek->uid_n == 0)
		return;
	mark = tlv_open(out, TAG_EXTENSION);
	tlv_put(out, CVC_OID, RD_LIT(ID_DOMAIN));
	tlv_put(out, TAG_UID, rd_of(kek->uid, kek->uid_n));
	tlv_close(out, mark);
}

struct rd xkek_extension_uid(struct rd extensions)
{
	struct rd one, oid, uid;

	while (tlv_get(&extensions, TAG_EXTENSION, &one)) {
		if (tlv_get(&one, CVC_OID, &oid) && rd_equal(oid, RD_LIT(ID_DOMAIN)) &&
		        tlv_get(&one, TAG_UID, &uid))
			return uid;
	}
	return rd_of(NULL, 0);
}

/* ---- agreement ---- */

hsm_rc xkek_key(const struct emu_image *image, uint8_t kid, struct emu_key **out)
{
	struct emu_key *key = image->keys[kid];
	const struct emu_kek *kek;

	if (key == NULL)
		return HSM_E_NO_REF;
	if (key->meta.type != EMU_KEY_EC || key->meta.curve != cvc_chain_curve())
		return HSM_E_BAD_ALG;
	if (!is_listed(&key->meta))
		return HSM_E_KEY_REFUSED;
	kek = &image->keks[key->meta.domain];
	if (kek->uid_n == 0)
		return HSM_E_NO_REF;
	if (kek->missing == 0)
		return HSM_E_NOT_ALLOWED;
	*out = key;
	return HSM_OK;
}

static hsm_rc request_parse(struct rd bytes, struct cvc_request *out)
{
	struct rd content = bytes;

	if (tlv_peek(bytes, CVC_REQUEST) &&
	        (!tlv_get(&bytes, CVC_REQUEST, &content) || bytes.n != 0))
		return HSM_E_BAD_DATA;
	TRY(from_host(cvc_request_content_parse(content, out)));
	TRY(check_key(&out->request.key));
	return out->request.key.curve == cvc_chain_curve() ? HSM_OK : HSM_E_BAD_ALG;
}

/* Only devices put the group of their domain into a request, so the device must have signed. */
static hsm_rc check_signatures(const struct trust_key *device, const struct cvc_request *r)
{
	if (device->chr_n == 0)
		return HSM_E_NO_REF;
	if (device->may_issue || !rd_equal(r->car, rd_of(device->chr, device->chr_n)) ||
	        cvc_verify_data(r->covered, r->signature, RD_LIT(ECDSA_SHA256), cvc_chain_curve(),
	                rd_of(device->point, sizeof(device->point))) != HSM_OK)
		return HSM_E_UNTRUSTED;
	return signed_itself(&r->request) ? HSM_OK : HSM_E_UNTRUSTED;
}

static hsm_rc shared_x(
        struct emu_lane *lane, struct emu_key *key, struct rd point, struct secret *x)
{
	uint8_t scalar[WIDTH], shared[POINT_MAX];
	struct wr w = WR_ARRAY(shared);
	EVP_PKEY *pkey = NULL;
	hsm_rc rc;

	TRY(keystore_open(lane, key, &pkey));
	TRY(uses_count(lane, key));
	rc = ec_key_scalar(key->meta.curve, pkey, scalar);
	if (rc == HSM_OK)
		rc = ec_multiply(key->meta.curve, rd_of(scalar, WIDTH), point, &w);
	if (rc == HSM_OK)
		rc = secret_set(x, rd_of(shared + 1, WIDTH));
	OPENSSL_cleanse(scalar, sizeof(scalar));
	OPENSSL_cleanse(shared, sizeof(shared));
	return rc;
}

hsm_rc xkek_agree(struct emu_lane *lane, struct emu_key *key, struct rd request, struct secret *kek)
{
	const struct emu_kek *domain = &lane->image->keks[key->meta.domain];
	struct cvc_request peer;

	TRY(request_parse(request, &peer));
	if (!rd_equal(
	            xkek_extension_uid(peer.request.extensions), rd_of(domain->uid, domain->uid_n)))
		return HSM_E_BAD_DATA;
	TRY(check_signatures(&lane->trust.selected, &peer));
	return shared_x(lane, key, peer.request.key.point, kek);
}
