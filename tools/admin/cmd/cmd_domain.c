#include <stdio.h>

#include "admin/commands.h"
#include "admin/facts/facts.h"
#include "admin/line.h"
#include "admin/share/share_open.h"

#define DOMAIN_HELP_CARD                                                                           \
	"      --pin PIN       user PIN; asked for when it is not given\n" LINE_HELP_CARD

static const char help[] =
        "usage: twinhsm-tool domain list | create N | import N FILE | forget N | delete N\n"
        "\n"
        "  list      key domains of a card, with their check values\n"
        "  create    makes an empty domain one of DKEK shares\n"
        "  import    gives the card a share of a domain's DKEK\n"
        "  forget    takes the DKEK away; the keys of the domain stay\n"
        "  delete    empties a domain that holds no keys\n"
        "\nEach has --help. N is the number of the domain, from 0.\n";

/* ---- what all have in common ---- */

struct work {
	struct session s;
	struct line l;
	struct domains domains;
	size_t number; /* of the domain that is meant */
};

static void work_done(struct work *w)
{
	session_close(&w->s);
	line_wipe(&w->l);
}
#define AUTO_WORK __attribute__((cleanup(work_done))) struct work

static int answer_domain(struct work *w)
{
	json_t *out = json_pack("{s:o}", "address", json_text(rd_str(w->s.address)));
	const struct card_domain *d = &w->domains.v[w->number];

	json_object_set_new(out, "key_domain", facts_domain(w->number, d));
	return json_answer(out, w->l.json);
}

static int no_domains(const struct session *s)
{
	return ui_fail("%s: the card has no key domains; it gets them with 'twinhsm-tool "
	               "--initialize --key-domains N'",
	        s->address);
}

/* Opens the card and finds the domain that the first argument names. */
static int begin(const struct line_form *form, int argc, char **argv, struct work *w)
{
	int status = line_parse(form, argc, argv, &w->l);
	long number;
	hsm_rc rc;

	if (status >= 0)
		return status;
	status = ui_number_option("the domain", w->l.args[0], 0, DOMAINS_MAX - 2, &number);
	if (status == 0)
		status = line_open(&w->l, &w->s);
	if (status != 0)
		return status;
	rc = domains_read(w->s.lane, &w->domains);
	if (rc != HSM_OK)
		return session_fail(&w->s, "the state of its key domains", rc);
	w->number = (size_t)number;
	if (w->domains.n == 0)
		return no_domains(&w->s);
	if (w->number >= w->domains.n)
		return ui_fail("%s: there is no key domain %zu, the last one is %zu", w->s.address,
		        w->number, w->domains.n - 1);
	return -1;
}

static struct card_domain *domain_of(struct work *w)
{
	return &w->domains.v[w->number];
}

static int finish(struct work *w, const char *what, hsm_rc rc)
{
	if (rc == HSM_OK)
		rc = card_domain_status(w->s.lane, (uint8_t)w->number, domain_of(w));
	return rc == HSM_OK ? answer_domain(w) : session_fail(&w->s, what, rc);
}

/* ---- list ---- */

static int print_list(const struct domains *domains)
{
	static const struct json_column columns[] = {
		{ "DOMAIN", "domain" },
		{ "KIND", "kind" },
		{ "STATE", "state" },
		{ "SHARES", "shares" },
		{ "MISSING", "missing" },
		{ "CHECK VALUE", "key_check_value" },
		{ "UID", "uid" },
	};
	json_t *rows = facts_domains(domains);

	if (domains->n == 0)
		puts("no key domains");
	else
		json_print_table(rows, columns, sizeof(columns) / sizeof(columns[0]));
	json_decref(rows);
	return 0;
}

static int domain_list(int argc, char **argv)
{
	static const struct line_form form = {
		.help = "usage: twinhsm-tool domain list [OPTIONS]\n\n" LINE_HELP_CARD,
		.options = "rwJ",
	};
	AUTO_WORK w = { 0 };
	int status = line_parse(&form, argc, argv, &w.l);
	hsm_rc rc;

	if (status >= 0)
		return status;
	status = line_open(&w.l, &w.s);
	if (status != 0)
		return status;
	rc = domains_read(w.s.lane, &w.domains);
	if (rc != HSM_OK)
		return session_fail(&w.s, "the state of its key domains", rc);
	if (!w.l.json)
		return print_list(&w.domains);
	return json_answer(json_pack("{s:o,s:o}", "address", json_text(rd_str(w.s.address)),
	                           "key_domains", facts_domains(&w.domains)),
	        true);
}

/* ---- create ---- */

