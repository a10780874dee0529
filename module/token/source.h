/* What the objects of a token are read from: the files of one key, or a description with its value.
 * Files are read when they are asked for. */
#ifndef TWINHSM_TOKEN_SOURCE_H
#define TWINHSM_TOKEN_SOURCE_H

#include "token/objset.h"

enum {
	SOURCE_KEY = FID_KEY,   /* CCkk, C4kk, CEkk */
	SOURCE_CERT = FID_CD,   /* C8nn, CAnn */
	SOURCE_DATA = FID_DCOD, /* C9nn; the value is never kept */
	SOURCE_OBJECTS = 3,
};

struct source {
	uint8_t type, nn;
	bool has_key, has_record, has_value; /* in the list of the card's files */
	enum stage stage;
	struct buf record;   /* the description, when it was read */
	struct rd label, id; /* views into it; the number of a key that has no description */
	struct object *objects[SOURCE_OBJECTS]; /* those known so far */
	size_t n;
};

/* In the card's order. */
struct sources {
	struct source *v;
	size_t n;
};

/* Asks for the list of files: one command. `out` is empty before. */
HSM_MUST hsm_rc sources_list(struct card_lane *lane, struct sources *out);
void sources_free(struct sources *all);

/* Goes one stage further with one command, or a few for long files; a description that is malformed
 * or tells too little takes it to STAGE_READ at once. Objects that were known keep their handles,
 * new ones have none. A failure leaves the source as it was. */
HSM_MUST hsm_rc source_advance(struct card_lane *lane, struct source *s);

/* How far a source must be read to know which of its objects are wanted: never more than one stage
 * beyond where it is. */
enum stage source_needed(const struct source *s, const struct wanted *w);

/* Are there wanted objects, as far as kind and name tell? */
bool source_matches(const struct source *s, const struct wanted *w);

#endif
