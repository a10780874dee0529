/* What a card says of a key that it made: the authenticated request of EF CEkk. */
#ifndef TWINHSM_TOOLS_ADMIN_ATTESTATION_H
#define TWINHSM_TOOLS_ADMIN_ATTESTATION_H

#include "facts.h"
#include "p15/pubkey.h"

/* Views are into the file of the request. */
struct attestation {
	struct cvc_request request;
	struct rd whole; /* the request */
	struct pubkey key;
	bool signed_by_key;    /* the request, by the key that it asks for */
	bool signed_by_device; /* and by the device of the maker's certificate, which it names */
	bool device_certified; /* up to a known root */
};

/* HSM_E_CARD_DATA when the file holds no readable request. Holds ossl_acquire. */
HSM_MUST hsm_rc attestation_check(
        struct rd file, const struct maker *maker, struct attestation *out);

bool attestation_good(const struct attestation *a);

#endif
