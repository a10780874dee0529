#include <stdio.h>

#include "twinhsm-emu.h"

static const struct option options[] = {
	SETUP_OPTIONS,
	MAKE_OPTIONS,
	{ 0 },
};

static int check(const struct setup *s)
{
	const char *fault;

	if (s->pin.n == 0 && s->so_pin.n == 0)
		return !setup_given(s) ? 0 : ui_usage("--pin and --so-pin are needed as well");
	if (s->pin.n == 0 || s->so_pin.n == 0)
		return ui_usage("--pin and --so-pin go together");
	fault = setup_fault(s);
	return fault == NULL ? 0 : ui_fail("%s; no file was made", fault);
}

int emu_cmd_create(int argc, char **argv)
{
	AUTO_SETUP setup = SETUP_DEFAULT;
	struct emu_make make = { .kdf = EMU_KDF_STRONG };
	int code, status;

	while ((code = getopt_long(argc, argv, "", options, NULL)) != -1) {
		status = code == MAKE_KDF || code == MAKE_PROFILE
		                 ? make_option(&make, code, optarg)
		                 : setup_option(&setup, code, optarg);
		if (status != 0)
			return status;
	}
	if (optind + 1 != argc)
		return ui_usage("one FILE is needed");
	status = check(&setup);
	if (status == 0)
		status = token_make(argv[optind], &make, &setup);
	if (status == 0)
		printf("made %s, %s\n", argv[optind],
		        setup.pin.n != 0 ? "ready for use"
		                         : "a card as it leaves the factory; initialise it with "
		                           "twinhsm-tool --initialize");
	return status;
}
