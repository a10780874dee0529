#include <stdio.h>
#include <stdlib.h>

#include "card/card.h"
#include "p15/p15.h"
#include "twinhsm-tool.h"

static void print_label(struct card_lane *lane)
{
	AUTO_BUF file = { 0 };
	struct rd label;

	if (card_read_file(lane, EF_TOKENINFO, &file) != HSM_OK ||
	        p15_tokeninfo_parse(buf_rd(&file), &label) != HSM_OK)
		label = RD_LIT("(none)");
	printf("Label                : ");
	ui_print(label);
	putchar('\n');
}

static void print_identity(const char *address, const struct card_identity *id)
{
	printf("Card                 : %s\n", address);
	printf("Serial number        : ");
	ui_print(rd_str(id->serial));
	printf("\nVersion              : %u.%u\n", id->major, id->minor);
	if ((id->options & 0xFF) == 0)
		return;
	puts("Config options       :");
	if ((id->options & OPT_RESET_RETRY) != 0)
		puts("  User PIN reset with SO-PIN enabled");
	if ((id->options & OPT_TRANSPORT_PIN) != 0)
		puts("  Transport-PIN mode enabled");
}

static void print_so_pin(const struct pin_status *s)
{
	if (s->unset)
		puts("SmartCard-HSM has never been initialized. Please use --initialize to set "
		     "SO-PIN and user PIN.");
	else if (s->locked)
		puts("SO-PIN locked");
	else
		printf("SO-PIN tries left    : %u\n", s->tries);
}

static void print_user_pin(const struct pin_status *s)
{
	if (s->unset)
		return;
	if (s->transport)
		puts("Transport-PIN active. Please change to user selected PIN first.");
	else if (s->locked)
		puts("User PIN locked");
	else
		printf("User PIN tries left  : %u\n", s->tries);
}

static hsm_rc print_card(const char *address, struct card *card)
{
	AUTO_LANE *lane = NULL;
	struct card_identity id = card_identity(card);
	struct pin_status so, user;

	TRY(card_take(card, &lane));
	TRY(card_pin_status(lane, REF_SO_PIN, &so));
	TRY(card_pin_status(lane, REF_USER_PIN, &user));
	print_identity(address, &id);
	print_label(lane);
	print_so_pin(&so);
	print_user_pin(&user);
	return HSM_OK;
}

static int status_of(const char *address, enum card_secure secure)
{
	struct card *card = NULL;
	hsm_rc rc = card_open_secure(address, secure, &card);

	if (rc == HSM_OK)
		rc = print_card(address, card);
	card_close(card);
	return rc == HSM_OK ? EXIT_SUCCESS : ui_fail("%s: %s", address, rc_text(rc));
}

int tool_cmd_status(struct request *r)
{
	const struct config *c = &r->config;
	int status = EXIT_SUCCESS;

	if (r->reader != NULL) {
		const char *address = select_card(r);

		return address == NULL ? EXIT_FAILURE : status_of(address, r->config.secure);
	}
	if (c->cards_n == 0)
		return select_none();
	for (size_t i = 0; i < c->cards_n; i++) {
		if (i > 0)
			putchar('\n');
		if (status_of(c->cards[i], c->secure) != EXIT_SUCCESS)
			status = EXIT_FAILURE;
	}
	return status;
}
