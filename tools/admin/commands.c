#include "commands.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static const struct command commands[] = {
	{ "status", "[OPTIONS]\tevery card, or one", cmd_status },
	{ "list", "[keys|certs|data] [OPTIONS]\twhat is on a card", cmd_list },
	{ "show", "OBJECT [OPTIONS]\tone object with all its properties", cmd_show },
	{ "pin", "change|unblock|init|status [OPTIONS]\tuser PIN and SO-PIN", cmd_pin },
	{ "domain", "list|create|import|forget|delete [OPTIONS]\tkey domains", cmd_domain },
	{ "attest", "KEY [OPTIONS]\tchecks who made a key and the card it is on", cmd_attest },
	{ "backup", "DIR [OPTIONS]\tsave all keys, certificates and public data of a card",
	        cmd_backup },
	{ "restore", "DIR [OPTIONS]\tbring a backup to a card", cmd_restore },
	{ "verify", "DIR [OPTIONS]\tprove that a backup can be restored", cmd_verify_backup },
	{ "dkek", "make|split|combine|check FILE... [OPTIONS]\tshares of a DKEK without a card",
	        cmd_dkek },
	{ "import-key", "FILE [OPTIONS]\tbring a key that was made elsewhere to a card",
	        cmd_import_key },
	{ "cert-check", "FILE [OPTIONS]\twhat hosts will hold against a certificate",
	        cmd_cert_check },
	{ "help", "\tthese commands", cmd_help },
	{ NULL, NULL, NULL },
};

const struct command *command_find(const char *name)
{
	for (const struct command *c = commands; c->name != NULL; c++) {
		if (strcmp(c->name, name) == 0)
			return c;
	}
	return NULL;
}

int cmd_help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	puts("usage: twinhsm-tool COMMAND ...\n");
	for (const struct command *c = commands; c->name != NULL; c++) {
		const char *text = strchr(c->summary, '\t');

		printf("  %s %.*s\n\t%s\n", c->name, (int)(text - c->summary), c->summary,
		        text + 1);
	}
	puts("\nEach has --help. Without a command: the options of sc-hsm-tool, see --help.");
	return EXIT_SUCCESS;
}
