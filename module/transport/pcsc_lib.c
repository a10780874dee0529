#include "transport/pcsc_lib.h"

#include <dlfcn.h>
#include <stddef.h>
#include <string.h>

#include "base/log.h"

static const struct {
	const char *name;
	size_t place;
} functions[] = {
	{ "SCardEstablishContext", offsetof(struct pcsc, establish) },
	{ "SCardReleaseContext", offsetof(struct pcsc, release) },
	{ "SCardListReaders", offsetof(struct pcsc, list) },
	{ "SCardGetStatusChange", offsetof(struct pcsc, changed) },
	{ "SCardConnect", offsetof(struct pcsc, connect) },
	{ "SCardReconnect", offsetof(struct pcsc, reconnect) },
	{ "SCardDisconnect", offsetof(struct pcsc, disconnect) },
	{ "SCardBeginTransaction", offsetof(struct pcsc, begin) },
	{ "SCardEndTransaction", offsetof(struct pcsc, end) },
	{ "SCardTransmit", offsetof(struct pcsc, transmit) },
	{ "SCardGetAttrib", offsetof(struct pcsc, attribute) },
};

/* Results of pcsc-lite (pcsclite.h) that mean something to us. */
static const struct {
	uint32_t result;
	hsm_rc rc;
} outcomes[] = {
	{ 0x80100003, HSM_E_GONE }, /* invalid handle: the service was started anew */
	{ 0x80100006, HSM_E_MEMORY },
	{ 0x80100008, HSM_E_CARD_DATA },   /* insufficient buffer: longer than any answer */
	{ 0x80100009, HSM_E_NO_READER },   /* unknown reader */
	{ 0x8010000B, HSM_E_CARD_BUSY },   /* sharing violation */
	{ 0x8010000C, HSM_E_NO_CARD },     /* no smart card */
	{ 0x8010000F, HSM_E_CARD_DATA },   /* protocol mismatch: the card cannot do T=1 */
	{ 0x80100011, HSM_E_GONE },        /* invalid value: the reader was taken out */
	{ 0x80100013, HSM_E_PCSC_DOWN },   /* communication error with the service */
	{ 0x80100017, HSM_E_NO_READER },   /* reader unavailable */
	{ 0x8010001D, HSM_E_PCSC_DOWN },   /* no service */
	{ 0x8010001E, HSM_E_PCSC_DOWN },   /* service stopped */
	{ 0x80100027, HSM_E_PCSC_DENIED }, /* no access */
	{ 0x8010002E, HSM_E_NO_READER },   /* no readers available */
	{ 0x80100066, HSM_E_MUTE },        /* unresponsive card */
	{ 0x80100067, HSM_E_RESET },       /* unpowered card */
	{ 0x80100068, HSM_E_RESET },       /* reset card */
	{ 0x80100069, HSM_E_GONE },        /* removed card */
	{ 0x8010006A, HSM_E_PCSC_DENIED }, /* security violation: polkit refused */
};

hsm_rc pcsc_outcome(const char *function, long result)
{
	if (result == 0)
		return HSM_OK;
	log_say(LOG_INFO, "PC/SC, %s: result %08X", function, (unsigned)(uint32_t)result);
	for (size_t i = 0; i < sizeof(outcomes) / sizeof(outcomes[0]); i++) {
		if (outcomes[i].result == (uint32_t)result)
			return outcomes[i].rc;
	}
	return HSM_E_IO;
}

static hsm_rc load(struct pcsc *p)
{
	p->library = dlopen("libpcsclite.so.1", RTLD_NOW | RTLD_LOCAL);
	if (p->library == NULL)
		return HSM_E_NO_PCSC;
	for (size_t i = 0; i < sizeof(functions) / sizeof(functions[0]); i++) {
		void *function = dlsym(p->library, functions[i].name);

		if (function == NULL)
			return HSM_E_NO_PCSC;
		memcpy((uint8_t *)p + functions[i].place, &function, sizeof(function));
	}
	return HSM_OK;
}

static void unload(struct pcsc *p)
{
	if (p->library != NULL)
		dlclose(p->library);
	*p = (struct pcsc){ 0 };
}

hsm_rc pcsc_open(struct pcsc *p)
{
	hsm_rc rc;

	*p = (struct pcsc){ 0 };
	rc = load(p);
	if (rc == HSM_OK)
		rc = pcsc_outcome("SCardEstablishContext",
		        p->establish(PCSC_SCOPE_SYSTEM, NULL, NULL, &p->context));
	if (rc != HSM_OK)
		unload(p);
	return rc;
}

void pcsc_close(struct pcsc *p)
{
	(void)p->release(p->context);
	unload(p);
}
