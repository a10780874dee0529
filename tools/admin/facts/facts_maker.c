#include "facts.h"

static const char twin_root[] = "ZZTWINROOT00001";

void maker_done(struct maker *m)
{
	buf_free(&m->file);
}

void maker_check(struct maker *m)
{
	struct rd certs = buf_rd(&m->file);
	struct cvc cert;

	m->rc = cvc_chain_verify(certs, &cert, &m->root);
	if (cvc_parse(&certs, &cert) == HSM_OK)
		m->cert = cert;
	if (cvc_parse(&certs, &cert) == HSM_OK)
		m->issuer = cert;
}

hsm_rc maker_read(struct card_lane *lane, struct maker *out)
{
	*out = (struct maker){ 0 };
	TRY(card_read_file(lane, EF_DEVAUT, &out->file));
	maker_check(out);
	return HSM_OK;
}

/* One row for each answer: kind, and what it means. */
static const struct meaning {
	const char *kind, *text;
} genuine = { "genuine", "made by the manufacturer of the SmartCard-HSM" },
  twin = { "twin",
	  "a twin in software: its root is the twins' test root, whose private key is public, so "
	  "this proves nothing about where the key is" },
  test = { "test card", "made under the manufacturer's test root" },
  unknown = { "unknown maker", "its root is not known here" },
  invalid = { "invalid certificate", "its certificates are malformed or not signed as they say" };

static const struct meaning *meaning_of(const struct maker *m)
{
	if (m->rc == HSM_E_NO_REF)
		return &unknown;
	if (m->rc != HSM_OK)
		return &invalid;
	if (m->root->is_production)
		return &genuine;
	return rd_equal(m->root->chr, rd_str(twin_root)) ? &twin : &test;
}

const char *maker_kind(const struct maker *m)
{
	return meaning_of(m)->kind;
}

const char *maker_meaning(const struct maker *m)
{
	return meaning_of(m)->text;
}
