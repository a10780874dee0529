/* The command line of twinhsm-tool in the form that sc-hsm-tool has: options that say what to do,
 * which may be several, and options that say how. */
#ifndef TWINHSM_TOOLS_ADMIN_REQUEST_H
#define TWINHSM_TOOLS_ADMIN_REQUEST_H

#include "common/setup.h"

/* In the order in which they are done. */
enum action {
	ACT_INITIALIZE,
	ACT_CREATE_SHARE,
	ACT_IMPORT_SHARE,
	ACT_PRINT_SHARE,
	ACT_WRAP,
	ACT_UNWRAP,
	ACT_EXPORT_PUBLIC,
	ACT_REGISTER_PUBLIC,
	ACT_PUBLIC_STATUS,
	ACT_COUNT,
};

struct request {
	bool wanted[ACT_COUNT];
	const char *file[ACT_COUNT]; /* for those that have one */
	const char *reader;          /* NULL: none named */
	bool wait;                   /* until there is a card */
	bool force;
	long key_reference;     /* 0: not given */
	long threshold, total;  /* of a split password; 0: not given */
	struct secret password; /* of a share; empty: not given */
	struct setup setup;
};

/* Takes the command line apart. -1 to go on, otherwise the exit status, after a message or the
 * help. The caller wipes the request. */
int request_parse(struct request *r, int argc, char **argv);
void request_wipe(struct request *r);

#endif
