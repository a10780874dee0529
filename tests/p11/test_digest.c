/* Digests: FIPS 180-4 examples, parts against whole, the rules of lengths and order. */
#include "p11_keys.h"

/* NIST, "Examples with Intermediate Values": the message "abc"; and the empty message. */
static const struct {
	CK_MECHANISM_TYPE type;
	const char *abc, *empty;
} examples[] = {
	{ CKM_SHA_1, "A9993E364706816ABA3E25717850C26C9CD0D89D",
	        "DA39A3EE5E6B4B0D3255BFEF95601890AFD80709" },
	{ CKM_SHA224, "23097D223405D8228642A477BDA255B32AADBCE4BDA0B3F7E36C9DA7",
	        "D14A028C2A3A2BC9476102BB288234C415A2B01F828EA62AC5B3E42F" },
	{ CKM_SHA256, "BA7816BF8F01CFEA414140DE5DAE2223B00361A396177A9CB410FF61F20015AD",
	        "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855" },
	{ CKM_SHA384,
	        "CB00753F45A35E8BB5A03D699AC65007272C32AB0EDED1631A8B605A43FF5BED"
	        "8086072BA1E7CC2358BAECA134C825A7",
	        "38B060A751AC96384CD9327EB1B1E36A21FDB71114BE07434C0CC7BF63F6E1DA"
	        "274EDEBFE76F65FBD51AD2F14898B95B" },
	{ CKM_SHA512,
	        "DDAF35A193617ABACC417349AE20413112E6FA4E89A97EA20A9EEEE64B55D39A"
	        "2192992A274FC1A836BA3C23A3FEEBBD454D4423643CE80E2A9AC94FA54CA49F",
	        "CF83E1357EEFB8BDF1542850D66D8007D620E4050B5715DC83F4A921D36CE9CE"
	        "47D0D13C5D85F2B0FF8318D2877EEC2F63B931BD47417A81A538327AF927DA3E" },
};

static void digest(CK_SESSION_HANDLE s, CK_MECHANISM_TYPE type, const char *text, const char *hex)
{
	CK_MECHANISM m = { .mechanism = type };
	uint8_t want[64], got[64];
	CK_ULONG n = sizeof(got);

	OK(p11->C_DigestInit(s, &m));
	OK(p11->C_Digest(s, bytes(text), strlen(text), got, &n));
	assert_int_equal(n, unhex(hex, want));
	assert_memory_equal(got, want, n);
}

static void digest__known_messages__known_values(void **state)
{
	CK_SESSION_HANDLE s = session(state);

	for (size_t i = 0; i < LEN(examples); i++) {
		digest(s, examples[i].type, "abc", examples[i].abc);
		digest(s, examples[i].type, "", examples[i].empty);
	}
}

static void digest__in_parts__same_value(void **state)
{
	CK_SESSION_HANDLE s = session(state);

	for (size_t i = 0; i < LEN(examples); i++) {
		CK_MECHANISM m = { .mechanism = examples[i].type };
		uint8_t want[64], got[64];
		CK_ULONG n = sizeof(got);

		OK(p11->C_DigestInit(s, &m));
		OK(p11->C_DigestUpdate(s, bytes("a"), 1));
		OK(p11->C_DigestUpdate(s, NULL, 0));
		OK(p11->C_DigestUpdate(s, bytes("bc"), 2));
		OK(p11->C_DigestFinal(s, got, &n));
		assert_int_equal(n, unhex(examples[i].abc, want));
		assert_memory_equal(got, want, n);
	}
}

static void digest_final__no_parts__digests_nothing(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_MECHANISM m = { .mechanism = CKM_SHA256 };
	uint8_t want[32], got[32];
	CK_ULONG n = sizeof(got);

	OK(p11->C_DigestInit(s, &m));
	OK(p11->C_DigestFinal(s, got, &n));
	unhex(examples[2].empty, want);
	assert_memory_equal(got, want, sizeof(want));
}

