#include <openssl/crypto.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "bench.h"

static int ascending(const void *a, const void *b)
{
	const double *x = a, *y = b;

	return (*x > *y) - (*x < *y);
}

static double median(const double *values, int n)
{
	double sorted[ROUNDS_MAX];

	memcpy(sorted, values, (size_t)n * sizeof(*values));
	qsort(sorted, (size_t)n, sizeof(*sorted), ascending);
	return n % 2 != 0 ? sorted[n / 2] : (sorted[n / 2 - 1] + sorted[n / 2]) / 2;
}

static double median_of(const struct row *row, int who)
{
	double values[ROUNDS_MAX];

	for (int i = 0; i < row->n; i++)
		values[i] = row->rounds[i].value[who];
	return median(values, row->n);
}

/* Our speed over the other's, round by round, so that what slows a round slows both. */
static double median_ratio(const struct row *row, int other)
{
	double values[ROUNDS_MAX];

	for (int i = 0; i < row->n; i++) {
		double ours = row->rounds[i].value[SUBJECT_TWIN];
		double theirs = row->rounds[i].value[other];

		values[i] = row->less_is_better ? theirs / ours : ours / theirs;
	}
	return median(values, row->n);
}

static void print_value(double value, const char *unit)
{
	if (value == 0)
		printf(" - |");
	else
		printf(" %.*f %s |", value < 1000 ? value < 10 ? 2 : 1 : 0, value, unit);
}

static void print_ratio(const struct row *row, int other)
{
	if (row->rounds[0].value[other] == 0)
		printf(" - |");
	else
		printf(" %.2f |", median_ratio(row, other));
}

static void print_processor(void)
{
	char line[256];
	FILE *f = fopen("/proc/cpuinfo", "re");

	while (f != NULL && fgets(line, sizeof(line), f) != NULL) {
		const char *name = strstr(line, ": ");

		if (strncmp(line, "model name", 10) == 0 && name != NULL) {
			printf("%.*s, ", (int)strcspn(name + 2, "\n"), name + 2);
			break;
		}
	}
	if (f != NULL)
		fclose(f);
}

void report_head(const struct subject *const s[SUBJECTS])
{
	struct utsname host;

	uname(&host);
	print_processor();
	printf("%ld cores, Linux %s, %s\n\n", sysconf(_SC_NPROCESSORS_ONLN), host.release,
	        OpenSSL_version(OPENSSL_VERSION));
	printf("| |");
	for (int i = 0; i < SUBJECTS; i++)
		printf(" %s |", s[i] != NULL ? s[i]->name : "-");
	printf(" of libcrypto's speed | of SoftHSM2's speed |\n| --- | --- | --- | --- | --- | --- "
	       "|\n");
}

void report_row(const struct row *row)
{
	printf("| %s |", row->what);
	for (int i = 0; i < SUBJECTS; i++)
		print_value(median_of(row, i), row->unit);
	print_ratio(row, SUBJECT_CRYPTO);
	print_ratio(row, SUBJECT_SOFTHSM);
	putchar('\n');
	fflush(stdout);
}
