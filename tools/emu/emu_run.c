#include <stdio.h>
#include <stdlib.h>

#include "twinhsm-emu.h"

struct run {
	struct setup setup;
	struct emu_make make;
	const char *file; /* NULL: a private folder */
	struct place place;
};

static const char default_label[] = "twinhsm";
static char default_pin[] = "648219";
static char default_so_pin[] = "3537363231383830";

/* Leading '+': the options of the command are none of ours. */
static int parse(struct run *r, int argc, char **argv)
{
	static const struct option options[] = {
		SETUP_OPTIONS,
		MAKE_OPTIONS,
		{ "file", required_argument, NULL, 'f' },
		{ 0 },
	};
	int code, status = 0;

	while (status == 0 && (code = getopt_long(argc, argv, "+", options, NULL)) != -1) {
		if (code == MAKE_KDF || code == MAKE_PROFILE)
			status = make_option(&r->make, code, optarg);
		else if (code == 'f')
			r->file = optarg;
		else
			status = setup_option(&r->setup, code, optarg);
	}
	if (status == 0 && optind == argc)
		status = ui_usage("a COMMAND is needed after --");
	return status;
}

static int complete(struct setup *s)
{
	const char *fault;

	if (s->label == NULL)
		s->label = default_label;
	if (s->pin.n == 0 && secret_set(&s->pin, rd_str(default_pin)) != HSM_OK)
		return EXIT_FAILURE;
	if (s->so_pin.n == 0 && secret_set(&s->so_pin, rd_str(default_so_pin)) != HSM_OK)
		return EXIT_FAILURE;
	fault = setup_fault(s);
	return fault == NULL ? 0 : ui_fail("%s", fault);
}

static bool export_secret(const char *name, const struct secret *s)
{
	char text[SECRET_MAX + 1] = { 0 };

	memcpy(text, s->p, s->n);
	return setenv(name, text, 1) == 0;
}

static int export_token(const struct run *r)
{
	char module[PATH_MAX], address[ADDRESS_MAX];
	struct emu_info info;
	char *uri;
	hsm_rc rc = emu_inspect(r->place.file, &info);
	bool ok;

	if (rc != HSM_OK)
		return token_fail(r->place.file, rc);
	if (!module_path(module))
		return ui_fail("twinhsm-pkcs11.so is not where it belongs; build it, or install "
		               "TwinHSM again");
	uri = info_uri(&info);
	snprintf(address, sizeof(address), "emu:%s", r->place.file);
	ok = uri != NULL && setenv("TWINHSM_CARDS", address, 1) == 0 &&
	     setenv("TWINHSM_MODULE", module, 1) == 0 &&
	     setenv("TWINHSM_TOKEN", r->place.file, 1) == 0 &&
	     setenv("TWINHSM_LABEL", r->setup.label, 1) == 0 &&
	     setenv("TWINHSM_URI", uri, 1) == 0 && export_secret("TWINHSM_PIN", &r->setup.pin) &&
	     export_secret("TWINHSM_SO_PIN", &r->setup.so_pin);
	free(uri);
	return ok ? 0 : token_fail(r->place.file, HSM_E_MEMORY);
}

static int run_in_place(const struct run *r, char **command)
{
	int signal_no, status = token_make(r->place.file, &r->make, &r->setup);

	if (status != 0)
		return status;
	status = export_token(r);
	signal_no = child_interrupted();
	if (status == 0)
		status = signal_no != 0 ? 128 + signal_no : child_run(command);
	(void)token_unlink(r->place.file);
	return status;
}

int emu_cmd_run(int argc, char **argv)
{
	struct run r = { .setup = SETUP_DEFAULT, .make = { .kdf = EMU_KDF_CHEAP } };
	int status = parse(&r, argc, argv);

	if (status == 0)
		status = complete(&r.setup);
	if (status == 0) {
		child_prepare();
		status = place_make(&r.place, r.file);
	}
	if (status == 0) {
		status = run_in_place(&r, argv + optind);
		place_remove(&r.place);
	}
	setup_wipe(&r.setup);
	return status;
}
