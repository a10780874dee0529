#include "p11_fixture.h"

#include <dlfcn.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/ossl.h"
#include "emu.h"
#include "token/token.h"

CK_FUNCTION_LIST_3_0 *p11;
char fixture_token[256];

static char folder[] = "/tmp/twinhsm-p11-XXXXXX";
static void *module;

const char *fixture_path(const char *name)
{
	static char path[256];

	snprintf(path, sizeof(path), "%s/%s", folder, name);
	return path;
}

void fixture_make_factory_token(const char *path)
{
	assert_int_equal(ossl_acquire(), HSM_OK);
	assert_int_equal(emu_create(path, &(struct emu_make){ .kdf = EMU_KDF_CHEAP }), HSM_OK);
	ossl_release();
}

static void initialize(struct token *t, const char *label)
{
	assert_int_equal(token_init(t, rd_str(FIXTURE_SO_PIN), rd_str(label)), HSM_OK);
	assert_int_equal(token_login(t, TOKEN_SO, rd_str(FIXTURE_SO_PIN)), HSM_OK);
	assert_int_equal(token_init_pin(t, rd_str(FIXTURE_PIN)), HSM_OK);
	assert_int_equal(token_logout(t), HSM_OK);
}

void fixture_make_token(const char *path, const char *label)
{
	char address[300];
	struct card *card;
	struct token *t;

	fixture_make_factory_token(path);
	assert_int_equal(ossl_acquire(), HSM_OK);
	snprintf(address, sizeof(address), "emu:%s", path);
	assert_int_equal(card_open(address, &card), HSM_OK);
	assert_int_equal(token_open(card, &t), HSM_OK);
	initialize(t, label);
	token_close(t);
	ossl_release();
}

static const char *module_path(void)
{
	const char *path = getenv("P11_MODULE");

	return path != NULL ? path : P11_MODULE_PATH;
}

void fixture_load(void)
{
	CK_C_GetInterface get_interface;
	CK_VERSION version = { 3, 0 };
	CK_INTERFACE *interface;

	module = dlopen(module_path(), RTLD_NOW | RTLD_LOCAL);
	if (module == NULL)
		fail_msg("%s", dlerror());
	*(void **)&get_interface = dlsym(module, "C_GetInterface");
	assert_non_null(get_interface);
	OK(get_interface(NULL, &version, &interface, 0));
	p11 = interface->pFunctionList;
}

void fixture_unload(void)
{
	p11 = NULL;
	assert_int_equal(dlclose(module), 0);
	module = NULL;
}

CK_RV fixture_initialize(const char *settings)
{
	char own[300];
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK };

	snprintf(own, sizeof(own), "cards = emu:%s", fixture_token);
	if (settings != NULL)
		snprintf(own, sizeof(own), "%s", settings);
	args.pReserved = own;
	return p11->C_Initialize(&args);
}

int fixture_group_setup(void **state)
{
	(void)state;
	assert_non_null(mkdtemp(folder));
	snprintf(fixture_token, sizeof(fixture_token), "%s/card.token", folder);
	fixture_make_token(fixture_token, FIXTURE_LABEL);
	fixture_load();
	return 0;
}

int fixture_group_teardown(void **state)
{
	char command[300];

	(void)state;
	fixture_unload();
	snprintf(command, sizeof(command), "rm -rf '%s'", folder);
	return system(command);
}

int fixture_setup(void **state)
{
	(void)state;
	OK(fixture_initialize(NULL));
	return 0;
}

int fixture_teardown(void **state)
{
	(void)state;
	OK(p11->C_Finalize(NULL));
	return 0;
}

int fixture_fresh_setup(void **state)
{
	assert_int_equal(unlink(fixture_token), 0);
	fixture_make_token(fixture_token, FIXTURE_LABEL);
	return fixture_setup(state);
}

int fixture_fork(int (*work)(void))
{
	pid_t child = fork();
	int status;

	assert_true(child >= 0);
	if (child == 0)
		_exit(fixture_initialize(NULL) == CKR_OK ? work() : 100);
	assert_int_equal(waitpid(child, &status, 0), child);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 200;
}

CK_SESSION_HANDLE fixture_session(bool rw)
{
	CK_SESSION_HANDLE s;

	OK(p11->C_OpenSession(0, CKF_SERIAL_SESSION | (rw ? CKF_RW_SESSION : 0), NULL, NULL, &s));
	return s;
}

CK_RV fixture_login(CK_SESSION_HANDLE s, CK_USER_TYPE user, const char *pin)
{
	CK_UTF8CHAR copy[32];

	assert_true(strlen(pin) < sizeof(copy));
	memcpy(copy, pin, strlen(pin));
	return p11->C_Login(s, user, copy, strlen(pin));
}

CK_SESSION_HANDLE fixture_user_session(void)
{
	CK_SESSION_HANDLE s = fixture_session(true);

	OK(fixture_login(s, CKU_USER, FIXTURE_PIN));
	return s;
}
