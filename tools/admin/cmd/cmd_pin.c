#include "admin/commands.h"
#include "admin/facts/facts.h"
#include "admin/line.h"
#include "admin/pin_ask.h"

#define PIN_HELP_TAIL                                                                              \
	"\n"                                                                                       \
	"What is not given is asked for without echo. A PIN may be given as env:NAME.\n"           \
	"\n" LINE_HELP_CARD

static const char help[] = "usage: twinhsm-tool pin change [--so] | unblock | init | status\n"
                           "\n"
                           "  change    changes the user PIN, or the SO-PIN\n"
                           "  unblock   gives the user PIN its tries back, with the SO-PIN\n"
                           "  init      sets the user PIN with the SO-PIN\n"
                           "  status    tries left; asking costs none\n"
                           "\nEach has --help.\n";

static const char change_help[] =
        "usage: twinhsm-tool pin change [OPTIONS]\n"
        "\n"
        "      --pin PIN       user PIN as it is\n"
        "      --new-pin PIN   the new one; with --so 16 hexadecimal digits\n"
        "      --so            change the SO-PIN\n"
        "      --so-pin HEX    SO-PIN as it is\n" PIN_HELP_TAIL;

static const char unblock_help[] =
        "usage: twinhsm-tool pin unblock [OPTIONS]\n"
        "\n"
        "      --so-pin HEX    SO-PIN, 16 hexadecimal digits\n"
        "      --new-pin PIN   new user PIN; without it the PIN stays as it was\n" PIN_HELP_TAIL;

static const char init_help[] = "usage: twinhsm-tool pin init [OPTIONS]\n"
                                "\n"
                                "      --so-pin HEX    SO-PIN, 16 hexadecimal digits\n"
                                "      --new-pin PIN   user PIN to set\n" PIN_HELP_TAIL;

static const char status_help[] = "usage: twinhsm-tool pin status [OPTIONS]\n\n" LINE_HELP_CARD;

/* The state of the PINs, after what was done. */
static int answer(struct session *s, const struct line *l, const char *done)
{
	json_t *out = json_pack("{s:o}", "address", json_text(rd_str(s->address)));
	hsm_rc rc;

	if (done != NULL)
		json_object_set_new(out, "done", json_string(done));
	rc = facts_pins(s->lane, out);
	if (rc == HSM_OK)
		return json_answer(out, l->json);
	json_decref(out);
	return session_fail(s, "no status of the PINs", rc);
}

/* ---- change ---- */

/* The card gets old and new PIN without a separator and could take one for the other, so the old
 * one is checked alone first; a transport PIN cannot be. */
static hsm_rc change_user(struct session *s, struct rd old_pin, struct rd pin)
{
	const hsm_rc rc = card_verify(s->lane, REF_USER_PIN, old_pin);

	if (rc != HSM_OK && rc != HSM_E_PIN_TRANSPORT)
		return rc;
	return card_change_pin(s->lane, REF_USER_PIN, old_pin, pin);
}

static int change(struct session *s, const struct line *l)
{
	const enum schsm_ref ref = l->so ? REF_SO_PIN : REF_USER_PIN;
	AUTO_SECRET old_pin = { 0 };
	AUTO_SECRET pin = { 0 };
	int status = l->so ? pin_current(ref, "--so-pin", &l->so_pin, &old_pin)
	                   : pin_current(ref, "--pin", &l->pin, &old_pin);
	hsm_rc rc;

	if (status == 0)
		status = pin_new(ref, &l->new_pin, &pin);
	if (status != 0)
		return status;
	rc = l->so ? card_change_pin(s->lane, ref, secret_rd(&old_pin), secret_rd(&pin))
	           : change_user(s, secret_rd(&old_pin), secret_rd(&pin));
	if (rc != HSM_OK)
		return pin_refused(s, ref, rc);
	return answer(s, l, l->so ? "SO-PIN changed" : "user PIN changed");
}

static int pin_change(int argc, char **argv)
{
	static const struct line_form form = { .help = change_help, .options = "rwJPNQS" };
	AUTO_LINE l = { 0 };
	AUTO_SESSION s = { 0 };
	int status = line_parse(&form, argc, argv, &l);

	if (status >= 0)
		return status;
	if (l.so ? l.pin.n != 0 : l.so_pin.n != 0)
		return ui_usage(l.so ? "with --so the PINs are --so-pin and --new-pin"
		                     : "--so-pin goes with --so");
	status = line_open(&l, &s);
	return status == 0 ? change(&s, &l) : status;
}

/* ---- with the SO-PIN ---- */

static int reset(struct session *s, const struct line *l, bool sets, const char *done)
{
	AUTO_SECRET so_pin = { 0 };
	AUTO_SECRET pin = { 0 };
	int status = pin_current(REF_SO_PIN, "--so-pin", &l->so_pin, &so_pin);
	hsm_rc rc;

	if (status == 0 && sets)
		status = pin_new(REF_USER_PIN, &l->new_pin, &pin);
	if (status != 0)
		return status;
	rc = card_reset_retry(s->lane, secret_rd(&so_pin), secret_rd(&pin));
	return rc == HSM_OK ? answer(s, l, done) : pin_refused(s, REF_SO_PIN, rc);
}

static int pin_unblock(int argc, char **argv)
{
	static const struct line_form form = { .help = unblock_help, .options = "rwJNQ" };
	AUTO_LINE l = { 0 };
	AUTO_SESSION s = { 0 };
	int status = line_parse(&form, argc, argv, &l);

	if (status >= 0)
		return status;
	status = line_open(&l, &s);
	if (status != 0)
		return status;
	return l.new_pin.n != 0 ? reset(&s, &l, true, "user PIN unblocked and set")
	                        : reset(&s, &l, false, "user PIN unblocked");
}

static int pin_init(int argc, char **argv)
{
	static const struct line_form form = { .help = init_help, .options = "rwJNQ" };
	AUTO_LINE l = { 0 };
	AUTO_SESSION s = { 0 };
	int status = line_parse(&form, argc, argv, &l);

	if (status >= 0)
		return status;
	status = line_open(&l, &s);
	return status == 0 ? reset(&s, &l, true, "user PIN set") : status;
}

/* ---- status ---- */

static int pin_status(int argc, char **argv)
{
	static const struct line_form form = { .help = status_help, .options = "rwJ" };
	AUTO_LINE l = { 0 };
	AUTO_SESSION s = { 0 };
	int status = line_parse(&form, argc, argv, &l);

	if (status >= 0)
		return status;
	status = line_open(&l, &s);
	return status == 0 ? answer(&s, &l, NULL) : status;
}

int cmd_pin(int argc, char **argv)
{
	static const struct command table[] = {
		{ "change", NULL, pin_change },
		{ "unblock", NULL, pin_unblock },
		{ "init", NULL, pin_init },
		{ "status", NULL, pin_status },
		{ NULL, NULL, NULL },
	};

	return line_dispatch(table, help, argc, argv);
}
