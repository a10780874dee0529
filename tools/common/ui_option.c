#include <errno.h>
#include <stdlib.h>

#include "ui.h"

int ui_number_option(const char *name, const char *arg, long min, long max, long *out)
{
	char *end;

	errno = 0;
	*out = strtol(arg, &end, 10);
	if (errno != 0 || end == arg || *end != '\0' || *out < min || *out > max)
		return ui_fail("%s takes a number from %ld to %ld, not '%s'", name, min, max, arg);
	return 0;
}

int ui_secret_option(const char *name, char *arg, struct secret *out)
{
	const hsm_rc rc = ui_secret_arg(arg, out);

	if (rc == HSM_E_BAD_PARAM)
		return ui_fail("%s: there is no environment variable '%s'", name, arg + 4);
	if (rc != HSM_OK || out->n == 0)
		return ui_usage("%s: the value is empty or too long", name);
	return 0;
}
