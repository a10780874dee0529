/* The list of mechanisms: what is promised, in which sizes, for what. */
#include "p11/twinhsm-pkcs11.h"
#include "p11_keys.h"

enum {
	EC = CKF_EC_F_P | CKF_EC_NAMEDCURVE | CKF_EC_UNCOMPRESS,
	SIGN = CKF_HW | CKF_SIGN | CKF_VERIFY,
	CRYPT = CKF_HW | CKF_ENCRYPT | CKF_DECRYPT,
};

static const struct {
	CK_MECHANISM_TYPE type;
	CK_MECHANISM_INFO info;
} promised[] = {
	{ CKM_RSA_PKCS_KEY_PAIR_GEN, { 1024, 4096, CKF_HW | CKF_GENERATE_KEY_PAIR } },
	{ CKM_RSA_PKCS, { 1024, 4096, SIGN | CRYPT } },
	{ CKM_RSA_X_509, { 1024, 4096, SIGN | CRYPT } },
	{ CKM_SHA1_RSA_PKCS, { 1024, 4096, SIGN } },
	{ CKM_SHA224_RSA_PKCS, { 1024, 4096, SIGN } },
	{ CKM_SHA256_RSA_PKCS, { 1024, 4096, SIGN } },
	{ CKM_SHA384_RSA_PKCS, { 1024, 4096, SIGN } },
	{ CKM_SHA512_RSA_PKCS, { 1024, 4096, SIGN } },
	{ CKM_RSA_PKCS_PSS, { 1024, 4096, SIGN } },
	{ CKM_SHA1_RSA_PKCS_PSS, { 1024, 4096, SIGN } },
	{ CKM_SHA224_RSA_PKCS_PSS, { 1024, 4096, SIGN } },
	{ CKM_SHA256_RSA_PKCS_PSS, { 1024, 4096, SIGN } },
	{ CKM_SHA384_RSA_PKCS_PSS, { 1024, 4096, SIGN } },
	{ CKM_SHA512_RSA_PKCS_PSS, { 1024, 4096, SIGN } },
	{ CKM_RSA_PKCS_OAEP, { 1024, 4096, CRYPT } },
	{ CKM_EC_KEY_PAIR_GEN, { 192, 521, CKF_HW | CKF_GENERATE_KEY_PAIR | EC } },
	{ CKM_ECDSA, { 192, 521, SIGN | EC } },
	{ CKM_ECDSA_SHA1, { 192, 521, SIGN | EC } },
	{ CKM_ECDSA_SHA224, { 192, 521, SIGN | EC } },
	{ CKM_ECDSA_SHA256, { 192, 521, SIGN | EC } },
	{ CKM_ECDSA_SHA384, { 192, 521, SIGN | EC } },
	{ CKM_ECDSA_SHA512, { 192, 521, SIGN | EC } },
	{ CKM_ECDH1_DERIVE, { 192, 521, CKF_HW | CKF_DERIVE | EC } },
	{ CKM_ECDH1_COFACTOR_DERIVE, { 192, 521, CKF_HW | CKF_DERIVE | EC } },
	{ CKM_TWINHSM_DKEK_WRAP, { 0, 0, CKF_HW | CKF_WRAP | CKF_UNWRAP } },
	{ CKM_SHA_1, { 0, 0, CKF_DIGEST } },
	{ CKM_SHA224, { 0, 0, CKF_DIGEST } },
	{ CKM_SHA256, { 0, 0, CKF_DIGEST } },
	{ CKM_SHA384, { 0, 0, CKF_DIGEST } },
	{ CKM_SHA512, { 0, 0, CKF_DIGEST } },
};

static void list__is_exactly_what_is_promised(void **state)
{
	CK_MECHANISM_TYPE list[64];
	CK_ULONG n = LEN(list);

	(void)state;
	OK(p11->C_GetMechanismList(0, list, &n));
	assert_int_equal(n, LEN(promised));
	for (size_t i = 0; i < LEN(promised); i++) {
		CK_MECHANISM_INFO info;
		size_t found = 0;

		for (size_t k = 0; k < n; k++)
			found += list[k] == promised[i].type;
		assert_int_equal(found, 1);
		OK(p11->C_GetMechanismInfo(0, promised[i].type, &info));
		assert_int_equal(info.ulMinKeySize, promised[i].info.ulMinKeySize);
		assert_int_equal(info.ulMaxKeySize, promised[i].info.ulMaxKeySize);
		assert_int_equal(info.flags, promised[i].info.flags);
	}
}

