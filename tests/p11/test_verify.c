/* C_Verify with public keys of the application: published signatures, and keys that are none. */
#include "p11_keys.h"

/* RFC 6979 section A.2.5 (P-256): public key, and ECDSA signatures of "sample". */
static const char p256_point[] =
        "0460FED4BA255A9D31C961EB74C6356D68C049B8923B61FA6CE669622E60F29FB6"
        "7903FE1008B8BC99A41AE9E95628BC64F2F1B20C2D7E9F5177A3C294D4462299";

static const struct {
	CK_MECHANISM_TYPE type;
	const char *signature;
} samples[] = {
	{ CKM_ECDSA_SHA1, "61340C88C3AAEBEB4F6D667F672CA9759A6CCAA9FA8811313039EE4A35471D32"
	                  "6D7F147DAC089441BB2E2FE8F7A3FA264B9C475098FDCF6E00D7C996E1B8B7EB" },
	{ CKM_ECDSA_SHA256, "EFD48B2AACB6A8FD1140DD9CD45E81D69D2C877B56AAF991C34D0EA84EAF3716"
	                    "F7CB1C942D657C41D436C7A1B6E29F65F3E900DBB9AFF4064DC4AB2F843ACDA8" },
};

static CK_OBJECT_HANDLE import_p256(CK_SESSION_HANDLE s, const char *point)
{
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	CK_KEY_TYPE type = CKK_EC;
	CK_BBOOL yes = CK_TRUE, no = CK_FALSE;
	CK_BYTE params[16], wrapped[2 + 65] = { 0x04, 65 };
	CK_ATTRIBUTE t[] = {
		{ CKA_CLASS, &class, sizeof(class) },
		{ CKA_KEY_TYPE, &type, sizeof(type) },
		{ CKA_TOKEN, &no, sizeof(no) },
		{ CKA_VERIFY, &yes, sizeof(yes) },
		{ CKA_EC_PARAMS, params, key_ec_params("prime256v1", params) },
		{ CKA_EC_POINT, wrapped, sizeof(wrapped) },
	};
	CK_OBJECT_HANDLE key;

	assert_int_equal(unhex(point, wrapped + 2), 65);
	OK(p11->C_CreateObject(s, t, LEN(t), &key));
	return key;
}

static void verify__published_ecdsa_signatures__are_right(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_OBJECT_HANDLE key = import_p256(s, p256_point);

	for (size_t i = 0; i < LEN(samples); i++) {
		CK_MECHANISM m = { .mechanism = samples[i].type };
		CK_BYTE sig[64];

		unhex(samples[i].signature, sig);
		OK(p11->C_VerifyInit(s, &m, key));
		OK(p11->C_Verify(s, bytes("sample"), 6, sig, sizeof(sig)));
		OK(p11->C_VerifyInit(s, &m, key));
		RV(p11->C_Verify(s, bytes("simple"), 6, sig, sizeof(sig)), CKR_SIGNATURE_INVALID);
	}
}

/* r or s of 0, of the order, and above it (the cases of Wycheproof's ECDSA suites). */
static void verify__ecdsa_numbers_out_of_range__are_wrong(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_OBJECT_HANDLE key = import_p256(s, p256_point);
	static const char *const edges[] = {
		"0000000000000000000000000000000000000000000000000000000000000000",
		"FFFFFFFF00000000FFFFFFFFFFFFFFFFBCE6FAADA7179E84F3B9CAC2FC632551",
		"FFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFFF",
		"0000000000000000000000000000000000000000000000000000000000000001",
	};

	for (size_t i = 0; i < 16; i++) {
		CK_MECHANISM m = { .mechanism = CKM_ECDSA_SHA256 };
		CK_BYTE sig[64];

		unhex(edges[i % 4], sig);
		unhex(edges[i / 4], sig + 32);
		OK(p11->C_VerifyInit(s, &m, key));
		RV(p11->C_Verify(s, bytes("sample"), 6, sig, sizeof(sig)), CKR_SIGNATURE_INVALID);
	}
}

static void verify__rules_of_calls__are_kept(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_OBJECT_HANDLE key = import_p256(s, p256_point);
	CK_MECHANISM m = { .mechanism = CKM_ECDSA_SHA256 };
	CK_MECHANISM rsa = { .mechanism = CKM_SHA256_RSA_PKCS };
	CK_BYTE sig[65] = { 0 };

	RV(p11->C_Verify(s, sig, 1, sig, 64), CKR_OPERATION_NOT_INITIALIZED);
	RV(p11->C_VerifyUpdate(s, sig, 1), CKR_OPERATION_NOT_INITIALIZED);
	RV(p11->C_VerifyFinal(s, sig, 64), CKR_OPERATION_NOT_INITIALIZED);
	RV(p11->C_VerifyInit(s, &rsa, key), CKR_KEY_TYPE_INCONSISTENT);
	RV(p11->C_VerifyInit(s, &m, key + 2), CKR_KEY_HANDLE_INVALID);
	OK(p11->C_VerifyInit(s, &m, key));
	RV(p11->C_VerifyInit(s, &m, key), CKR_OPERATION_ACTIVE);
	RV(p11->C_Verify(s, sig, 1, sig, 63), CKR_SIGNATURE_LEN_RANGE);
	OK(p11->C_VerifyInit(s, &m, key));
	RV(p11->C_Verify(s, sig, 1, sig, 65), CKR_SIGNATURE_LEN_RANGE);
	OK(p11->C_VerifyInit(s, &m, key));
	RV(p11->C_Verify(s, sig, 1, NULL, 64), CKR_ARGUMENTS_BAD);
	OK(p11->C_VerifyInit(s, &m, key));
	OK(p11->C_VerifyUpdate(s, sig, 1));
	RV(p11->C_Verify(s, sig, 1, sig, 64), CKR_OPERATION_ACTIVE);
	RV(p11->C_VerifyFinal(s, sig, 64), CKR_OPERATION_NOT_INITIALIZED);
}

static void verify__logged_out__works_with_public_keys(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_MECHANISM m = { .mechanism = CKM_ECDSA_SHA256 };
	CK_OBJECT_HANDLE key = import_p256(s, p256_point);
	CK_BYTE sig[64];

	unhex(samples[1].signature, sig);
	OK(p11->C_Logout(s));
	OK(p11->C_VerifyInit(s, &m, key));
	OK(p11->C_Verify(s, bytes("sample"), 6, sig, sizeof(sig)));
	OK(fixture_login(s, CKU_USER, FIXTURE_PIN));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verify__published_ecdsa_signatures__are_right),
		cmocka_unit_test(verify__ecdsa_numbers_out_of_range__are_wrong),
		cmocka_unit_test(verify__rules_of_calls__are_kept),
		cmocka_unit_test(verify__logged_out__works_with_public_keys),
	};

	return cmocka_run_group_tests(tests, keys_setup, keys_teardown);
}
