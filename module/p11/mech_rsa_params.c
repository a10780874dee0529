/* Parameters of RSA mechanisms, as hostile as everything from the application. */
#include "p11/op.h"

enum { LABEL_MAX = 0xFFFF };

CK_RV mech_no_param(const CK_MECHANISM *m)
{
	return m->ulParameterLen == 0 ? CKR_OK : CKR_MECHANISM_PARAM_INVALID;
}

static CK_RV read_hashes(CK_MECHANISM_TYPE hash, CK_RSA_PKCS_MGF_TYPE mgf, struct rsa_params *out)
{
	out->hash = mech_digest(hash);
	out->mgf = mech_mgf_digest(mgf);
	return out->hash != NULL && out->mgf != NULL ? CKR_OK : CKR_MECHANISM_PARAM_INVALID;
}

CK_RV rsa_read_pss(const CK_MECHANISM *m, struct rsa_params *out)
{
	CK_RSA_PKCS_PSS_PARAMS p;

	if (m->pParameter == NULL || m->ulParameterLen != sizeof(p))
		return CKR_MECHANISM_PARAM_INVALID;
	memcpy(&p, m->pParameter, sizeof(p));
	if (p.sLen > RSA_BYTES_MAX)
		return CKR_MECHANISM_PARAM_INVALID;
	out->salt = p.sLen;
	return read_hashes(p.hashAlg, p.mgf, out);
}

CK_RV rsa_read_oaep(const CK_MECHANISM *m, struct rsa_params *out)
{
	CK_RSA_PKCS_OAEP_PARAMS p;
	bool none;

	if (m->pParameter == NULL || m->ulParameterLen != sizeof(p))
		return CKR_MECHANISM_PARAM_INVALID;
	memcpy(&p, m->pParameter, sizeof(p));
	TRY_RV(read_hashes(p.hashAlg, p.mgf, out));
	none = p.ulSourceDataLen == 0;
	if (p.source != CKZ_DATA_SPECIFIED && !(p.source == 0 && none))
		return CKR_MECHANISM_PARAM_INVALID;
	if (p.ulSourceDataLen > LABEL_MAX || (p.pSourceData == NULL && !none))
		return CKR_MECHANISM_PARAM_INVALID;
	return none ? CKR_OK
	            : rc_to_ckr(buf_set(&out->label, rd_of(p.pSourceData, p.ulSourceDataLen)));
}
