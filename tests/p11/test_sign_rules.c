/* C_Sign: lengths, order of calls, keys and parameters that do not fit. */
#include "p11_keys.h"

static struct key rsa, ec;

static CK_MECHANISM ecdsa = { .mechanism = CKM_ECDSA };
static CK_MECHANISM pkcs1 = { .mechanism = CKM_RSA_PKCS };
static CK_MECHANISM sha256_rsa = { .mechanism = CKM_SHA256_RSA_PKCS };
static CK_BYTE data[600] = "data";

static int setup(void **state)
{
	keys_setup(state);
	key_rsa(session(state), 1024, &rsa);
	key_ec(session(state), "prime256v1", &ec);
	return 0;
}

static int teardown(void **state)
{
	key_done(&rsa);
	key_done(&ec);
	return keys_teardown(state);
}

static void sign__length_query_and_small_buffer__operation_stays(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_BYTE out[64];
	CK_ULONG n = 0;

	OK(p11->C_SignInit(s, &ecdsa, ec.priv));
	OK(p11->C_Sign(s, data, 32, NULL, &n));
	assert_int_equal(n, 64);
	n = 63;
	RV(p11->C_Sign(s, data, 32, out, &n), CKR_BUFFER_TOO_SMALL);
	assert_int_equal(n, 64);
	OK(p11->C_Sign(s, data, 32, out, &n));
	RV(p11->C_Sign(s, data, 32, out, &n), CKR_OPERATION_NOT_INITIALIZED);
}

static void sign_final__length_query_and_small_buffer__parts_are_kept(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_BYTE out[128], whole[128];
	CK_ULONG n = sizeof(whole);

	OK(p11->C_SignInit(s, &sha256_rsa, rsa.priv));
	OK(p11->C_Sign(s, data, 100, whole, &n));
	OK(p11->C_SignInit(s, &sha256_rsa, rsa.priv));
	OK(p11->C_SignUpdate(s, data, 100));
	OK(p11->C_SignFinal(s, NULL, &n));
	assert_int_equal(n, 128);
	n = 127;
	RV(p11->C_SignFinal(s, out, &n), CKR_BUFFER_TOO_SMALL);
	OK(p11->C_SignFinal(s, out, &n));
	assert_memory_equal(out, whole, sizeof(whole));
	RV(p11->C_SignFinal(s, out, &n), CKR_OPERATION_NOT_INITIALIZED);
}

static void sign__out_of_order__is_refused(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_BYTE out[128];
	CK_ULONG n = sizeof(out);

	RV(p11->C_Sign(s, data, 32, out, &n), CKR_OPERATION_NOT_INITIALIZED);
	RV(p11->C_SignUpdate(s, data, 32), CKR_OPERATION_NOT_INITIALIZED);
	RV(p11->C_SignFinal(s, out, &n), CKR_OPERATION_NOT_INITIALIZED);
	OK(p11->C_SignInit(s, &sha256_rsa, rsa.priv));
	RV(p11->C_SignInit(s, &ecdsa, ec.priv), CKR_OPERATION_ACTIVE);
	OK(p11->C_SignUpdate(s, data, 32));
	RV(p11->C_Sign(s, data, 32, out, &n), CKR_OPERATION_ACTIVE);
	RV(p11->C_SignFinal(s, out, &n), CKR_OPERATION_NOT_INITIALIZED);
}

static void sign__kinds_of_operation__do_not_disturb_each_other(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_MECHANISM sha1 = { .mechanism = CKM_SHA_1 };
	CK_BYTE out[128], digest[20];
	CK_ULONG n = sizeof(out), digest_n = sizeof(digest);

	OK(p11->C_SignInit(s, &pkcs1, rsa.priv));
	OK(p11->C_VerifyInit(s, &ecdsa, ec.pub));
	OK(p11->C_DigestInit(s, &sha1));
	OK(p11->C_DecryptInit(s, &pkcs1, rsa.priv));
	OK(p11->C_EncryptInit(s, &pkcs1, rsa.pub));
	OK(p11->C_Digest(s, data, 3, digest, &digest_n));
	OK(p11->C_Sign(s, data, 32, out, &n));
	OK(p11->C_VerifyInit(s, NULL, 0));
	OK(p11->C_DecryptInit(s, NULL, 0));
	OK(p11->C_EncryptInit(s, NULL, 0));
}

static void sign_init__null_mechanism__cancels(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_BYTE out[64];
	CK_ULONG n = sizeof(out);

	RV(p11->C_SignInit(s, NULL, 0), CKR_ARGUMENTS_BAD);
	OK(p11->C_SignInit(s, &ecdsa, ec.priv));
	OK(p11->C_SignInit(s, NULL, 0));
	RV(p11->C_Sign(s, data, 32, out, &n), CKR_OPERATION_NOT_INITIALIZED);
}

