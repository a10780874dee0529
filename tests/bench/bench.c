/* bench [--smoke] MODULE TWINHSM_EMU [SOFTHSM_MODULE]
 * Prints a table: the module beside plain libcrypto and, if given, SoftHSM2. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"

static const struct plan full = {
	.rounds = 21, .slice_ms = 120, .finds = 100, .objects = { 10, 100, 250 }
};
static const struct plan smoke = { .rounds = 1, .slice_ms = 1, .finds = 2, .objects = { 2, 4, 6 } };

static void sign_rows(struct subject *const s[SUBJECTS], const struct plan *plan)
{
	static const struct {
		const char *what;
		CK_KEY_TYPE type;
		int threads;
	} rows[] = {
		{ "sign P-256, 1 thread", CKK_EC, 1 },
		{ "sign P-256, 2 threads", CKK_EC, 2 },
		{ "sign P-256, 8 threads", CKK_EC, 8 },
		{ "sign RSA-2048, 1 thread", CKK_RSA, 1 },
		{ "sign RSA-2048, 2 threads", CKK_RSA, 2 },
		{ "sign RSA-2048, 8 threads", CKK_RSA, 8 },
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct row row = { .what = rows[i].what, .unit = "/s" };

		measure_sign(s, rows[i].type, rows[i].threads, plan, &row);
		report_row(&row);
	}
}

static void find_rows(struct subject *const s[SUBJECTS], const struct plan *plan)
{
	for (size_t i = 0; i < 3; i++) {
		char what[48];
		struct row row = { .what = what, .unit = "us", .less_is_better = true };

		snprintf(what, sizeof(what), "find a key among %d objects", plan->objects[i]);
		measure_find(s, plan->objects[i], plan, &row);
		report_row(&row);
	}
}

static void generate_rows(struct subject *const s[SUBJECTS], const struct plan *plan)
{
	struct row ec = { .what = "generate P-256", .unit = "ms", .less_is_better = true };
	struct row rsa = { .what = "generate RSA-2048", .unit = "ms", .less_is_better = true };

	measure_generate(s, CKK_EC, plan, &ec);
	report_row(&ec);
	measure_generate(s, CKK_RSA, plan, &rsa);
	report_row(&rsa);
}

static void login_rows(struct subject *const s[SUBJECTS], const struct plan *plan)
{
	struct row cheap = {
		.what = "login, cheap key stretching", .unit = "ms", .less_is_better = true
	};
	struct row strong = {
		.what = "login, strong key stretching", .unit = "ms", .less_is_better = true
	};

	measure_login(s, "login", SUBJECTS, plan, &cheap);
	report_row(&cheap);
	measure_login(s, "strong", SUBJECT_TWIN, plan, &strong);
	report_row(&strong);
}

static void cold_rows(struct subject *const s[SUBJECTS], const char *self, const struct plan *plan)
{
	struct row time = {
		.what = "new process to first signature", .unit = "ms", .less_is_better = true
	};
	struct row memory = {
		.what = "resident memory then", .unit = "MiB", .less_is_better = true
	};

	measure_cold(s, self, plan, &time, &memory);
	report_row(&time);
	report_row(&memory);
}

int main(int argc, char **argv)
{
	struct subject crypto, twin, softhsm;
	struct subject *s[SUBJECTS] = { &crypto, &twin, NULL };
	const struct plan *plan = &full;
	int at = 1;

	if (argc == 3 && strcmp(argv[1], "--cold") == 0)
		return cold_main(argv[2]);
	if (argc > 1 && strcmp(argv[1], "--smoke") == 0) {
		plan = &smoke;
		at++;
	}
	if (argc - at != 2 && argc - at != 3)
		client_die("usage: bench [--smoke] MODULE TWINHSM_EMU [SOFTHSM_MODULE]");
	subject_crypto_open(&crypto);
	subject_module_open(&twin, "TwinHSM", argv[at], argv[at + 1], plan);
	if (argc - at == 3) {
		subject_module_open(&softhsm, "SoftHSM2", argv[at + 2], argv[at + 1], plan);
		s[SUBJECT_SOFTHSM] = &softhsm;
	}
	report_head((const struct subject *const *)s);
	sign_rows(s, plan);
	find_rows(s, plan);
	generate_rows(s, plan);
	login_rows(s, plan);
	for (int i = SUBJECT_TWIN; i < SUBJECTS; i++) {
		if (s[i] != NULL)
			subject_module_close(s[i]);
	}
	cold_rows(s, "/proc/self/exe", plan);
	return 0;
}
