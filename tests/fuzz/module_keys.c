#include "module_calls.h"
#include "p11/twinhsm-pkcs11.h"
#include "sim_files.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static CK_BYTE data[4096];
static struct calls_room room;

static CK_RSA_PKCS_PSS_PARAMS pss = { CKM_SHA256, CKG_MGF1_SHA256, 32 };
static CK_RSA_PKCS_PSS_PARAMS pss_other = { CKM_SHA256, CKG_MGF1_SHA1, 7 };
static CK_RSA_PKCS_OAEP_PARAMS oaep = { CKM_SHA256, CKG_MGF1_SHA256, CKZ_DATA_SPECIFIED, NULL, 0 };

static CK_MECHANISM signs[] = {
	{ CKM_ECDSA, NULL, 0 },
	{ CKM_ECDSA_SHA256, NULL, 0 },
	{ CKM_RSA_PKCS, NULL, 0 },
	{ CKM_SHA256_RSA_PKCS, NULL, 0 },
	{ CKM_RSA_X_509, NULL, 0 },
	{ CKM_RSA_PKCS_PSS, &pss, sizeof(pss) },
	{ CKM_SHA256_RSA_PKCS_PSS, &pss, sizeof(pss) },
	{ CKM_RSA_PKCS_PSS, &pss_other, sizeof(pss_other) },
	{ CKM_ECDSA_SHA512, NULL, 0 },
	{ CKM_SHA1_RSA_PKCS, NULL, 0 },
};

static CK_MECHANISM crypts[] = {
	{ CKM_RSA_PKCS, NULL, 0 },
	{ CKM_RSA_X_509, NULL, 0 },
	{ CKM_RSA_PKCS_OAEP, &oaep, sizeof(oaep) },
};

/* An operation with a key; all of it is read before the first call, whatever that answers. */
struct job {
	CK_OBJECT_HANDLE key;
	CK_MECHANISM *mechanism;
	CK_ULONG n; /* of the data */
	bool asks;  /* how long the answer is, first */
};

static struct job read_job(struct calls *c, CK_MECHANISM *mechanisms, size_t mechanisms_n)
{
	static const CK_ULONG lengths[] = { 32, 0, 1, 20, 64, 128, 256, 257, 1000 };
	struct job j = { .key = calls_object(c) };

	j.mechanism = &mechanisms[calls_u8(c) % mechanisms_n];
	j.n = lengths[calls_u8(c) % COUNT(lengths)];
	j.asks = calls_u8(c) % 2 != 0;
	calls_room(c, &room);
	return j;
}

static struct job read_sign(struct calls *c)
{
	return read_job(c, signs, COUNT(signs));
}

static struct job read_crypt(struct calls *c)
{
	return read_job(c, crypts, COUNT(crypts));
}

typedef CK_RV crypt_fn(
        CK_SESSION_HANDLE s, CK_BYTE_PTR in, CK_ULONG in_n, CK_BYTE_PTR out, CK_ULONG_PTR out_n);

static void one_shot(struct calls *c, crypt_fn *run, const struct job *j)
{
	CK_ULONG given = room.n;
	CK_RV rv;

	if (j->asks)
		(void)CALL(run(calls_session(c), data, j->n, NULL, &room.n));
	room.n = given;
	rv = CALL(run(calls_session(c), data, j->n, room.bytes, &room.n));
	calls_room_check(&room, given, rv);
}

void calls_sign(struct calls *c)
{
	const struct job j = read_sign(c);

	if (CALL(C_SignInit(calls_session(c), j.mechanism, j.key)) == CKR_OK)
		one_shot(c, C_Sign, &j);
}

void calls_sign_parts(struct calls *c)
{
	const struct job j = read_sign(c);
	const CK_ULONG given = room.n;
	CK_RV rv;

	(void)CALL(C_SignInit(calls_session(c), j.mechanism, j.key));
	(void)CALL(C_SignUpdate(calls_session(c), data, j.n));
	rv = CALL(C_SignFinal(calls_session(c), room.bytes, &room.n));
	calls_room_check(&room, given, rv);
}

void calls_verify(struct calls *c)
{
	const struct job j = read_sign(c);

	if (CALL(C_VerifyInit(calls_session(c), j.mechanism, j.key)) == CKR_OK)
		(void)CALL(C_Verify(calls_session(c), data, 32, data, j.n));
}

void calls_encrypt(struct calls *c)
{
	const struct job j = read_crypt(c);

	if (CALL(C_EncryptInit(calls_session(c), j.mechanism, j.key)) == CKR_OK)
		one_shot(c, C_Encrypt, &j);
}

void calls_decrypt(struct calls *c)
{
	const struct job j = read_crypt(c);

	if (CALL(C_DecryptInit(calls_session(c), j.mechanism, j.key)) == CKR_OK)
		one_shot(c, C_Decrypt, &j);
}