static void list__length_query_and_small_buffer(void **state)
{
	CK_MECHANISM_TYPE list[64];
	CK_ULONG n = 0;

	(void)state;
	OK(p11->C_GetMechanismList(0, NULL, &n));
	assert_int_equal(n, LEN(promised));
	n--;
	RV(p11->C_GetMechanismList(0, list, &n), CKR_BUFFER_TOO_SMALL);
	assert_int_equal(n, LEN(promised));
}

static void list__bad_arguments__are_refused(void **state)
{
	CK_MECHANISM_INFO info;
	CK_ULONG n = 0;

	(void)state;
	RV(p11->C_GetMechanismList(0, NULL, NULL), CKR_ARGUMENTS_BAD);
	RV(p11->C_GetMechanismList(99, NULL, &n), CKR_SLOT_ID_INVALID);
	RV(p11->C_GetMechanismInfo(0, CKM_AES_CBC, &info), CKR_MECHANISM_INVALID);
	RV(p11->C_GetMechanismInfo(0, CKM_ECDSA, NULL), CKR_ARGUMENTS_BAD);
	RV(p11->C_GetMechanismInfo(99, CKM_ECDSA, &info), CKR_SLOT_ID_INVALID);
}

/* What a mechanism does not promise it refuses in every Init. */
static void init__promises_and_refusals_agree(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_BYTE b[1] = { 0 };
	CK_ULONG n = 0;

	for (size_t i = 0; i < LEN(promised); i++) {
		CK_MECHANISM m = { .mechanism = promised[i].type };
		CK_FLAGS f = promised[i].info.flags;

#define REFUSES(flag, call) assert_int_equal((call) == CKR_MECHANISM_INVALID, (f & (flag)) == 0)
		REFUSES(CKF_SIGN, p11->C_SignInit(s, &m, 0));
		REFUSES(CKF_VERIFY, p11->C_VerifyInit(s, &m, 0));
		REFUSES(CKF_ENCRYPT, p11->C_EncryptInit(s, &m, 0));
		REFUSES(CKF_DECRYPT, p11->C_DecryptInit(s, &m, 0));
		REFUSES(CKF_DIGEST, p11->C_DigestInit(s, &m));
		REFUSES(CKF_WRAP, p11->C_WrapKey(s, &m, 0, 0, NULL, &n));
		REFUSES(CKF_UNWRAP, p11->C_UnwrapKey(s, &m, 0, b, 1, NULL, 0, &n));
		if ((f & CKF_DIGEST) != 0)
			OK(p11->C_DigestInit(s, NULL));
	}
}

static void refused_functions__need_a_session_all_the_same(void **state)
{
	CK_SESSION_HANDLE s = session(state), none = s + 999;
	CK_MECHANISM m = { .mechanism = CKM_RSA_PKCS };
	CK_ULONG n = 0;
	CK_BYTE b[16];

	RV(p11->C_SeedRandom(s, b, 1), CKR_RANDOM_SEED_NOT_SUPPORTED);
	RV(p11->C_SeedRandom(none, b, 1), CKR_SESSION_HANDLE_INVALID);
	RV(p11->C_GenerateKey(s, &m, NULL, 0, &n), CKR_FUNCTION_NOT_SUPPORTED);
	RV(p11->C_SignRecoverInit(s, &m, 1), CKR_FUNCTION_NOT_SUPPORTED);
	RV(p11->C_VerifyRecoverInit(none, &m, 1), CKR_SESSION_HANDLE_INVALID);
	RV(p11->C_MessageSignInit(s, &m, 1), CKR_FUNCTION_NOT_SUPPORTED);
	RV(p11->C_MessageEncryptInit(none, &m, 1), CKR_SESSION_HANDLE_INVALID);
}

static void random__card_gives_as_much_as_asked(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	static CK_BYTE a[5000], b[5000], zeros[64];

	OK(p11->C_GenerateRandom(s, a, sizeof(a)));
	OK(p11->C_GenerateRandom(s, b, sizeof(b)));
	assert_memory_not_equal(a, b, sizeof(a));
	assert_memory_not_equal(a + sizeof(a) - 64, zeros, 64);
	OK(p11->C_GenerateRandom(s, NULL, 0));
	RV(p11->C_GenerateRandom(s, NULL, 1), CKR_ARGUMENTS_BAD);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(list__is_exactly_what_is_promised),
		cmocka_unit_test(list__length_query_and_small_buffer),
		cmocka_unit_test(list__bad_arguments__are_refused),
		cmocka_unit_test(init__promises_and_refusals_agree),
		cmocka_unit_test(refused_functions__need_a_session_all_the_same),
		cmocka_unit_test(random__card_gives_as_much_as_asked),
	};

	return cmocka_run_group_tests(tests, keys_setup, keys_teardown);
}
