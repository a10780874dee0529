/* The carrier "unix:PATH", below the card layer and below the whole module. */
#include <unistd.h>

#include "base/log.h"
#include "card/card.h"
#include "front/front.h"
#include "p11_keys.h"

struct served {
	char path[256], settings[280];
	struct front *front;
};

static struct served served;

static int group_setup(void **state)
{
	int failed = fixture_group_setup(state);

	snprintf(served.path, sizeof(served.path), "%s", fixture_path("socket"));
	snprintf(served.settings, sizeof(served.settings), "cards = unix:%s", served.path);
	log_set(LOG_OFF);
	return failed;
}

static int setup(void **state)
{
	(void)state;
	assert_int_equal(front_new(fixture_token, NULL, &served.front), HSM_OK);
	return front_socket(served.front, served.path) == HSM_OK ? 0 : -1;
}

static int teardown(void **state)
{
	(void)state;
	front_stop(served.front);
	served.front = NULL;
	return 0;
}

/* ---- card layer ---- */

static hsm_rc open_at(const char *path, struct card **out)
{
	char address[320];

	snprintf(address, sizeof(address), "unix:%s", path);
	return card_open(address, out);
}

static hsm_rc tries_left(struct card *card, unsigned *out)
{
	AUTO_LANE *lane = NULL;
	struct pin_status status;
	hsm_rc rc;

	TRY(card_take(card, &lane));
	rc = card_pin_status(lane, REF_USER_PIN, &status);
	*out = status.tries;
	return rc;
}

static void card__server_goes__is_gone(void **state)
{
	struct card *card;
	unsigned tries;

	(void)state;
	assert_int_equal(open_at(served.path, &card), HSM_OK);
	assert_int_equal(tries_left(card, &tries), HSM_OK);
	assert_int_equal(tries, 3);
	teardown(NULL);
	assert_int_equal(tries_left(card, &tries), HSM_E_GONE);
	assert_int_equal(tries_left(card, &tries), HSM_E_GONE);
	card_close(card);
}

static void card_open__nobody_there__says_so(void **state)
{
	char path[300];
	struct card *card;

	(void)state;
	assert_int_equal(open_at("/nowhere/socket", &card), HSM_E_TOKEN_MISSING);
	assert_int_equal(open_at(fixture_token, &card), HSM_E_TOKEN_MISSING);
	memset(path, 'a', sizeof(path));
	path[200] = '\0';
	assert_int_equal(open_at(path, &card), HSM_E_BAD_CONFIG);
}

/* ---- the module ---- */

static void check_signature(CK_SESSION_HANDLE s, const struct key *k, CK_MECHANISM_TYPE type)
{
	CK_MECHANISM mech = { type, NULL, 0 };
	CK_BYTE data[] = "over the socket", sig[512];
	CK_ULONG sig_n = sizeof(sig);

	OK(p11->C_SignInit(s, &mech, k->priv));
	OK(p11->C_Sign(s, data, sizeof(data), sig, &sig_n));
	OK(p11->C_VerifyInit(s, &mech, k->pub));
	OK(p11->C_Verify(s, data, sizeof(data), sig, sig_n));
	data[0] ^= 1;
	OK(p11->C_VerifyInit(s, &mech, k->pub));
	RV(p11->C_Verify(s, data, sizeof(data), sig, sig_n), CKR_SIGNATURE_INVALID);
}

static void module__keys__work(void **state)
{
	CK_SESSION_HANDLE s;
	struct key rsa, ec;

	(void)state;
	OK(fixture_initialize(served.settings));
	s = fixture_session(true);
	RV(fixture_login(s, CKU_USER, "000000"), CKR_PIN_INCORRECT);
	OK(fixture_login(s, CKU_USER, FIXTURE_PIN));
	key_rsa(s, 1024, &rsa);
	key_ec(s, "prime256v1", &ec);
	check_signature(s, &rsa, CKM_SHA256_RSA_PKCS);
	check_signature(s, &ec, CKM_ECDSA_SHA256);
	key_done(&rsa);
	key_done(&ec);
	OK(p11->C_Finalize(NULL));
}

static CK_ULONG count_private_keys(CK_SESSION_HANDLE s)
{
	CK_OBJECT_CLASS class = CKO_PRIVATE_KEY;
	CK_ATTRIBUTE attr = { CKA_CLASS, &class, sizeof(class) };
	CK_OBJECT_HANDLE found[16];
	CK_ULONG n;

	OK(p11->C_FindObjectsInit(s, &attr, 1));
	OK(p11->C_FindObjects(s, found, LEN(found), &n));
	OK(p11->C_FindObjectsFinal(s));
	return n;
}

/* The same token as a file and over the socket: the keys made above are there. */
static void module__file_and_socket__same_objects(void **state)
{
	CK_ULONG n;

	(void)state;
	OK(fixture_initialize(NULL));
	n = count_private_keys(fixture_user_session());
	OK(p11->C_Finalize(NULL));
	assert_int_equal(n, 2);
	OK(fixture_initialize(served.settings));
	assert_int_equal(count_private_keys(fixture_user_session()), n);
	OK(p11->C_Finalize(NULL));
}

#define SERVED(test) cmocka_unit_test_setup_teardown(test, setup, teardown)

int main(void)
{
	const struct CMUnitTest tests[] = {
		SERVED(card__server_goes__is_gone),
		SERVED(card_open__nobody_there__says_so),
		SERVED(module__keys__work),
		SERVED(module__file_and_socket__same_objects),
	};

	return cmocka_run_group_tests(tests, group_setup, fixture_group_teardown);
}
