/* Many threads: one session each with a shared key, and one session for all. */
#include <pthread.h>
#include <stdatomic.h>

#include "p11_keys.h"

enum { THREADS = 8, ROUNDS = 50 };

static struct key ec, rsa;
static atomic_uint failures;

/* cmocka's asserts are for the main thread only. */
#define COUNT_UNLESS(cond)                                                                         \
	do {                                                                                       \
		if (!(cond))                                                                       \
			atomic_fetch_add(&failures, 1);                                            \
	} while (0)

static int setup(void **state)
{
	keys_setup(state);
	key_ec(session(state), "prime256v1", &ec);
	key_rsa(session(state), 1024, &rsa);
	return 0;
}

static int teardown(void **state)
{
	key_done(&ec);
	key_done(&rsa);
	return keys_teardown(state);
}

static void run(void *(*body)(void *), void *arg)
{
	pthread_t threads[THREADS];

	atomic_store(&failures, 0);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_create(&threads[i], NULL, body, arg), 0);
	for (size_t i = 0; i < THREADS; i++)
		assert_int_equal(pthread_join(threads[i], NULL), 0);
	assert_int_equal(atomic_load(&failures), 0);
}

static void sign_and_verify(CK_SESSION_HANDLE s, const struct key *k, CK_MECHANISM_TYPE type)
{
	CK_MECHANISM m = { .mechanism = type };
	CK_BYTE data[32] = { 1, 2, 3 }, sig[128];
	CK_ULONG n = sizeof(sig);

	COUNT_UNLESS(p11->C_SignInit(s, &m, k->priv) == CKR_OK);
	COUNT_UNLESS(p11->C_Sign(s, data, sizeof(data), sig, &n) == CKR_OK);
	COUNT_UNLESS(p11->C_VerifyInit(s, &m, k->pub) == CKR_OK);
	COUNT_UNLESS(p11->C_Verify(s, data, sizeof(data), sig, n) == CKR_OK);
}

static void *own_session(void *arg)
{
	CK_SESSION_HANDLE s;

	(void)arg;
	COUNT_UNLESS(p11->C_OpenSession(0, CKF_SERIAL_SESSION, NULL, NULL, &s) == CKR_OK);
	for (int i = 0; i < ROUNDS; i++) {
		sign_and_verify(s, &ec, CKM_ECDSA_SHA256);
		sign_and_verify(s, &rsa, CKM_SHA256_RSA_PKCS);
	}
	COUNT_UNLESS(p11->C_CloseSession(s) == CKR_OK);
	return NULL;
}

static void threads__own_sessions_and_a_shared_key__all_signatures_are_right(void **state)
{
	(void)state;
	run(own_session, NULL);
}

/* Calls of threads on one session take turns; an Init may find another's operation. */
static void *same_session(void *arg)
{
	CK_SESSION_HANDLE s = *(CK_SESSION_HANDLE *)arg;
	CK_MECHANISM m = { .mechanism = CKM_ECDSA };
	CK_BYTE data[32] = { 1 }, sig[64];

	for (int i = 0; i < ROUNDS; i++) {
		CK_ULONG n = sizeof(sig);
		CK_RV rv = p11->C_SignInit(s, &m, ec.priv);

		COUNT_UNLESS(rv == CKR_OK || rv == CKR_OPERATION_ACTIVE);
		rv = p11->C_Sign(s, data, sizeof(data), sig, &n);
		COUNT_UNLESS(rv == CKR_OK || rv == CKR_OPERATION_NOT_INITIALIZED);
	}
	return NULL;
}

static void threads__one_session__calls_take_turns(void **state)
{
	CK_SESSION_HANDLE s = session(state);

	run(same_session, &s);
	p11->C_SignInit(s, NULL, 0);
}

/* A session closed by one thread while others use it. */
static void *until_closed(void *arg)
{
	CK_SESSION_HANDLE s = *(CK_SESSION_HANDLE *)arg;
	CK_MECHANISM m = { .mechanism = CKM_ECDSA_SHA256 };
	CK_BYTE data[32] = { 1 }, sig[64];
	CK_RV rv = CKR_OK;

	for (int i = 0; rv != CKR_SESSION_HANDLE_INVALID; i++) {
		CK_ULONG n = sizeof(sig);

		p11->C_SignInit(s, &m, ec.priv);
		p11->C_SignUpdate(s, data, sizeof(data));
		rv = p11->C_SignFinal(s, sig, &n);
		if (i == 10)
			p11->C_CloseSession(s);
	}
	return NULL;
}

static void threads__session_closed_under_them__all_notice(void **state)
{
	CK_SESSION_HANDLE s = fixture_session(false);

	(void)state;
	run(until_closed, &s);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(threads__own_sessions_and_a_shared_key__all_signatures_are_right),
		cmocka_unit_test(threads__one_session__calls_take_turns),
		cmocka_unit_test(threads__session_closed_under_them__all_notice),
	};

	return cmocka_run_group_tests(tests, setup, teardown);
}
