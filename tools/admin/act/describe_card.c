#include <stdio.h>

#include "actions.h"
#include "base/text.h"
#include "p15/p15.h"

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
	if (s->keys)
		puts("Public key authentication active.");
	if (s->unset)
		return;
	if (s->transport)
		puts("Transport-PIN active. Please change to user selected PIN first.");
	else if (s->locked)
		puts("User PIN locked");
	else
		printf("User PIN tries left  : %u\n", s->tries);
}

void describe_dkek(const struct card_domain *d)
{
	char kcv[2 * CARD_KCV_LEN + 1];

	if (d->state != CARD_DOMAIN_PENDING && d->state != CARD_DOMAIN_COMPLETE)
		return;
	printf("DKEK shares          : %u\n", d->shares);
	if (d->state == CARD_DOMAIN_PENDING)
		printf("DKEK import pending, %u share(s) still missing\n", d->missing);
	else if (hex_put(rd_of(d->kcv, sizeof(d->kcv)), kcv, sizeof(kcv)) == HSM_OK)
		printf("DKEK key check value : %s\n", kcv);
}

hsm_rc describe_card(struct session *s)
{
	const struct card_identity id = card_identity(s->card);
	struct pin_status so, user;
	struct card_domain dkek;

	TRY(card_pin_status(s->lane, REF_SO_PIN, &so));
	TRY(card_pin_status(s->lane, REF_USER_PIN, &user));
	TRY(card_domain_status(s->lane, 0, &dkek));
	print_identity(s->address, &id);
	print_label(s->lane);
	print_so_pin(&so);
	print_user_pin(&user);
	describe_dkek(&dkek);
	return HSM_OK;
}