static void sign_init__key_does_not_fit__is_refused(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_MECHANISM keygen = { .mechanism = CKM_EC_KEY_PAIR_GEN };
	CK_MECHANISM unknown = { .mechanism = 0x7FFFFFFF };
	CK_MECHANISM digest = { .mechanism = CKM_SHA256 };

	RV(p11->C_SignInit(s, &ecdsa, ec.priv + 1000), CKR_KEY_HANDLE_INVALID);
	RV(p11->C_SignInit(s, &ecdsa, 0), CKR_KEY_HANDLE_INVALID);
	RV(p11->C_SignInit(s, &ecdsa, rsa.priv), CKR_KEY_TYPE_INCONSISTENT);
	RV(p11->C_SignInit(s, &pkcs1, ec.priv), CKR_KEY_TYPE_INCONSISTENT);
	RV(p11->C_SignInit(s, &ecdsa, ec.pub), CKR_KEY_TYPE_INCONSISTENT);
	RV(p11->C_SignInit(s, &keygen, ec.priv), CKR_MECHANISM_INVALID);
	RV(p11->C_SignInit(s, &unknown, ec.priv), CKR_MECHANISM_INVALID);
	RV(p11->C_SignInit(s, &digest, ec.priv), CKR_MECHANISM_INVALID);
	RV(p11->C_SignInit(s + 999, &ecdsa, ec.priv), CKR_SESSION_HANDLE_INVALID);
	RV(p11->C_Sign(s, data, 32, NULL, NULL), CKR_OPERATION_NOT_INITIALIZED);
}

static void sign_init__bad_parameters__are_refused(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_RSA_PKCS_PSS_PARAMS good = { CKM_SHA256, CKG_MGF1_SHA256, 32 };
	static const struct {
		CK_MECHANISM_TYPE type;
		CK_RSA_PKCS_PSS_PARAMS p;
	} bad[] = {
		{ CKM_RSA_PKCS_PSS, { CKM_MD5, CKG_MGF1_SHA256, 32 } },
		{ CKM_RSA_PKCS_PSS, { CKM_SHA256, 99, 32 } },
		{ CKM_RSA_PKCS_PSS, { CKM_SHA256, CKG_MGF1_SHA256, 128 - 2 - 32 + 1 } },
		{ CKM_RSA_PKCS_PSS, { CKM_SHA256, CKG_MGF1_SHA256, (CK_ULONG)-1 } },
		{ CKM_SHA512_RSA_PKCS_PSS, { CKM_SHA512, CKG_MGF1_SHA512, 64 } },
		{ CKM_SHA256_RSA_PKCS_PSS, { CKM_SHA_1, CKG_MGF1_SHA1, 20 } },
	};
	CK_MECHANISM with = { CKM_ECDSA, data, 1 };
	CK_MECHANISM without = { .mechanism = CKM_RSA_PKCS_PSS };
	CK_MECHANISM null = { CKM_RSA_PKCS_PSS, NULL, sizeof(good) };
	CK_MECHANISM shorter = { CKM_RSA_PKCS_PSS, &good, sizeof(good) - 1 };

	RV(p11->C_SignInit(s, &with, ec.priv), CKR_MECHANISM_PARAM_INVALID);
	RV(p11->C_SignInit(s, &without, rsa.priv), CKR_MECHANISM_PARAM_INVALID);
	RV(p11->C_SignInit(s, &null, rsa.priv), CKR_MECHANISM_PARAM_INVALID);
	RV(p11->C_SignInit(s, &shorter, rsa.priv), CKR_MECHANISM_PARAM_INVALID);
	for (size_t i = 0; i < LEN(bad); i++) {
		CK_RSA_PKCS_PSS_PARAMS p = bad[i].p;
		CK_MECHANISM m = { bad[i].type, &p, sizeof(p) };

		RV(p11->C_SignInit(s, &m, rsa.priv), CKR_MECHANISM_PARAM_INVALID);
		RV(p11->C_VerifyInit(s, &m, rsa.pub), CKR_MECHANISM_PARAM_INVALID);
	}
}

/* One call that must fail so, and end the operation. */
static void refused(CK_SESSION_HANDLE s, CK_MECHANISM *m, CK_OBJECT_HANDLE key, CK_BYTE_PTR in,
        CK_ULONG in_n, CK_RV rv)
{
	CK_BYTE out[128];
	CK_ULONG n = sizeof(out);

	OK(p11->C_SignInit(s, m, key));
	RV(p11->C_Sign(s, in, in_n, out, &n), rv);
	RV(p11->C_Sign(s, in, in_n, out, &n), CKR_OPERATION_NOT_INITIALIZED);
}