static int domain_create(int argc, char **argv)
{
	static const struct line_form form = {
		.help = "usage: twinhsm-tool domain create N [OPTIONS]\n\n"
		        "      --shares M      number of DKEK shares, 1 by default; 0: a DKEK by\n"
		        "                      chance, which never leaves the "
		        "card\n" DOMAIN_HELP_CARD,
		.options = "rwJPD",
		.args_min = 1,
		.args_max = 1,
	};
	AUTO_WORK w = { 0 };
	int status = begin(&form, argc, argv, &w);
	hsm_rc rc;

	if (status >= 0)
		return status;
	if (domain_of(&w)->state != CARD_DOMAIN_EMPTY)
		return ui_fail("%s: key domain %zu is not empty; 'domain delete' empties it",
		        w.s.address, w.number);
	status = session_login(&w.s, &w.l.pin);
	if (status != 0)
		return status;
	rc = card_domain_create(
	        w.s.lane, (uint8_t)w.number, (uint8_t)(w.l.shares < 0 ? 1 : w.l.shares));
	return finish(&w, "the key domain was not made", rc);
}

/* ---- import ---- */

/* Why the domain takes no share; 0 when it does. */
static int takes_share(struct work *w)
{
	const struct card_domain *d = domain_of(w);

	if (d->state == CARD_DOMAIN_EMPTY)
		return ui_fail("%s: key domain %zu is empty; 'domain create' makes it one of DKEK "
		               "shares",
		        w->s.address, w->number);
	if (d->uid_n != 0)
		return ui_fail(
		        "%s: the key of key domain %zu is agreed with other cards, it has no "
		        "shares",
		        w->s.address, w->number);
	if (d->state == CARD_DOMAIN_COMPLETE)
		return ui_fail("%s: all shares of key domain %zu are there already; nothing was "
		               "changed",
		        w->s.address, w->number);
	return 0;
}

static int domain_import(int argc, char **argv)
{
	static const struct line_form form = {
		.help = "usage: twinhsm-tool domain import N FILE [OPTIONS]\n\n"
		        "Gives the card one DKEK share of sc-hsm-tool's form; needs no PIN.\n\n"
		        "      --password TEXT password of the share; asked for when it is not "
		        "given\n" LINE_HELP_CARD,
		.options = "rwJW",
		.args_min = 2,
		.args_max = 2,
	};
	AUTO_WORK w = { 0 };
	AUTO_SECRET share = { 0 };
	int status = begin(&form, argc, argv, &w);
	hsm_rc rc;

	if (status >= 0)
		return status;
	status = takes_share(&w);
	if (status == 0)
		status = share_open(w.l.args[1], &w.l.password, 0, &share);
	if (status != 0)
		return status;
	rc = card_import_share(w.s.lane, (uint8_t)w.number, secret_rd(&share), domain_of(&w));
	return finish(&w, "the share was not imported", rc);
}

/* ---- forget, delete ---- */

static int domain_forget(int argc, char **argv)
{
	static const struct line_form form = {
		.help = "usage: twinhsm-tool domain forget N [OPTIONS]\n\n"
		        "Takes the DKEK away. The keys stay and work, but cannot be wrapped until\n"
		        "all shares have been imported again.\n\n" DOMAIN_HELP_CARD,
		.options = "rwJP",
		.args_min = 1,
		.args_max = 1,
	};
	AUTO_WORK w = { 0 };
	int status = begin(&form, argc, argv, &w);

	if (status >= 0)
		return status;
	status = session_login(&w.s, &w.l.pin);
	return status != 0 ? status
	                   : finish(&w, "the DKEK was not forgotten",
	                             card_domain_forget(w.s.lane, (uint8_t)w.number));
}

static int domain_delete(int argc, char **argv)
{
	static const struct line_form form = {
		.help = "usage: twinhsm-tool domain delete N [OPTIONS]\n\n"
		        "Empties a domain that holds no keys.\n\n" DOMAIN_HELP_CARD,
		.options = "rwJP",
		.args_min = 1,
		.args_max = 1,
	};
	AUTO_WORK w = { 0 };
	int status = begin(&form, argc, argv, &w);
	hsm_rc rc;

	if (status >= 0)
		return status;
	status = session_login(&w.s, &w.l.pin);
	if (status != 0)
		return status;
	rc = card_domain_delete(w.s.lane, (uint8_t)w.number);
	if (rc == HSM_E_EXISTS)
		return ui_fail("%s: key domain %zu still holds keys; delete them first",
		        w.s.address, w.number);
	return finish(&w, "the key domain was not emptied", rc);
}

int cmd_domain(int argc, char **argv)
{
	static const struct command table[] = {
		{ "list", NULL, domain_list },
		{ "create", NULL, domain_create },
		{ "import", NULL, domain_import },
		{ "forget", NULL, domain_forget },
		{ "delete", NULL, domain_delete },
		{ NULL, NULL, NULL },
	};

	return line_dispatch(table, help, argc, argv);
}
