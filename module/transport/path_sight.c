#include "transport/path_sight.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

/* splitmix64: what goes in differs in few bits, what comes out in many. */
static uint64_t mix(uint64_t x)
{
	x += 0x9E3779B97F4A7C15;
	x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
	x = (x ^ x >> 27) * 0x94D049BB133111EB;
	return x ^ x >> 31;
}

/* Numbers of files are used again, so the time of birth counts as well where it is known. */
hsm_rc path_sight(const char *path, uint64_t *stamp)
{
	struct statx st;
	uint64_t x;

	if (statx(AT_FDCWD, path, 0, STATX_INO | STATX_BTIME, &st) != 0)
		return errno == EACCES ? HSM_E_TOKEN_ACCESS : HSM_E_TOKEN_MISSING;
	x = mix((uint64_t)st.stx_dev_major << 32 | st.stx_dev_minor);
	x = mix(x ^ st.stx_ino);
	if ((st.stx_mask & STATX_BTIME) != 0)
		x = mix(mix(x ^ (uint64_t)st.stx_btime.tv_sec) ^ st.stx_btime.tv_nsec);
	*stamp = x;
	return HSM_OK;
}
