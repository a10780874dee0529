#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "twinhsm-emu.h"

/* Seen from the folder of this program: in the build tree, and as installed. */
static const char *const places[] = {
	"../module/p11/twinhsm-pkcs11.so",
	TWINHSM_MODULE_FROM_BIN,
};

bool module_path(char *out, size_t cap)
{
	char self[PATH_MAX], path[2 * PATH_MAX];
	ssize_t n = readlink("/proc/self/exe", self, sizeof(self) - 1);
	char *slash;

	if (n <= 0)
		return false;
	self[n] = '\0';
	slash = strrchr(self, '/');
	if (slash == NULL || cap < PATH_MAX)
		return false;
	*slash = '\0';
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", self, places[i]);
		if (realpath(path, out) != NULL)
			return true;
	}
	return false;
}
