/* What hosts will hold against a certificate: findings, each with what to do about it. */
#ifndef TWINHSM_TOOLS_ADMIN_FINDINGS_H
#define TWINHSM_TOOLS_ADMIN_FINDINGS_H

#include <jansson.h>
#include <openssl/x509.h>
#include <stdbool.h>

enum severity { FINDING_NOTE, FINDING_WARNING, FINDING_ERROR };

/* A list of findings. */
struct findings {
	json_t *list; /* array */
	size_t errors;
};

/* `code` is what scripts look for; all three are constant texts. */
void findings_add(struct findings *f, enum severity severity, const char *code, const char *what,
        const char *remedy);

/* All that the certificate shows of itself, at the time `now`. */
void findings_of_cert(struct findings *f, X509 *cert, time_t now);

/* ---- findings_key.c ---- */

/* Its key, and how it is signed. */
void findings_of_key(struct findings *f, X509 *cert);

/* ---- findings_chain.c ---- */

/* Does it lead to one of `roots`, over `others`? Its own time is not looked at. */
void findings_of_chain(
        struct findings *f, X509 *cert, STACK_OF(X509) * others, const STACK_OF(X509) * roots);

#endif
