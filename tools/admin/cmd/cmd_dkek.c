#include <stdio.h>
#include <stdlib.h>

#include "admin/act/actions.h"
#include "admin/commands.h"
#include "admin/json.h"
#include "admin/share/share_make.h"
#include "admin/share/shares.h"
#include "base/ossl.h"

#define HELP_SHARES                                                                                \
	"      --password PASSWORD     of the shares, in their order; or env:NAME\n"               \
	"      --pwd-shares-total N    the passwords are split: ask for N parts of each\n"
#define HELP_ALL                                                                                   \
	"      --json                  answer as JSON\n"                                           \
	"  -h, --help                  this text\n"

static const char help[] = "usage: twinhsm-tool dkek make|split|combine|check FILE... [OPTIONS]\n"
                           "\n"
                           "Shares of a DKEK without a card. Each has --help.\n"
                           "\n"
                           "  make FILE        a new share, protected by a password\n"
                           "  split FILE       the same, with a password that is split n of m\n"
                           "  combine FILE...  the check value of the DKEK that these shares make\n"
                           "  check FILE       whether a share opens, and its own check value\n";

static int answer(json_t *out, const struct dkek *dkek, bool as_json)
{
	json_object_set_new(out, "check_value", json_hex(rd_of(dkek->kcv, KCV_LEN)));
	return json_answer(out, as_json);
}

/* ---- make, split ---- */

/* A share by chance; its check value, so that an import can be compared. */
static int make(const struct line *l, const struct secret *password)
{
	AUTO_SECRET share = { .n = SHARE_LEN };
	AUTO_DKEK dkek = { 0 };
	uint8_t salt[SHAREFILE_SALT];
	hsm_rc rc = ossl_random(share.p, share.n);
	int status;

	if (rc == HSM_OK)
		rc = ossl_random(salt, sizeof(salt));
	if (rc == HSM_OK)
		rc = dkek_derive(secret_rd(&share), &dkek);
	if (rc != HSM_OK)
		return ui_fail("no share was made: %s", rc_text(rc));
	status = share_make(l->args[0], &share, salt, password, l->force);
	if (status != 0)
		return status;
	return answer(json_pack("{s:o}", "file", json_text(rd_str(l->args[0]))), &dkek, l->json);
}

static int run_make(int argc, char **argv)
{
	static const struct line_form form = {
		.help = "usage: twinhsm-tool dkek make FILE [OPTIONS]\n"
		        "\n"
		        "Makes a DKEK share of random numbers of this computer.\n"
		        "\n"
		        "      --password PASSWORD     to protect it; or env:NAME\n"
		        "  -f, --force                 replace FILE\n" HELP_ALL,
		.options = "fWJ",
		.args_min = 1,
		.args_max = 1,
	};
	AUTO_SECRET password = { 0 };
	AUTO_LINE l = { 0 };
	int status = line_parse(&form, argc, argv, &l);

	if (status >= 0)
		return status;
	password = l.password;
	status = password.n == 0 ? share_password_new(&password) : 0;
	return status == 0 ? make(&l, &password) : status;
}

static int run_split(int argc, char **argv)
{
	static const struct line_form form = {
		.help = "usage: twinhsm-tool dkek split FILE [OPTIONS]\n"
		        "\n"
		        "Makes a DKEK share of random numbers of this computer. Nobody knows its\n"
		        "password: N people see a part of it each, and T of them can open it.\n"
		        "\n"
		        "      --pwd-shares-threshold T\n"
		        "      --pwd-shares-total N\n"
		        "  -f, --force                 replace FILE\n"
		        "  -h, --help                  this text\n",
		.options = "fTU",
		.args_min = 1,
		.args_max = 1,
	};
	AUTO_SECRET password = { 0 };
	AUTO_LINE l = { 0 };
	int status = line_parse(&form, argc, argv, &l);

	if (status >= 0)
		return status;
	status = split_show(NULL, (unsigned)l.threshold, (unsigned)l.total, &password);
	return status == 0 ? make(&l, &password) : status;
}

/* ---- combine, check ---- */

static int open_and_answer(const struct line_form *form, int argc, char **argv)
{
	AUTO_DKEK dkek = { 0 };
	AUTO_LINE l = { 0 };
	json_t *files;
	int status = line_parse(form, argc, argv, &l);

	if (status >= 0)
		return status;
	status = shares_open(&l, (const char *const *)l.args, (size_t)l.args_n, &dkek);
	if (status != 0)
		return status;
	files = json_array();
	for (int i = 0; i < l.args_n; i++)
		json_array_append_new(files, json_text(rd_str(l.args[i])));
	return answer(json_pack("{s:o}", "files", files), &dkek, l.json);
}

static int run_combine(int argc, char **argv)
{
	static const struct line_form form = {
		.help = "usage: twinhsm-tool dkek combine FILE... [OPTIONS]\n"
		        "\n"
		        "Opens all shares of a DKEK and shows its check value: what a card shows "
		        "that\n"
		        "has them all.\n"
		        "\n" HELP_SHARES HELP_ALL,
		.options = "WUJ",
		.args_min = 1,
		.args_max = LINE_FILES_MAX,
	};

	return open_and_answer(&form, argc, argv);
}

static int run_check(int argc, char **argv)
{
	static const struct line_form form = {
		.help = "usage: twinhsm-tool dkek check FILE [OPTIONS]\n"
		        "\n"
		        "Opens a share, before it is imported, and shows the check value of this "
		        "share\n"
		        "alone: that of a DKEK of one share.\n"
		        "\n" HELP_SHARES HELP_ALL,
		.options = "WUJ",
		.args_min = 1,
		.args_max = 1,
	};

	return open_and_answer(&form, argc, argv);
}

int cmd_dkek(int argc, char **argv)
{
	static const struct command table[] = {
		{ "make", "", run_make },
		{ "split", "", run_split },
		{ "combine", "", run_combine },
		{ "check", "", run_check },
		{ NULL, NULL, NULL },
	};

	return line_dispatch(table, help, argc, argv);
}
