/* Objects of a card, as members of an answer. All hold ossl_acquire. */
#ifndef TWINHSM_TOOLS_ADMIN_FACTS_OBJECT_H
#define TWINHSM_TOOLS_ADMIN_FACTS_OBJECT_H

#include "admin/json.h"
#include "objects.h"

/* What a list shows of an object. */
json_t *facts_object(const struct card_object *o);

/* The certificate beside a key, as an object of its own. */
json_t *facts_key_certificate(const struct card_object *o);

/* ---- facts_cert.c ---- */

/* Names, serial number, validity and fingerprint. */
json_t *facts_x509(const struct x509_fields *x);

/* Owner, as in RFC 4514; "" for a malformed name. */
json_t *facts_name(struct rd name);

/* SHA-256 in hex. */
json_t *facts_sha256(struct rd bytes);

/* ---- facts_key.c ---- */

/* Adds what SELECT tells of a key: uses left, allowed algorithms, key domain. */
HSM_MUST hsm_rc facts_key_rules(struct card_lane *lane, uint8_t kid, json_t *out);

/* ---- facts_owner.c ---- */

/* Adds to `certificate` whether it belongs to its key: "yes", "no" or "not known", and by what
 * evidence. With `logged_in` the key is put to use, unless its uses are counted. */
HSM_MUST hsm_rc facts_belongs(
        struct card_lane *lane, const struct card_object *key, bool logged_in, json_t *certificate);

/* Lets the user, who is logged in, put the key to use. Says in `out` "yes" or "no" to whether the
 * public key beside it is its own; nothing when the key may not sign or its uses are counted. */
HSM_MUST hsm_rc facts_use(struct card_lane *lane, const struct card_object *key, json_t *out);

#endif
