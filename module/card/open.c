/* Power-up: select the applet, find out who it is. */
#include <stdlib.h>

#include "base/ossl.h"
#include "base/tlv.h"
#include "card/command.h"
#include "p15/cvc.h"

enum {
	CHR_SEQUENCE = 5, /* digits at the end of a holder reference */
	FCI_VERSION = 0x85,
};

/* Bytes of the applet's tag 85, read from the end; the short form is that of versions before 2.0.
 */
static hsm_rc version_parse(struct rd v, struct card_identity *id)
{
	if (v.n != 2 && v.n < 5)
		return HSM_E_CARD_DATA;
	id->minor = v.p[v.n - 1];
	id->major = v.p[v.n - 2];
	id->platform = 0;
	id->options = 0;
	if (v.n < 5)
		return HSM_OK;
	id->platform = v.p[v.n - 3];
	id->options = (uint16_t)(v.p[v.n - 5] << 8 | v.p[v.n - 4]);
	return HSM_OK;
}

static hsm_rc fci_parse(struct rd fci, struct card_identity *id)
{
	static const uint8_t templates[] = { 0x6F, 0x62, 0x64 };
	struct rd content, version;

	for (size_t i = 0; i < sizeof(templates); i++) {
		if (!tlv_get(&fci, templates[i], &content))
			continue;
		if (!tlv_find(content, FCI_VERSION, &version))
			return HSM_E_CARD_DATA;
		return version_parse(version, id);
	}
	return HSM_E_CARD_DATA;
}

hsm_rc applet_select(struct card_lane *lane)
{
	static const struct sw_rule rules[] = {
		{ 0x6A82, HSM_E_CARD_DATA }, /* no SmartCard-HSM */
		{ 0x6282, HSM_E_CARD_SW }, /* not the end of what is read, if this is on the way */
		{ 0 },
	};
	struct capdu c = {
		.ins = INS_SELECT,
		.p1 = 0x04,
		.data = RD_LIT(SCHSM_AID),
		.ne = 256,
	};
	struct card_identity id;
	struct rapdu answer;
	hsm_rc rc;

	secure_close(lane);
	rc = command_transmit(lane, &c, &answer);
	if (rc == HSM_E_RESET) /* which is no matter here */
		rc = command_transmit(lane, &c, &answer);
	TRY(rc);
	TRY(command_outcome(answer.sw, rules));
	TRY(fci_parse(answer.data, &id));
	lock(&lane->card->lock);
	lane->card->identity.options = id.options;
	lane->card->identity.platform = id.platform;
	lane->card->identity.major = id.major;
	lane->card->identity.minor = id.minor;
	unlock(&lane->card->lock);
	return HSM_OK;
}

static bool printable(struct rd text)
{
	for (size_t i = 0; i < text.n; i++) {
		if (text.p[i] <= ' ' || text.p[i] > '~')
			return false;
	}
	return true;
}

/* The serial number is that of the device certificate: its holder without the sequence number. */
static hsm_rc read_serial(struct card_lane *lane)
{
	struct card_identity *id = &lane->card->identity;
	AUTO_BUF file = { 0 };
	struct cvc device;
	struct rd certs;

	TRY(card_read_file(lane, EF_DEVAUT, &file));
	certs = buf_rd(&file);
	TRY(cvc_parse(&certs, &device));
	if (device.chr.n <= CHR_SEQUENCE || device.chr.n > P15_CHR_MAX || !printable(device.chr))
		return HSM_E_CARD_DATA;
	lock(&lane->card->lock);
	memcpy(id->chr, device.chr.p, device.chr.n);
	memcpy(id->serial, device.chr.p, device.chr.n - CHR_SEQUENCE);
	unlock(&lane->card->lock);
	if (lane->card->secure == CARD_PLAIN)
		return HSM_OK;
	TRY(secure_trust(lane->card, buf_rd(&file)));
	lane->card->trusted = true;
	return secure_open(lane);
}

static hsm_rc identify(struct card *card)
{
	AUTO_LANE *lane = NULL;

	TRY(card_take(card, &lane));
	TRY(applet_select(lane));
	return read_serial(lane);
}

hsm_rc card_open_tp_secure(struct tp *tp, enum card_secure secure, struct card **out)
{
	struct card *card = calloc(1, sizeof(*card));
	hsm_rc rc;

	rc = card == NULL ? HSM_E_MEMORY : secure == CARD_PLAIN ? HSM_OK : ossl_acquire();
	if (rc != HSM_OK) {
		tp->ops->close(tp);
		free(card);
		return rc;
	}
	card->tp = tp;
	card->secure = secure;
	if (secure != CARD_PLAIN)
		tp->lanes_max = 1;
	lock_init(&card->lock);
	pthread_cond_init(&card->given_back, NULL);
	rc = identify(card);
	if (rc != HSM_OK) {
		card_close(card);
		return rc;
	}
	*out = card;
	return HSM_OK;
}

hsm_rc card_open_tp(struct tp *tp, struct card **out)
{
	return card_open_tp_secure(tp, CARD_PLAIN, out);
}

hsm_rc card_open_secure(const char *address, enum card_secure secure, struct card **out)
{
	struct tp *tp;

	TRY(tp_open(address, &tp));
	return card_open_tp_secure(tp, secure, out);
}

hsm_rc card_open(const char *address, struct card **out)
{
	return card_open_secure(address, CARD_PLAIN, out);
}

void card_close(struct card *card)
{
	struct card_lane *lane;
	bool secure;

	if (card == NULL)
		return;
	secure = card->secure != CARD_PLAIN;
	while ((lane = card->idle) != NULL) {
		card->idle = lane->next;
		card->tp->ops->lane_close(lane->carrier);
		buf_free(&lane->cmd);
		buf_free(&lane->rsp);
		buf_free(&lane->plain);
		secure_close(lane);
		free(lane);
	}
	card->tp->ops->close(card->tp);
	pthread_cond_destroy(&card->given_back);
	lock_done(&card->lock);
	free(card);
	if (secure)
		ossl_release();
}

struct card_limits card_limits(struct card *card)
{
	static const struct card_limits newer = { 4096, 521 }, older = { 2048, 320 };

	return card_identity(card).major >= 3 ? newer : older;
}

struct card_identity card_identity(struct card *card)
{
	struct card_identity id;

	lock(&card->lock);
	id = card->identity;
	unlock(&card->lock);
	return id;
}
