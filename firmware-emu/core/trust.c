#include "core/core.h"
#include "p15/cvc_verify.h"

#define ECDSA_SHA256 "\x04\x00\x7F\x00\x07\x02\x02\x02\x02\x03"

enum { ROLE_DEVICE = 0x00 };

static hsm_rc key_make(struct rd chr, struct rd point, bool may_issue, struct trust_key *out)
{
	if (chr.n > sizeof(out->chr) || point.n != sizeof(out->point))
		return HSM_E_BAD_ALG;
	*out = (struct trust_key){ .chr_n = chr.n, .may_issue = may_issue };
	memcpy(out->chr, chr.p, chr.n);
	memcpy(out->point, point.p, point.n);
	return HSM_OK;
}

/* The key of a certificate; all are of one kind. */
static hsm_rc key_of(const struct cvc *c, struct trust_key *out)
{
	const bool other_curve = c->key.curve != NULL && c->key.curve != cvc_chain_curve();

	if (c->key.is_rsa || other_curve || !rd_equal(c->key.oid, RD_LIT(ECDSA_SHA256)))
		return HSM_E_BAD_ALG;
	return key_make(c->chr, c->key.point, c->role_bits != ROLE_DEVICE, out);
}

static struct rd chr_of(const struct trust_key *key)
{
	return rd_of(key->chr, key->chr_n);
}

static bool find_own(const struct emu_lane *lane, struct rd chr, struct trust_key *out)
{
	const struct emu_file *file = image_file(lane->image, EF_DEVAUT);
	struct rd certs = file == NULL ? (struct rd){ 0 } : buf_rd(&file->data);
	struct cvc c;

	while (certs.n != 0 && cvc_parse(&certs, &c) == HSM_OK) {
		if (rd_equal(c.chr, chr))
			return key_of(&c, out) == HSM_OK;
	}
	return false;
}

static struct trust_key *find_remembered(struct trust *t, struct rd chr)
{
	for (size_t i = 0; i < t->n; i++) {
		if (rd_equal(chr_of(&t->keys[i]), chr))
			return &t->keys[i];
	}
	return NULL;
}

hsm_rc trust_select(struct emu_lane *lane, struct rd chr)
{
	const struct cvc_root *root = cvc_root_find(chr);
	const struct trust_key *key = find_remembered(&lane->trust, chr);
	struct trust_key *selected = &lane->trust.selected;

	*selected = (struct trust_key){ 0 };
	if (root != NULL)
		return key_make(root->chr, root->point, true, selected);
	if (find_own(lane, chr, selected))
		return HSM_OK;
	if (key == NULL)
		return HSM_E_NO_REF;
	*selected = *key;
	return HSM_OK;
}

static hsm_rc remember(struct trust *t, const struct trust_key *key)
{
	struct trust_key *old = find_remembered(t, chr_of(key));

	if (old != NULL) {
		*old = *key;
		return HSM_OK;
	}
	if (t->n == TRUST_MAX)
		return HSM_E_FULL;
	t->keys[t->n++] = *key;
	return HSM_OK;
}

hsm_rc trust_verify(struct emu_lane *lane, struct rd cert)
{
	const struct trust_key *by = &lane->trust.selected;
	struct trust_key key;
	struct cvc c;

	if (by->chr_n == 0)
		return HSM_E_NO_REF;
	if (cvc_parse(&cert, &c) != HSM_OK || cert.n != 0 || c.role.n == 0)
		return HSM_E_BAD_DATA;
	TRY(key_of(&c, &key));
	if (!by->may_issue || !rd_equal(c.car, chr_of(by)) ||
	        cvc_verify(&c, RD_LIT(ECDSA_SHA256), cvc_chain_curve(),
	                rd_of(by->point, sizeof(by->point))) != HSM_OK)
		return HSM_E_NOT_ALLOWED;
	return remember(&lane->trust, &key);
}
