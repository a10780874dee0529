/* twinhsm-tool: looks after SmartCard-HSMs, emulated or real: with sc-hsm-tool's options, and with
 * commands of its own. */
#include <stdio.h>
#include <stdlib.h>

#include "admin/act/actions.h"
#include "base/ossl.h"
#include "commands.h"
#include "json.h"

static action_fn *const actions[ACT_COUNT] = {
	[ACT_INITIALIZE] = act_initialize,
	[ACT_CREATE_SHARE] = act_create_share,
	[ACT_IMPORT_SHARE] = act_import_share,
	[ACT_PRINT_SHARE] = act_print_share,
	[ACT_WRAP] = act_wrap,
	[ACT_UNWRAP] = act_unwrap,
	[ACT_EXPORT_PUBLIC] = act_export_public,
	[ACT_REGISTER_PUBLIC] = act_register_public,
	[ACT_PUBLIC_STATUS] = act_public_status,
};

static bool any_wanted(const struct request *r)
{
	for (size_t i = 0; i < ACT_COUNT; i++) {
		if (r->wanted[i])
			return true;
	}
	return false;
}

static int run_actions(struct request *r)
{
	AUTO_SESSION s = { 0 };
	int status = session_open(&s, r->reader, r->wait);

	for (size_t i = 0; i < ACT_COUNT && status == 0; i++) {
		if (r->wanted[i])
			status = actions[i](&s, r);
	}
	return status;
}

static int run_options(int argc, char **argv)
{
	struct request r = { 0 };
	int status = request_parse(&r, argc, argv);

	if (status < 0)
		status = any_wanted(&r) ? run_actions(&r) : act_status(&r);
	request_wipe(&r);
	return status;
}

static int run_command(const struct command *c, int argc, char **argv)
{
	char name[64];

	snprintf(name, sizeof(name), "twinhsm-tool %s", c->name);
	ui_name(name);
	argv[0] = name;
	json_begin();
	return c->run(argc, argv);
}

static int run(int argc, char **argv)
{
	const struct command *c = argc > 1 ? command_find(argv[1]) : NULL;

	if (c != NULL)
		return run_command(c, argc - 1, argv + 1);
	if (argc > 1 && argv[1][0] != '-')
		return ui_usage("there is no command '%s'", argv[1]);
	return run_options(argc, argv);
}

int main(int argc, char **argv)
{
	static char name[] = "twinhsm-tool";
	hsm_rc rc;
	int status;

	ui_begin(name);
	if (argc > 0)
		argv[0] = name;
	rc = ossl_acquire();
	if (rc != HSM_OK)
		return ui_fail("OpenSSL cannot be used: %s", rc_text(rc));
	status = run(argc, argv);
	ossl_release();
	ui_end();
	return status;
}