void calls_digest(struct calls *c)
{
	static CK_MECHANISM m[] = { { CKM_SHA256, NULL, 0 }, { CKM_SHA512, NULL, 0 } };
	const struct job j = read_job(c, m, COUNT(m));

	if (CALL(C_DigestInit(calls_session(c), j.mechanism)) == CKR_OK)
		one_shot(c, C_Digest, &j);
}

void calls_random(struct calls *c)
{
	calls_room(c, &room);
	(void)CALL(C_GenerateRandom(calls_session(c), room.bytes, room.n));
	calls_room_check(&room, room.n, CKR_OK);
}

void calls_derive(struct calls *c)
{
	CK_BYTE point[sizeof(sim_point)];
	CK_ECDH1_DERIVE_PARAMS p = {
		.kdf = CKD_NULL, .pPublicData = point, .ulPublicDataLen = sizeof(point)
	};
	CK_MECHANISM m = { CKM_ECDH1_DERIVE, &p, sizeof(p) };
	CK_OBJECT_CLASS class = CKO_SECRET_KEY;
	CK_KEY_TYPE type = CKK_GENERIC_SECRET;
	CK_BBOOL no = CK_FALSE;
	CK_ULONG wanted = 24;
	CK_ATTRIBUTE a[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_SENSITIVE, &no, sizeof(no) },
		{ CKA_VALUE_LEN, &wanted, sizeof(wanted) },
	};
	const CK_OBJECT_HANDLE key = calls_object(c);
	CK_OBJECT_HANDLE o;

	memcpy(point, sim_point, sizeof(point));
	if (calls_u8(c) % 2 != 0)
		p.kdf = CKD_SHA256_KDF;
	if (CALL(C_DeriveKey(calls_session(c), &m, key, a, COUNT(a), &o)) == CKR_OK)
		calls_add_object(c, o);
}

/* RSA, or on one of two curves. */
void calls_generate(struct calls *c)
{
	static CK_BYTE r1[] = { 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07 };
	static CK_BYTE k1[] = { 0x06, 0x05, 0x2B, 0x81, 0x04, 0x00, 0x0A };
	CK_MECHANISM ec = { CKM_EC_KEY_PAIR_GEN, NULL, 0 };
	CK_MECHANISM rsa = { CKM_RSA_PKCS_KEY_PAIR_GEN, NULL, 0 };
	CK_ULONG bits = 2048;
	CK_BYTE exponent[] = { 1, 0, 1 }, id[2] = { 0 };
	CK_ATTRIBUTE pub[] = {
		{ CKA_MODULUS_BITS, &bits, sizeof(bits) },
		{ CKA_PUBLIC_EXPONENT, exponent, sizeof(exponent) },
		{ CKA_EC_PARAMS, r1, sizeof(r1) },
		{ CKA_EC_PARAMS, k1, sizeof(k1) },
	};
	CK_ATTRIBUTE priv[] = {
		{ CKA_LABEL, data, 5 },
		{ CKA_ID, id, sizeof(id) },
	};
	CK_OBJECT_HANDLE made[2];
	const uint8_t how = calls_u8(c) % 3;

	id[0] = calls_u8(c);
	if (CALL(C_GenerateKeyPair(calls_session(c), how == 0 ? &rsa : &ec,
	            how == 0 ? pub : &pub[1 + how], how == 0 ? 2 : 1, priv, 1 + id[0] % 2, &made[0],
	            &made[1])) != CKR_OK)
		return;
	calls_add_object(c, made[0]);
	calls_add_object(c, made[1]);
}

void calls_wrap(struct calls *c)
{
	CK_MECHANISM m = { CKM_TWINHSM_DKEK_WRAP, NULL, 0 };
	const CK_OBJECT_HANDLE key = calls_object(c);
	CK_ULONG n = sizeof(c->wrapped);

	if (CALL(C_WrapKey(calls_session(c), &m, CK_INVALID_HANDLE, key, c->wrapped, &n)) != CKR_OK)
		return;
	FUZZ_ASSERT(n <= sizeof(c->wrapped));
	c->wrapped_n = n;
}

void calls_unwrap(struct calls *c)
{
	CK_MECHANISM m = { CKM_TWINHSM_DKEK_WRAP, NULL, 0 };
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_KEY_TYPE type = CKK_EC;
	CK_ATTRIBUTE a[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
	};
	CK_OBJECT_HANDLE o;

	if (CALL(C_UnwrapKey(calls_session(c), &m, CK_INVALID_HANDLE, c->wrapped, c->wrapped_n, a,
	            calls_u8(c) % 3, &o)) == CKR_OK)
		calls_add_object(c, o);
}
