#include <stdlib.h>

#include "token/token.h"

struct object *object_new(enum object_kind kind)
{
	struct object *o = calloc(1, sizeof(*o));

	if (o == NULL)
		return NULL;
	atomic_init(&o->refs, 1);
	o->kind = kind;
	return o;
}

struct object *object_ref(struct object *o)
{
	atomic_fetch_add_explicit(&o->refs, 1, memory_order_relaxed);
	return o;
}

void object_free(struct object *o)
{
	if (o == NULL || atomic_fetch_sub_explicit(&o->refs, 1, memory_order_acq_rel) != 1)
		return;
	buf_free(&o->bytes[0]);
	buf_free(&o->bytes[1]);
	free(o);
}
