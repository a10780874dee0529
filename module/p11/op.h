/* Operations and mechanisms: one row per mechanism, one engine for all kinds of operation. */
#ifndef TWINHSM_P11_OP_H
#define TWINHSM_P11_OP_H

#include "base/ossl.h"
#include "p11/p11.h"

struct mech_ops;

/* ---- mech_table.c: what a mechanism is; answers C_GetMechanismInfo and the check of every Init.
 * A new mechanism is a new row. ---- */

struct mech {
	CK_MECHANISM_TYPE type;
	enum pubkey_type key;       /* PUBKEY_NONE: digests */
	const char *hash;           /* digest made on the host first, or NULL */
	CK_FLAGS flags;             /* of CK_MECHANISM_INFO */
	const struct mech_ops *ops; /* NULL: op_wrap.c */
};

size_t mech_count(void);
const struct mech *mech_at(size_t i);

/* The row of a mechanism that may be used for all of `flags`. CKR_ARGUMENTS_BAD for NULL,
 * CKR_MECHANISM_INVALID. */
CK_RV mech_find(const CK_MECHANISM *m, CK_FLAGS flags, const struct mech **out);

/* Smallest and largest key in bits, on a card with these limits; 0 for digests. */
void mech_key_sizes(
        const struct mech *mech, struct card_limits limits, CK_ULONG *min, CK_ULONG *max);

/* Digests as mechanism parameters name them: CKM_SHA256, CKG_MGF1_SHA256, CKD_SHA256_KDF. NULL when
 * unknown. */
const struct digest *mech_digest(CK_MECHANISM_TYPE type);
const struct digest *mech_mgf_digest(CK_RSA_PKCS_MGF_TYPE mgf);
const struct digest *mech_kdf_digest(CK_ULONG kdf);

/* ---- op.c: life of an operation ---- */

/* Parameters of PSS and OAEP. */
struct rsa_params {
	const struct digest *hash, *mgf;
	size_t salt;      /* PSS: bytes */
	struct buf label; /* OAEP */
};

struct p11_op {
	enum op_kind kind;
	const struct mech *mech;
	struct card *card;  /* borrowed from the session's token */
	struct object *key; /* a reference; NULL for digests */
	EVP_PKEY *pkey;     /* the public key, for work on the host; NULL when the card works */
	size_t width;       /* bytes of the modulus or of a field element */

	/* Set by begin of the mechanism. */
	size_t out_max; /* length of the result; for decryption the longest */
	size_t in_max;  /* more input is refused, or */
	bool in_cut;    /* ignored */
	bool card_pads; /* PSS: the card makes the padding */
	struct rsa_params rsa;

	bool parts; /* an Update came */
	bool stays; /* the call that is going on does not end the operation */
	EVP_MD_CTX *md;
	size_t in_n;
	uint8_t in[RSA_BYTES_MAX]; /* collected input, where no digest takes it */
};

/* The work of a mechanism. What a mechanism cannot do is NULL and not in the row's flags. */
struct mech_ops {
	/* Checks the parameter and sets what p11_op says above. */
	CK_RV (*begin)(struct p11_op *op, const CK_MECHANISM *m);

	/* Signs, encrypts, decrypts or digests `in`, which is the digest when the row has one. */
	CK_RV (*work[OP_KIND_COUNT])(struct p11_op *op, struct rd in, struct wr *out);

	/* CKR_SIGNATURE_INVALID, CKR_SIGNATURE_LEN_RANGE. */
	CK_RV (*verify)(struct p11_op *op, struct rd in, struct rd signature);

	/* Agrees on a secret and makes it `want` bytes long; 0: as long as it comes. */
	CK_RV(*derive)
	(struct card *card, const struct object *key, const CK_MECHANISM *m, size_t want,
	        struct buf *secret);

	/* Reads what kind of key the public template asks for. */
	CK_RV (*keygen)(const struct tmpl *pub, struct new_key *out);
};

/* C_xxxInit for every kind: finds row and key, checks them, puts the operation into the session.
 * `m` NULL cancels the one in progress (PKCS#11 3.0 section 5.13). */
CK_RV op_init(
        struct p11_session *s, enum op_kind kind, const CK_MECHANISM *m, CK_OBJECT_HANDLE key);

/* The operation in progress; CKR_OPERATION_NOT_INITIALIZED. */
CK_RV op_get(struct p11_session *s, enum op_kind kind, struct p11_op **out);

