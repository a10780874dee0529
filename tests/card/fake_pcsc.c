#include "fake_pcsc.h"

#include <string.h>

#include "base/text.h"
#include "transport/pcsc_lib.h"

#define EXPORT __attribute__((visibility("default")))

extern struct fake_pcsc fake_pcsc;
EXPORT struct fake_pcsc fake_pcsc;

static long fails(const char *function)
{
	if (fake_pcsc.failing == NULL || strcmp(fake_pcsc.failing, function) != 0)
		return 0;
	if (fake_pcsc.skip-- != 0)
		return 0;
	fake_pcsc.failing = NULL;
	if (fake_pcsc.failed != NULL)
		fake_pcsc.failed();
	return fake_pcsc.result;
}

/* A call for an open card. */
static long card_fails(const char *function)
{
	long result = fails(function);

	if (result != 0)
		return result;
	return fake_pcsc.removed ? SCARD_W_REMOVED_CARD : fake_pcsc.reset ? SCARD_W_RESET_CARD : 0;
}

static const struct fake_reader *reader_of(const char *name)
{
	for (size_t i = 0; i < fake_pcsc.readers_n; i++) {
		if (strcmp(fake_pcsc.readers[i].name, name) == 0)
			return &fake_pcsc.readers[i];
	}
	return NULL;
}

EXPORT long SCardEstablishContext(unsigned long scope, const void *a, const void *b, long *context);
long SCardEstablishContext(unsigned long scope, const void *a, const void *b, long *context)
{
	long result = fails(__func__);

	(void)a;
	(void)b;
	if (result != 0)
		return result;
	*context = (long)scope;
	fake_pcsc.contexts++;
	return 0;
}

EXPORT long SCardReleaseContext(long context);
long SCardReleaseContext(long context)
{
	(void)context;
	fake_pcsc.contexts--;
	return fails(__func__);
}

EXPORT long SCardListReaders(long context, const char *groups, char *names, unsigned long *n);
long SCardListReaders(long context, const char *groups, char *names, unsigned long *n)
{
	struct wr w = wr_of(names, *n);
	long result = fails(__func__);

	(void)context;
	(void)groups;
	if (result != 0)
		return result;
	if (fake_pcsc.readers_n == 0 && fake_pcsc.names.n == 0)
		return SCARD_E_NO_READERS_AVAILABLE;
	wr_rd_put(&w, fake_pcsc.names);
	for (size_t i = 0; i < fake_pcsc.readers_n && fake_pcsc.names.n == 0; i++)
		wr_put(&w, fake_pcsc.readers[i].name, strlen(fake_pcsc.readers[i].name) + 1);
	if (fake_pcsc.names.n == 0)
		wr_u8(&w, 0);
	*n = w.n;
	return w.bad ? SCARD_E_INSUFFICIENT_BUFFER : 0;
}

EXPORT long SCardGetStatusChange(
        long context, unsigned long timeout, struct pcsc_reader_state *states, unsigned long n);
long SCardGetStatusChange(
        long context, unsigned long timeout, struct pcsc_reader_state *states, unsigned long n)
{
	const struct fake_reader *reader = reader_of(states->reader);
	struct wr atr = WR_ARRAY(states->atr);
	long result = fails(__func__);

	(void)context;
	(void)timeout;
	if (result != 0)
		return result;
	if (n != 1 || reader == NULL)
		return SCARD_E_UNKNOWN_READER;
	if (reader->atr != NULL && hex_get(rd_str(reader->atr), &atr) != HSM_OK)
		return SCARD_E_NO_MEMORY;
	states->atr_n = fake_pcsc.length != 0 ? fake_pcsc.length : atr.n;
	states->event = (unsigned long)reader->count << 16 | (reader->atr != NULL ? 0x20 : 0x10);
	return 0;
}

EXPORT long SCardConnect(long context, const char *name, unsigned long share,
        unsigned long protocols, long *card, unsigned long *protocol);
