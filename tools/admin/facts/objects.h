/* What is on a card: keys, certificates without a key, data objects. What is malformed is an object
 * with a problem, never a failure. */
#ifndef TWINHSM_TOOLS_ADMIN_OBJECTS_H
#define TWINHSM_TOOLS_ADMIN_OBJECTS_H

#include "admin/session.h"
#include "base/buf.h"
#include "p15/p15.h"
#include "p15/pubkey.h"

enum object_kind { OBJECT_KEY, OBJECT_CERT, OBJECT_DATA, OBJECT_KINDS };

enum object_problem {
	PROBLEM_MISSING = 1 << 0,        /* there is a description, but not what it is about */
	PROBLEM_NO_DESCRIPTION = 1 << 1, /* no C4kk, C8nn or C9nn */
	PROBLEM_DESCRIPTION = 1 << 2,    /* it cannot be read */
	PROBLEM_CONTENT = 1 << 3,        /* neither can CEkk or CAnn */
};

/* What is in the file beside a key, by its first bytes. */
enum object_content { CONTENT_NONE, CONTENT_X509, CONTENT_REQUEST, CONTENT_CVC, CONTENT_OTHER };

/* Views are into the two files. */
struct card_object {
	enum object_kind kind;
	uint8_t nn;
	uint16_t fid; /* CCkk, CAnn, CDnn or CFnn */
	unsigned problems;
	struct rd label, id;  /* empty when there are none */
	struct p15_key key;   /* as far as it is known: of keys, type 0 otherwise */
	struct p15_data data; /* of data objects */
	enum object_content content;
	struct pubkey pub;       /* PUBKEY_NONE when not known */
	struct x509_fields x509; /* with CONTENT_X509 */
	struct buf record, file; /* C4kk, C8nn, C9nn; CEkk, CAnn */
};

struct objects {
	struct card_object *v;
	size_t n;
};

/* Is there a readable X.509 certificate? */
static inline bool object_has_certificate(const struct card_object *o)
{
	return o->content == CONTENT_X509 && (o->problems & PROBLEM_CONTENT) == 0;
}

void objects_done(struct objects *o);
#define AUTO_OBJECTS __attribute__((cleanup(objects_done))) struct objects

/* Reads all objects of the kinds with a bit 1 << kind, in the order of kinds and numbers. One
 * command for the list of files and one for each file. HSM_E_MEMORY, or what the card failed with.
 */
HSM_MUST hsm_rc objects_load(struct card_lane *lane, unsigned kinds, struct objects *out);

/* Reads one object, or none if it is not there. */
HSM_MUST hsm_rc objects_load_one(
        struct card_lane *lane, enum object_kind kind, uint8_t nn, struct objects *out);

/* ---- objects_find.c ---- */

/* Reads what `name` means: the number of a key, a file (CC01, CE01, CA00, CF00), "label:TEXT" or
 * "id:HEX", or a label or ID without these. Leaves that one object; otherwise answers the exit
 * status after a message. */
int objects_named(struct session *s, const char *name, struct objects *out);

#endif