/* Ends the operation unless its last call said that it stays; passes `rv` on. */
CK_RV op_end(struct p11_session *s, enum op_kind kind, CK_RV rv);

/* Ends the operation of this kind, if there is one, and wipes what it held. */
void op_stop(struct p11_session *s, enum op_kind kind);

/* Ends all operations of a session that goes away. */
void op_free_all(struct p11_session *s);

/* The object behind a key handle if it is of this kind, fits the mechanism and may be used so;
 * `*out` is the caller's reference. CKR_USER_NOT_LOGGED_IN for a private key without the user,
 * CKR_KEY_HANDLE_INVALID, CKR_KEY_TYPE_INCONSISTENT, CKR_KEY_SIZE_RANGE,
 * CKR_KEY_FUNCTION_NOT_PERMITTED. */
CK_RV op_key(struct p11_session *s, const struct mech *mech, CK_OBJECT_HANDLE handle,
        enum object_kind kind, uint16_t usage, struct object **out);

/* The CK_RV of a card command that used a key: another program may have removed that. */
CK_RV op_key_rv(hsm_rc rc);

/* ---- op_run.c: input and output of an operation ---- */

CK_RV op_update(struct p11_op *op, struct rd part);

/* Works on `whole`, or with NULL on what the updates collected, and writes the result as PKCS#11
 * section 5.2 wants it: NULL asks for the length, CKR_BUFFER_TOO_SMALL leaves the operation. */
CK_RV op_run(struct p11_op *op, const struct rd *whole, CK_BYTE_PTR out, CK_ULONG_PTR out_n);

CK_RV op_verify(struct p11_op *op, const struct rd *whole, struct rd signature);

/* ---- op_call.c: the C_ functions of operations; data is NULL with a length: CKR_ARGUMENTS_BAD
 * ---- */

CK_RV call_init(
        CK_SESSION_HANDLE session, enum op_kind kind, const CK_MECHANISM *m, CK_OBJECT_HANDLE key);

/* One-shot call, Update, Update with output, Final. */
CK_RV call_whole(CK_SESSION_HANDLE session, enum op_kind kind, CK_BYTE_PTR in, CK_ULONG n,
        CK_BYTE_PTR out, CK_ULONG_PTR out_n);
CK_RV call_part(CK_SESSION_HANDLE session, enum op_kind kind, CK_BYTE_PTR in, CK_ULONG n);
CK_RV call_part_out(CK_SESSION_HANDLE session, enum op_kind kind, CK_BYTE_PTR in, CK_ULONG n,
        CK_BYTE_PTR out, CK_ULONG_PTR out_n);
CK_RV call_last(CK_SESSION_HANDLE session, enum op_kind kind, CK_BYTE_PTR out, CK_ULONG_PTR out_n);

struct call_data {
	CK_BYTE_PTR p;
	CK_ULONG n;
};

/* `data` NULL: verifies what came in parts. */
CK_RV call_verify(
        CK_SESSION_HANDLE session, const struct call_data *data, CK_BYTE_PTR sig, CK_ULONG sig_n);

/* A function of the standard that is not supported; the session must be there all the same. */
CK_RV call_refuse(CK_SESSION_HANDLE session, CK_RV why);

/* ---- host_key.c, rsa_padding.c: libcrypto ---- */

/* Replaces `*out`; the caller frees it. HSM_E_BAD_DATA when libcrypto takes it for no key: a point
 * off the curve. */
HSM_MUST hsm_rc host_key(const struct pubkey *key, EVP_PKEY **out);

/* Pads to `width` bytes, the modulus length. HSM_E_BAD_LEN. */
HSM_MUST hsm_rc rsa_pad_pkcs1(struct rd in, size_t width, uint8_t *block);

/* EMSA-PSS with a random salt, for a modulus of this many bits. HSM_E_BAD_LEN. */
HSM_MUST hsm_rc rsa_pad_pss(
        const struct rsa_params *p, struct rd digest, size_t bits, uint8_t *block);

/* Constant time; `out` has `width` bytes of room. HSM_E_BAD_DATA for every fault. */
typedef hsm_rc rsa_unpad(const struct rsa_params *p, const uint8_t *block, size_t width,
        uint8_t *out, size_t *out_n);
rsa_unpad rsa_unpad_pkcs1, rsa_unpad_oaep;

/* ---- mech_rsa_params.c ---- */

/* CKR_MECHANISM_PARAM_INVALID when a mechanism without parameter got one. */
CK_RV mech_no_param(const CK_MECHANISM *m);