long SCardConnect(long context, const char *name, unsigned long share, unsigned long protocols,
        long *card, unsigned long *protocol)
{
	const struct fake_reader *reader = reader_of(name);
	long result = fails(__func__);

	(void)context;
	if (result != 0)
		return result;
	if (reader == NULL)
		return SCARD_E_UNKNOWN_READER;
	if (reader->atr == NULL && share != PCSC_DIRECT)
		return SCARD_E_NO_SMARTCARD;
	*card = 1 + (reader - fake_pcsc.readers);
	*protocol = protocols;
	fake_pcsc.cards++;
	return 0;
}

EXPORT long SCardGetAttrib(long card, unsigned long id, uint8_t *out, unsigned long *n);
long SCardGetAttrib(long card, unsigned long id, uint8_t *out, unsigned long *n)
{
	const struct fake_reader *reader = &fake_pcsc.readers[card - 1];
	long result = fails(__func__);

	if (result != 0)
		return result;
	if (id != PCSC_ATTR_CHANNEL || reader->channel == 0)
		return SCARD_E_UNSUPPORTED_FEATURE;
	if (*n < sizeof(reader->channel))
		return SCARD_E_INSUFFICIENT_BUFFER;
	memcpy(out, &reader->channel, sizeof(reader->channel));
	*n = sizeof(reader->channel);
	return 0;
}

EXPORT long SCardReconnect(long card, unsigned long share, unsigned long protocols,
        unsigned long initialization, unsigned long *protocol);
long SCardReconnect(long card, unsigned long share, unsigned long protocols,
        unsigned long initialization, unsigned long *protocol)
{
	long result = fails(__func__);

	(void)card;
	(void)share;
	if (result != 0)
		return result;
	if (initialization != PCSC_LEAVE_CARD)
		fake_pcsc.power_touched = true;
	*protocol = protocols;
	fake_pcsc.reset = false;
	fake_pcsc.resets++;
	return fake_pcsc.removed ? SCARD_W_REMOVED_CARD : 0;
}

EXPORT long SCardDisconnect(long card, unsigned long disposition);
long SCardDisconnect(long card, unsigned long disposition)
{
	(void)card;
	fake_pcsc.cards--;
	fake_pcsc.holds = 0;
	if (disposition != PCSC_LEAVE_CARD)
		fake_pcsc.power_touched = true;
	return fails(__func__);
}

EXPORT long SCardBeginTransaction(long card);
long SCardBeginTransaction(long card)
{
	long result = card_fails(__func__);

	(void)card;
	if (result == 0)
		fake_pcsc.holds++;
	return result;
}

EXPORT long SCardEndTransaction(long card, unsigned long disposition);
long SCardEndTransaction(long card, unsigned long disposition)
{
	long result = card_fails(__func__);

	(void)card;
	if (fake_pcsc.holds == 0 && result == 0)
		return SCARD_E_NOT_TRANSACTED;
	fake_pcsc.holds = 0;
	if (disposition != PCSC_LEAVE_CARD)
		fake_pcsc.power_touched = true;
	return result;
}

EXPORT long SCardTransmit(long card, const struct pcsc_pci *pci, const uint8_t *cmd,
        unsigned long cmd_n, struct pcsc_pci *rsp_pci, uint8_t *rsp, unsigned long *rsp_n);
long SCardTransmit(long card, const struct pcsc_pci *pci, const uint8_t *cmd, unsigned long cmd_n,
        struct pcsc_pci *rsp_pci, uint8_t *rsp, unsigned long *rsp_n)
{
	struct wr w = wr_of(rsp, *rsp_n);
	long result = card_fails(__func__);

	(void)card;
	(void)rsp_pci;
	if (result != 0)
		return result;
	if (pci->protocol != PCSC_T1 || pci->size != sizeof(*pci))
		return SCARD_E_PROTO_MISMATCH;
	fake_pcsc.commands++;
	if (fake_pcsc.answer(fake_pcsc.arg, rd_of(cmd, cmd_n), &w) != HSM_OK)
		return SCARD_E_NOT_TRANSACTED;
	*rsp_n = fake_pcsc.length != 0 ? fake_pcsc.length : w.n;
	return 0;
}
