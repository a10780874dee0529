/* Making sets of objects. */
#ifndef TWINHSM_TOKEN_OBJSET_H
#define TWINHSM_TOKEN_OBJSET_H

#include "token/token.h"

/* How much of the card's files was read. */
enum stage {
	STAGE_LISTED, /* only which there are */
	STAGE_NAMED,  /* the descriptions: label, identifier, kind and size of a key */
	STAGE_READ,   /* the values: public keys, certificates */
};

/* A growing list that owns one reference to each of its objects. */
struct objlist {
	struct object **v;
	size_t n, cap;
};

/* Takes over the caller's reference, also when it fails. */
HSM_MUST hsm_rc objlist_add(struct objlist *l, struct object *o);
void objlist_done(struct objlist *l);

/* An indexed set with one reference; takes the objects over and leaves the list empty. Everything
 * was read up to `stage` at least. */
HSM_MUST hsm_rc objset_new(struct objlist *l, enum stage stage, struct objset **out);
enum stage objset_stage(const struct objset *s);

#endif
