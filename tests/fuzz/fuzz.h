/* What every fuzz target shares. A broken promise ends the process, which the fuzzer reports. */
#ifndef TWINHSM_TESTS_FUZZ_FUZZ_H
#define TWINHSM_TESTS_FUZZ_FUZZ_H

#include <stdio.h>
#include <stdlib.h>

#include "base/wr.h"

/* The target: takes any bytes, always returns 0. */
int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

#define FUZZ_ASSERT(cond)                                                                          \
	do {                                                                                       \
		if (!(cond)) {                                                                     \
			fprintf(stderr, "%s:%d: broken: %s\n", __FILE__, __LINE__, #cond);         \
			abort();                                                                   \
		}                                                                                  \
	} while (0)

/* Is `part` inside `whole`? Views must never leave the input. */
static inline bool fuzz_inside(struct rd part, struct rd whole)
{
	return part.p == NULL || part.n == 0 ||
	       (part.p >= whole.p && part.n <= whole.n &&
	               (size_t)(part.p - whole.p) <= whole.n - part.n);
}

#endif
