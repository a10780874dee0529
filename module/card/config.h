/* Which cards there are: settings from the application, the environment and files. */
#ifndef TWINHSM_CARD_CONFIG_H
#define TWINHSM_CARD_CONFIG_H

#include "base/log.h"
#include "base/rd.h"
#include "card/card.h"

struct config {
	char **cards; /* addresses "scheme:where", in slot order; wildcards: places.h */
	size_t cards_n;
	bool has_cards; /* a list was given, even an empty one */
	enum log_level log;
	bool has_log;
	enum card_secure secure;
	bool has_secure;
};

/* Reads settings "key = value" from text: one a line ('\n') as in a file, or parted by ';' as in
 * C_Initialize's pReserved. Keys: cards (a list parted by commas, adds to the list), log,
 * secure. Blank ones and those that begin with # are skipped. HSM_E_BAD_CONFIG; `*bad` (may be
 * NULL) is then the number of the setting, from 1. */
HSM_MUST hsm_rc config_parse(struct rd text, char separator, struct config *out, unsigned *bad);

/* The settings in force: `reserved` (may be NULL), else TWINHSM_CARDS and TWINHSM_LOG, else
 * ~/.config/twinhsm/twinhsm.conf, else /etc/twinhsm/twinhsm.conf; the first that names cards
 * decides the cards. With none, every *.token of config_token_dir, what is there on
 * USB ("usb:*") and in the readers of PC/SC ("pcsc:*") if its service runs. A malformed source is
 * logged by name: HSM_E_BAD_CONFIG. */
HSM_MUST hsm_rc config_load(const char *reserved, struct config *out);

void config_done(struct config *c);

/* Folder of the user's tokens ($XDG_DATA_HOME/twinhsm, else ~/.local/share/twinhsm) into `out`;
 * HSM_E_BAD_CONFIG when there is no home, HSM_E_SMALL. */
HSM_MUST hsm_rc config_token_dir(char *out, size_t cap);

#endif