CK_RV rsa_read_pss(const CK_MECHANISM *m, struct rsa_params *out);
CK_RV rsa_read_oaep(const CK_MECHANISM *m, struct rsa_params *out);

/* ---- mech_rsa.c, mech_rsa_pss.c, mech_rsa_oaep.c, mech_keygen.c, mech_ecdsa.c, mech_ecdh.c,
 * mech_hash.c: the work ---- */

extern const struct mech_ops mech_rsa_pkcs1, mech_rsa_x509, mech_rsa_pss, mech_rsa_oaep;
extern const struct mech_ops mech_rsa_keygen, mech_ec_keygen;
extern const struct mech_ops mech_ecdsa, mech_ecdh, mech_hash;

/* ---- mech_rsa_common.c ---- */

/* Is the block, `op->width` bytes, a number that RSA can take? True as well when the card has lost
 * the public key: it checks again. */
bool rsa_below_modulus(const struct p11_op *op, const uint8_t *block);

/* One RSA private operation on the card over a padded block, into `out`. */
CK_RV rsa_card_sign(struct p11_op *op, enum schsm_alg alg, struct rd in, struct wr *out);

/* The same over a cryptogram, and takes the padding off. Every fault of the padding is
 * CKR_ENCRYPTED_DATA_INVALID. */
CK_RV rsa_decrypt(struct p11_op *op, struct rd cryptogram, rsa_unpad *unpad, struct wr *out);

/* Verifies or encrypts on the host with the padding `pad` of libcrypto. */
CK_RV rsa_host_verify(struct p11_op *op, int pad, struct rd in, struct rd signature);
CK_RV rsa_host_encrypt(struct p11_op *op, int pad, struct rd in, struct wr *out);

/* ---- ec_params.c ---- */

/* The curve of CKA_EC_PARAMS: OID, explicit parameters of a known curve, or curve name
 * (PKCS#11 3.0 section 2.3.3). CKR_DOMAIN_PARAMS_INVALID, CKR_CURVE_NOT_SUPPORTED. */
CK_RV ec_params_read(struct rd der, const struct curve **out);

/* ---- op_keys.c, op_derive.c ---- */

CK_RV op_generate_pair(struct p11_session *s, const CK_MECHANISM *m, const struct tmpl *pub,
        const struct tmpl *priv, CK_OBJECT_HANDLE *pub_handle, CK_OBJECT_HANDLE *priv_handle);

CK_RV op_derive(struct p11_session *s, const CK_MECHANISM *m, CK_OBJECT_HANDLE base,
        const struct tmpl *t, CK_OBJECT_HANDLE *handle);

/* ---- op_wrap.c ---- */

/* Replaces `file` by the wrapped key; see twinhsm-pkcs11.h. */
CK_RV op_wrap(struct p11_session *s, const CK_MECHANISM *m, CK_OBJECT_HANDLE wrapping,
        CK_OBJECT_HANDLE handle, struct buf *file);

CK_RV op_unwrap(struct p11_session *s, const CK_MECHANISM *m, CK_OBJECT_HANDLE unwrapping,
        struct rd file, const struct tmpl *t, CK_OBJECT_HANDLE *handle);

/* ---- key_rules.c: what a template for a new key may say ---- */

enum key_rule_kind {
	RULE_ANY,       /* read elsewhere */
	RULE_BOOL,      /* must be this truth value */
	RULE_ULONG,     /* must be this number */
	RULE_EMPTY,     /* must have no value */
	RULE_READ_ONLY, /* only the token sets it: CKR_ATTRIBUTE_READ_ONLY */
};

struct key_rule {
	CK_ATTRIBUTE_TYPE type;
	enum key_rule_kind kind;
	CK_ULONG value;
};

/* Every attribute must have a rule (else CKR_ATTRIBUTE_TYPE_INVALID) and keep it (else
 * CKR_TEMPLATE_INCONSISTENT). */
CK_RV key_rules_check(const struct tmpl *t, const struct key_rule *rules, size_t n);

/* Adds the usage bits of the template's usage attributes to `*usage`; `*given` becomes true when
 * there is one, even false. */
CK_RV key_rules_usage(const struct tmpl *t, uint16_t *usage, bool *given);

/* The template of a private key on the card, in op_keys.c; `*usage` is replaced when the template
 * has a usage attribute. CKR_TEMPLATE_INCONSISTENT for another type of key, or for a use that keys
 * of this type do not have. */
CK_RV key_rules_private(const struct tmpl *t, enum pubkey_type type, uint16_t *usage);

#endif