static void digest__length_query_and_small_buffer__operation_stays(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_MECHANISM m = { .mechanism = CKM_SHA256 };
	uint8_t want[32], got[32];
	CK_ULONG n = 0;

	OK(p11->C_DigestInit(s, &m));
	OK(p11->C_Digest(s, bytes("abc"), 3, NULL, &n));
	assert_int_equal(n, 32);
	n = 31;
	RV(p11->C_Digest(s, bytes("abc"), 3, got, &n), CKR_BUFFER_TOO_SMALL);
	assert_int_equal(n, 32);
	OK(p11->C_Digest(s, bytes("abc"), 3, got, &n));
	unhex(examples[2].abc, want);
	assert_memory_equal(got, want, sizeof(want));
	RV(p11->C_Digest(s, bytes("abc"), 3, got, &n), CKR_OPERATION_NOT_INITIALIZED);
}

static void digest__out_of_order__is_refused(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_MECHANISM m = { .mechanism = CKM_SHA256 };
	uint8_t got[32];
	CK_ULONG n = sizeof(got);

	RV(p11->C_DigestUpdate(s, bytes("abc"), 3), CKR_OPERATION_NOT_INITIALIZED);
	RV(p11->C_DigestFinal(s, got, &n), CKR_OPERATION_NOT_INITIALIZED);
	OK(p11->C_DigestInit(s, &m));
	RV(p11->C_DigestInit(s, &m), CKR_OPERATION_ACTIVE);
	OK(p11->C_DigestUpdate(s, bytes("abc"), 3));
	RV(p11->C_Digest(s, bytes("abc"), 3, got, &n), CKR_OPERATION_ACTIVE);
	RV(p11->C_DigestFinal(s, got, &n), CKR_OPERATION_NOT_INITIALIZED);
}

static void digest__bad_arguments__are_refused(void **state)
{
	CK_SESSION_HANDLE s = session(state);
	CK_MECHANISM m = { .mechanism = CKM_SHA256 };
	CK_MECHANISM not_a_digest = { .mechanism = CKM_ECDSA };
	uint8_t got[32];
	CK_MECHANISM with_parameter = { CKM_SHA256, got, 1 };
	CK_ULONG n = sizeof(got);

	RV(p11->C_DigestInit(s, NULL), CKR_ARGUMENTS_BAD);
	RV(p11->C_DigestInit(s, &with_parameter), CKR_MECHANISM_PARAM_INVALID);
	RV(p11->C_DigestInit(s, &not_a_digest), CKR_MECHANISM_INVALID);
	RV(p11->C_DigestInit(s + 999, &m), CKR_SESSION_HANDLE_INVALID);
	OK(p11->C_DigestInit(s, &m));
	RV(p11->C_Digest(s, NULL, 3, got, &n), CKR_ARGUMENTS_BAD);
	OK(p11->C_DigestInit(s, &m));
	RV(p11->C_Digest(s, bytes("abc"), 3, got, NULL), CKR_ARGUMENTS_BAD);
	OK(p11->C_DigestInit(s, &m));
	RV(p11->C_DigestKey(s, 1), CKR_KEY_INDIGESTIBLE);
	OK(p11->C_DigestInit(s, NULL));
	RV(p11->C_Digest(s, bytes("abc"), 3, got, &n), CKR_OPERATION_NOT_INITIALIZED);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(digest__known_messages__known_values),
		cmocka_unit_test(digest__in_parts__same_value),
		cmocka_unit_test(digest_final__no_parts__digests_nothing),
		cmocka_unit_test(digest__length_query_and_small_buffer__operation_stays),
		cmocka_unit_test(digest__out_of_order__is_refused),
		cmocka_unit_test(digest__bad_arguments__are_refused),
	};

	return cmocka_run_group_tests(tests, keys_setup, keys_teardown);
}
