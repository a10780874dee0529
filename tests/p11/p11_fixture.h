/* A throw-away token in a file, and the module under test, loaded as a host loads it. The module
 * is the one of this build, or what the environment variable P11_MODULE names. */
#ifndef TWINHSM_TESTS_P11_FIXTURE_H
#define TWINHSM_TESTS_P11_FIXTURE_H

#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "p11/cryptoki.h"

#define FIXTURE_PIN    "648219"
#define FIXTURE_SO_PIN "3537363231383830"
#define FIXTURE_LABEL  "mytoken"

#define RV(expr, rv) assert_int_equal((expr), (rv))
#define OK(expr)     RV(expr, CKR_OK)
#define LEN(a)       (sizeof(a) / sizeof((a)[0]))

/* The functions of the loaded module; NULL: not loaded. */
extern CK_FUNCTION_LIST_3_0 *p11;

/* The token file of this test program. */
extern char fixture_token[256];

/* Another file next to it; static storage, valid until the next call. */
const char *fixture_path(const char *name);

/* Makes a card in a new file: initialised with label and PINs, or as it leaves the factory. */
void fixture_make_token(const char *path, const char *label);
void fixture_make_factory_token(const char *path);

/* Loads and unloads the module under test. */
void fixture_load(void);
void fixture_unload(void);

/* C_Initialize with settings in pReserved; "cards = emu:" and the token file for NULL. */
CK_RV fixture_initialize(const char *settings);

/* For cmocka groups: an initialised token, the module loaded. */
int fixture_group_setup(void **state);
int fixture_group_teardown(void **state);

/* For cmocka tests: C_Initialize and C_Finalize. */
int fixture_setup(void **state);
int fixture_teardown(void **state);

/* The same with a fresh token for each test. */
int fixture_fresh_setup(void **state);

/* Runs `work` in a forked child, which begins with its own C_Initialize, and returns what it
 * returned, below 100; more: the child could not initialise or died. */
int fixture_fork(int (*work)(void));

/* A read-write or read-only session on slot 0, and one with the user logged in. */
CK_SESSION_HANDLE fixture_session(bool rw);
CK_SESSION_HANDLE fixture_user_session(void);
CK_RV fixture_login(CK_SESSION_HANDLE s, CK_USER_TYPE user, const char *pin);

#endif
