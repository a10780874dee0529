#include "base/ossl.h"
#include "base/text.h"
#include "core/core.h"

static void wipe(struct session_pin *s)
{
	secret_wipe(&s->pin);
	secret_wipe(&s->token_key);
	*s = (struct session_pin){ 0 };
}

void session_pin_clear(struct emu_card *card)
{
	lock(&card->lock);
	wipe(&card->session);
	unlock(&card->lock);
}

void session_pin_reset(struct emu_card *card)
{
	lock(&card->lock);
	if (!card->session.stays)
		wipe(&card->session);
	unlock(&card->lock);
}

/* Hexadecimal digits: every host can pass them on. */
static hsm_rc by_chance(struct secret *pin)
{
	uint8_t random[SESSION_PIN_LEN / 2];
	char text[SESSION_PIN_LEN + 1];
	hsm_rc rc = ossl_random(random, sizeof(random));

	if (rc == HSM_OK)
		rc = hex_put(rd_of(random, sizeof(random)), text, sizeof(text));
	if (rc == HSM_OK)
		rc = secret_set(pin, rd_str(text));
	OPENSSL_cleanse(random, sizeof(random));
	OPENSSL_cleanse(text, sizeof(text));
	return rc;
}

hsm_rc session_pin_make(struct emu_lane *lane, bool stays, struct secret *out)
{
	struct emu_card *card = lane->card;
	const uint64_t rev = lane->image->user.rev;
	hsm_rc rc = HSM_OK;

	TRY(by_chance(out));
	lock(&card->lock);
	if (rev == 0 || atomic_load(&card->user_rev) != rev)
		rc = HSM_E_NOT_AUTH;
	else
		card->session = (struct session_pin){ *out, card->token_key, rev, stays };
	unlock(&card->lock);
	return rc;
}

bool session_pin_opens(struct emu_card *card, uint64_t rev, struct rd pin, struct secret *token_key)
{
	struct session_pin *s = &card->session;
	bool opens = false;

	lock(&card->lock);
	if (s->rev != rev) /* of a PIN that is no more */
		wipe(s);
	if (s->pin.n != 0 && secret_equal(secret_rd(&s->pin), pin)) {
		*token_key = s->token_key;
		opens = true;
	}
	unlock(&card->lock);
	return opens;
}