static void sign__bad_data__is_refused_and_ends_the_operation(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_RSA_PKCS_PSS_PARAMS p = { CKM_SHA256, CKG_MGF1_SHA256, 32 };
	CK_MECHANISM pss = { CKM_RSA_PKCS_PSS, &p, sizeof(p) };
	CK_MECHANISM raw = { .mechanism = CKM_RSA_X_509 };
	CK_BYTE high[128];

	memset(high, 0xFF, sizeof(high));
	refused(s, &pkcs1, rsa.priv, data, 128 - 11 + 1, CKR_DATA_LEN_RANGE);
	refused(s, &raw, rsa.priv, data, 129, CKR_DATA_LEN_RANGE);
	refused(s, &raw, rsa.priv, high, sizeof(high), CKR_DATA_INVALID);
	refused(s, &pss, rsa.priv, data, 31, CKR_DATA_LEN_RANGE);
	refused(s, &pss, rsa.priv, data, 33, CKR_DATA_LEN_RANGE);
	refused(s, &ecdsa, ec.priv, data, 0, CKR_DATA_LEN_RANGE);
	refused(s, &ecdsa, ec.priv, NULL, 32, CKR_ARGUMENTS_BAD);
}

static void sign_update__too_much_for_a_block__is_refused(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_BYTE out[128];
	CK_ULONG n = sizeof(out);

	OK(p11->C_SignInit(s, &pkcs1, rsa.priv));
	OK(p11->C_SignUpdate(s, data, 117));
	RV(p11->C_SignUpdate(s, data, 1), CKR_DATA_LEN_RANGE);
	RV(p11->C_SignFinal(s, out, &n), CKR_OPERATION_NOT_INITIALIZED);
}

static void sign_init__usage_forbidden__is_refused(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_BYTE params[16];
	CK_BBOOL no = CK_FALSE, yes = CK_TRUE;
	CK_ATTRIBUTE pub[] = { { CKA_EC_PARAMS, params, key_ec_params("prime256v1", params) } };
	CK_ATTRIBUTE priv[] = { { CKA_SIGN, &no, 1 }, { CKA_DERIVE, &yes, 1 } };
	CK_MECHANISM m = { .mechanism = CKM_EC_KEY_PAIR_GEN };
	CK_OBJECT_HANDLE pub_key, priv_key;

	OK(p11->C_GenerateKeyPair(s, &m, pub, 1, priv, 2, &pub_key, &priv_key));
	RV(p11->C_SignInit(s, &ecdsa, priv_key), CKR_KEY_FUNCTION_NOT_PERMITTED);
	RV(p11->C_VerifyInit(s, &ecdsa, pub_key), CKR_KEY_FUNCTION_NOT_PERMITTED);
}

static void sign__nobody_logged_in__is_refused(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_BYTE out[64];
	CK_ULONG n = sizeof(out);

	OK(p11->C_SignInit(s, &ecdsa, ec.priv));
	OK(p11->C_Logout(s));
	RV(p11->C_SignInit(s, &ecdsa, ec.priv), CKR_OPERATION_ACTIVE);
	RV(p11->C_Sign(s, data, 32, out, &n), CKR_USER_NOT_LOGGED_IN);
	RV(p11->C_SignInit(s, &ecdsa, ec.priv), CKR_USER_NOT_LOGGED_IN);
	RV(p11->C_DecryptInit(s, &pkcs1, rsa.priv), CKR_USER_NOT_LOGGED_IN);
	OK(fixture_login(s, CKU_USER, FIXTURE_PIN));
	OK(p11->C_SignInit(s, &ecdsa, ec.priv));
	OK(p11->C_Sign(s, data, 32, out, &n));
}

static void sign__key_deleted_meanwhile__is_refused(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	struct key gone;
	CK_BYTE out[64];
	CK_ULONG n = sizeof(out);

	key_ec(s, "prime256v1", &gone);
	OK(p11->C_SignInit(s, &ecdsa, gone.priv));
	OK(p11->C_DestroyObject(s, gone.priv));
	RV(p11->C_Sign(s, data, 32, out, &n), CKR_KEY_HANDLE_INVALID);
	RV(p11->C_SignInit(s, &ecdsa, gone.priv), CKR_KEY_HANDLE_INVALID);
	key_done(&gone);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(sign__length_query_and_small_buffer__operation_stays),
		cmocka_unit_test(sign_final__length_query_and_small_buffer__parts_are_kept),
		cmocka_unit_test(sign__out_of_order__is_refused),
		cmocka_unit_test(sign__kinds_of_operation__do_not_disturb_each_other),
		cmocka_unit_test(sign_init__null_mechanism__cancels),
		cmocka_unit_test(sign_init__key_does_not_fit__is_refused),
		cmocka_unit_test(sign_init__bad_parameters__are_refused),
		cmocka_unit_test(sign__bad_data__is_refused_and_ends_the_operation),
		cmocka_unit_test(sign_update__too_much_for_a_block__is_refused),
		cmocka_unit_test(sign_init__usage_forbidden__is_refused),
		cmocka_unit_test(sign__key_deleted_meanwhile__is_refused),
		cmocka_unit_test(sign__nobody_logged_in__is_refused),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
