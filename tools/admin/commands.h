/* The commands of twinhsm-tool, one file each: cmd_<name>.c. */
#ifndef TWINHSM_TOOLS_ADMIN_COMMANDS_H
#define TWINHSM_TOOLS_ADMIN_COMMANDS_H

#include "common/ui.h"

/* NULL when there is none of this name. */
const struct command *command_find(const char *name);

int cmd_status(int argc, char **argv);
int cmd_list(int argc, char **argv);
int cmd_show(int argc, char **argv);
int cmd_pin(int argc, char **argv);
int cmd_domain(int argc, char **argv);
int cmd_attest(int argc, char **argv);
int cmd_cert_check(int argc, char **argv);
int cmd_dkek(int argc, char **argv);
int cmd_import_key(int argc, char **argv);
int cmd_help(int argc, char **argv);
int cmd_backup(int argc, char **argv);
int cmd_restore(int argc, char **argv);
int cmd_verify_backup(int argc, char **argv);

#endif
