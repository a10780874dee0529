#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "twinhsm-emu.h"

/* Seen from the folder of this program: in the build tree, installed below the same prefix, and
 * where p11-kit keeps its modules. */
static const char *const places[] = {
	"../module/p11/twinhsm-pkcs11.so",
	TWINHSM_MODULE_FROM_BIN,
	TWINHSM_MODULE_OF_P11KIT,
};

/* The folder of this program. */
static bool own_folder(char *out, size_t cap)
{
	ssize_t n = readlink("/proc/self/exe", out, cap - 1);
	char *slash;

	if (n <= 0)
		return false;
	out[n] = '\0';
	slash = strrchr(out, '/');
	if (slash == NULL)
		return false;
	*slash = '\0';
	return true;
}

bool module_path(char out[PATH_MAX])
{
	char folder[PATH_MAX], path[2 * PATH_MAX];

	if (!own_folder(folder, sizeof(folder)))
		return false;
	for (size_t i = 0; i < sizeof(places) / sizeof(places[0]); i++) {
		snprintf(path, sizeof(path), "%s/%s", places[i][0] == '/' ? "" : folder, places[i]);
		if (realpath(path, out) != NULL)
			return true;
	}
	return false;
}
