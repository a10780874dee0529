/* C_Initialize and C_Finalize: the life of the library in a process, and in its forked children. */
#include <openssl/crypto.h>

#include "base/ossl.h"
#include "p11/p11.h"

/* `lock` serialises C_Initialize and C_Finalize; it is the first of all locks. */
static struct {
	struct lock lock;
	bool watching GUARDED_BY(lock); /* the fork handler is registered */
} library = { .lock = LOCK_INIT };

/* What the parent had open is not ours: descriptors, logins and locks are left alone, and the child
 * starts uninitialised (PKCS#11 2.40 section 5.4, C_Initialize). */
static void forget(void)
{
	sessions_forget();
	slots_forget();
	tp_forget();
}

static void in_forked_child(void)
{
	lock_init(&library.lock);
	forget();
}

static CK_RV check_args(const CK_C_INITIALIZE_ARGS *args)
{
	int callbacks = (args->CreateMutex != NULL) + (args->DestroyMutex != NULL) +
	                (args->LockMutex != NULL) + (args->UnlockMutex != NULL);

	if (callbacks != 0 && callbacks != 4)
		return CKR_ARGUMENTS_BAD;
	if (callbacks == 4 && (args->flags & CKF_OS_LOCKING_OK) == 0)
		return CKR_CANT_LOCK;
	return CKR_OK;
}

static CK_RV start_slots(const char *settings)
{
	struct config config = { 0 };

	TRY_RC(config_load(settings, &config));
	if (config.has_log)
		log_set(config.log);
	return slots_start(&config);
}

static CK_RV start(const char *settings) LOCK_REQUIRES(library.lock)
{
	CK_RV rv;

	if (sessions_running())
		return CKR_CRYPTOKI_ALREADY_INITIALIZED;
	if (!library.watching && pthread_atfork(NULL, NULL, in_forked_child) != 0)
		return CKR_HOST_MEMORY;
	library.watching = true;
	TRY_RC(ossl_acquire());
	rv = start_slots(settings);
	if (rv == CKR_OK)
		sessions_start();
	else
		ossl_release();
	return rv;
}

CK_RV C_Initialize(CK_VOID_PTR init_args)
{
	const CK_C_INITIALIZE_ARGS *args = init_args;
	CK_RV rv;

	if (args != NULL)
		TRY_RV(check_args(args));
	lock(&library.lock);
	rv = start(args == NULL ? NULL : args->pReserved);
	unlock(&library.lock);
	return rv;
}

/* Hosts finalise in exit handlers, where OpenSSL may have cleaned up before us: nothing that it
 * made can be freed then, and the process ends anyway. */
static void stop(void)
{
	if (OPENSSL_init_crypto(0, NULL) == 0)
		return;
	sessions_free();
	slots_stop();
	ossl_release();
}

CK_RV C_Finalize(CK_VOID_PTR reserved)
{
	bool was_running;

	if (reserved != NULL)
		return CKR_ARGUMENTS_BAD;
	lock(&library.lock);
	was_running = sessions_stop();
	if (was_running)
		stop();
	unlock(&library.lock);
	return was_running ? CKR_OK : CKR_CRYPTOKI_NOT_INITIALIZED;
}
