/* The benchmark: what is compared, how it is measured, how it is shown. */
#ifndef TWINHSM_TESTS_BENCH_H
#define TWINHSM_TESTS_BENCH_H

#include "client.h"

/* How long and how often. A smoke run has tiny numbers, its results mean nothing. */
struct plan {
	int rounds;     /* of every comparison; the median counts */
	int slice_ms;   /* one measurement of a rate */
	int finds;      /* searches in one measurement */
	int objects[3]; /* on the tokens that are searched */
};

/* ---- subjects: who is measured ---- */

struct subject;

struct subject_ops {
	/* What one thread needs to sign; kept over all rounds. */
	void *(*worker_new)(struct subject *s, CK_KEY_TYPE type);
	void (*sign)(void *worker);
	void (*worker_free)(void *worker);
	/* Makes one key pair; `forget` removes it, outside the measured time. */
	void (*generate)(struct subject *s, CK_KEY_TYPE type);
	void (*forget)(struct subject *s);
};

struct subject {
	const char *name;
	const struct subject_ops *ops;
	struct client_place place; /* modules only, as all below */
	struct client client;
	CK_SLOT_ID slot;
	CK_SESSION_HANDLE session;
	struct client_key ec, rsa, made;
	void *made_plain; /* libcrypto only */
};

enum { SUBJECT_CRYPTO, SUBJECT_TWIN, SUBJECT_SOFTHSM, SUBJECTS };

/* libcrypto with a prepared EVP_PKEY_CTX and a key of its own for each thread. */
void subject_crypto_open(struct subject *s);

/* A module with the tokens "main", logged in, with one key pair of each type; "find-N" for each
 * size in the plan, with that many objects; "login" and "strong", empty. */
void subject_module_open(struct subject *s, const char *name, const char *module, const char *emu,
        const struct plan *plan);
void subject_module_close(struct subject *s);

/* ---- measuring: measure.c ---- */

/* Values of each subject in one round; 0 for a subject that does not take part. */
struct round {
	double value[SUBJECTS];
};

enum { ROUNDS_MAX = 64 };

struct row {
	const char *what, *unit;
	bool less_is_better;
	int n;
	struct round rounds[ROUNDS_MAX];
};

/* Seconds of a clock that only goes forward. */
double now(void);

/* Signatures per second of all threads together, each subject in turn in every round. */
void measure_sign(struct subject *const s[SUBJECTS], CK_KEY_TYPE type, int threads,
        const struct plan *plan, struct row *out);

/* Milliseconds for one key pair on the token. */
void measure_generate(struct subject *const s[SUBJECTS], CK_KEY_TYPE type, const struct plan *plan,
        struct row *out);

/* Microseconds to find one private key by its label. */
void measure_find(
        struct subject *const s[SUBJECTS], int objects, const struct plan *plan, struct row *out);

/* Milliseconds for C_Login to the token `label`; `only` is one subject or SUBJECTS. */
void measure_login(struct subject *const s[SUBJECTS], const char *label, int only,
        const struct plan *plan, struct row *out);

/* ---- cold start: cold.c ---- */

/* Milliseconds from starting a process to its first P-256 signature, and the memory it has then
 * (MiB). `self` is the path of this program; the modules are closed by then. */
void measure_cold(struct subject *const s[SUBJECTS], const char *self, const struct plan *plan,
        struct row *time, struct row *memory);

/* What the process does that is started: bench --cold MODULE|KEY.pem. */
int cold_main(const char *module_or_key);

/* ---- report.c ---- */

void report_head(const struct subject *const s[SUBJECTS]);
void report_row(const struct row *row);

#endif
