#include <stdio.h>
#include <stdlib.h>

#include "admin/commands.h"
#include "admin/facts/facts.h"
#include "admin/line.h"
#include "p15/p15.h"

static const char help[] =
        "usage: twinhsm-tool status [OPTIONS]\n"
        "\n"
        "Shows every card that is found, or one: address, label, serial number, versions, whether\n"
        "it is a twin, tries left for the PINs, key domains with their check values, free memory,\n"
        "public key authentication. Looking costs no try.\n"
        "\n" LINE_HELP_CARD;

/* ---- one card ---- */

static void add_identity(const struct card_identity *id, json_t *out)
{
	static const char *const options[] = { "reset retry counter", "transport PIN",
		"session PIN", "replace public keys", "PIN and public keys",
		"reset retry counter only" };
	char version[8];

	snprintf(version, sizeof(version), "%u.%u", id->major, id->minor);
	json_object_set_new(out, "serial", json_text(rd_str(id->serial)));
	json_object_set_new(out, "holder", json_text(rd_str(id->chr)));
	json_object_set_new(out, "version", json_string(version));
	json_object_set_new(out, "platform", json_integer(id->platform));
	json_object_set_new(out, "options",
	        json_bits(options, sizeof(options) / sizeof(options[0]), id->options));
}

static hsm_rc add_label(struct card_lane *lane, json_t *out)
{
	AUTO_BUF file = { 0 };
	struct rd label;
	const hsm_rc rc = card_read_file(lane, EF_TOKENINFO, &file);

	if (rc == HSM_OK && p15_tokeninfo_parse(buf_rd(&file), &label) == HSM_OK)
		json_object_set_new(out, "label", json_text(label));
	return rc == HSM_E_NO_FILE ? HSM_OK : rc;
}

static hsm_rc add_maker(struct card_lane *lane, json_t *out)
{
	AUTO_MAKER maker = { 0 };

	TRY(maker_read(lane, &maker));
	json_object_set_new(out, "device", json_string(maker_kind(&maker)));
	return HSM_OK;
}

static hsm_rc add_domains(struct card_lane *lane, json_t *out)
{
	struct domains domains;

	TRY(domains_read(lane, &domains));
	json_object_set_new(out, "key_domains", facts_domains(&domains));
	return HSM_OK;
}

static hsm_rc add_memory(struct card_lane *lane, json_t *out)
{
	uint32_t free_bytes;
	const hsm_rc rc = card_free_memory(lane, &free_bytes);

	if (rc == HSM_E_UNSUPPORTED) /* old applets */
		return HSM_OK;
	TRY(rc);
	json_object_set_new(out, "free_memory", json_integer(free_bytes));
	return HSM_OK;
}

static hsm_rc add_registered(struct card_lane *lane, unsigned total, json_t *out)
{
	json_t *keys = json_array();

	json_object_set_new(out, "registered_keys", keys);
	for (unsigned i = 0; i < total; i++) {
		char holder[P15_CHR_MAX + 1];
		bool authenticated;
		const hsm_rc rc = card_pka_holder(lane, (uint8_t)i, holder, &authenticated);

		if (rc == HSM_E_NO_REF)
			continue;
		TRY(rc);
		json_array_append_new(
		        keys, json_pack("{s:o,s:b}", "holder", json_text(rd_str(holder)),
		                      "authenticated", authenticated));
	}
	return HSM_OK;
}

static hsm_rc add_pka(struct card_lane *lane, json_t *out)
{
	struct card_pka pka;
	const hsm_rc rc = card_pka_status(lane, &pka);

	if (rc == HSM_E_UNSUPPORTED)
		return HSM_OK;
	TRY(rc);
	json_object_set_new(out, "public_keys",
	        json_pack("{s:i,s:i,s:i,s:i}", "total", pka.total, "missing", pka.missing,
	                "required", pka.required, "authenticated", pka.authenticated));
	return add_registered(lane, pka.total, out);
}

static hsm_rc describe(struct session *s, json_t *out)
{
	static hsm_rc (*const parts[])(struct card_lane * lane, json_t * out) = {
		add_maker,
		facts_pins,
		add_domains,
		add_memory,
		add_pka,
	};
	const struct card_identity id = card_identity(s->card);

	TRY(add_label(s->lane, out));
	add_identity(&id, out);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++)
		TRY(parts[i](s->lane, out));
	return HSM_OK;
}

/* ---- all cards ---- */

/* Adds a card, opened or not. */
static int add(struct session *s, hsm_rc rc, json_t *cards)
{
	json_t *card = json_pack("{s:o}", "address", json_text(rd_str(s->address)));

	json_array_append_new(cards, card);
	if (rc == HSM_OK)
		rc = describe(s, card);
	if (rc == HSM_OK)
		return 0;
	json_object_set_new(card, "error", json_string(rc_text(rc)));
	return ui_fail("%s: %s", s->address, rc_text(rc));
}

static int add_all(const struct config *c, json_t *cards)
{
	int status = 0;

	for (size_t i = 0; i < c->cards_n; i++) {
		AUTO_SESSION s = { .address = c->cards[i] };
		hsm_rc rc = card_open_secure(s.address, c->secure, &s.card);

		if (rc == HSM_OK)
			rc = card_take(s.card, &s.lane);
		if (add(&s, rc, cards) != 0)
			status = EXIT_FAILURE;
	}
	return status;
}

static int collect(const struct line *l, json_t *cards)
{
	AUTO_SESSION s = { 0 };
	int status;

	if (l->reader != NULL || l->wait) {
		status = line_open(l, &s);
		return status == 0 ? add(&s, HSM_OK, cards) : status;
	}
	status = session_config(&s);
	if (status != 0)
		return status;
	return s.config.cards_n == 0 ? select_none() : add_all(&s.config, cards);
}

static int print_cards(json_t *cards)
{
	int status = 0;

	for (size_t i = 0; i < json_array_size(cards) && status == 0; i++) {
		if (i > 0)
			putchar('\n');
		status = json_answer(json_incref(json_array_get(cards, i)), false);
	}
	json_decref(cards);
	return status;
}

int cmd_status(int argc, char **argv)
{
	static const struct line_form form = { .help = help, .options = "rwJ" };
	AUTO_LINE l = { 0 };
	json_t *cards;
	int status = line_parse(&form, argc, argv, &l), printed;

	if (status >= 0)
		return status;
	cards = json_array();
	status = collect(&l, cards);
	printed =
	        l.json ? json_answer(json_pack("{s:o}", "cards", cards), true) : print_cards(cards);
	return status != 0 ? status : printed;
}
