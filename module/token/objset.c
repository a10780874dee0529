#include "token/objset.h"

#include <stdlib.h>

/* Chained hash table over places in the set, kept as place + 1 so that 0 ends a chain. */
struct index {
	uint32_t *head, *next;
};

struct objset {
	atomic_uint refs;
	struct object **v;
	size_t n;
	enum stage stage;
	unsigned long last_handle;
	uint32_t mask; /* number of chains - 1 */
	struct index label, id, handle;
	uint32_t *cells; /* of the three indexes */
};

hsm_rc objlist_add(struct objlist *l, struct object *o)
{
	if (l->n == l->cap) {
		size_t cap = l->cap == 0 ? 16 : 2 * l->cap;
		struct object **v = realloc(l->v, cap * sizeof(struct object *));

		if (v == NULL) {
			object_free(o);
			return HSM_E_MEMORY;
		}
		l->v = v;
		l->cap = cap;
	}
	l->v[l->n++] = o;
	return HSM_OK;
}

void objlist_done(struct objlist *l)
{
	for (size_t i = 0; i < l->n; i++)
		object_free(l->v[i]);
	free(l->v);
	*l = (struct objlist){ 0 };
}

/* FNV-1a */
static uint32_t hash(struct rd bytes)
{
	uint32_t h = 2166136261u;

	for (size_t i = 0; i < bytes.n; i++)
		h = (h ^ bytes.p[i]) * 16777619u;
	return h ^ h >> 16;
}

static struct rd handle_bytes(const unsigned long *handle)
{
	return rd_of(handle, sizeof(*handle));
}

static void index_add(struct index *x, uint32_t mask, struct rd key, size_t place)
{
	uint32_t *head = &x->head[hash(key) & mask];

	x->next[place] = *head;
	*head = (uint32_t)place + 1;
}

/* Cells for three indexes, each with its chains' heads and a link for each object. */
static hsm_rc indexes_make(struct objset *s)
{
	struct index *all[] = { &s->label, &s->id, &s->handle };
	size_t chains = 16;
	uint32_t *cell;

	while (chains < 2 * s->n)
		chains *= 2;
	s->mask = (uint32_t)(chains - 1);
	s->cells = calloc(3 * (chains + s->n), sizeof(*s->cells));
	if (s->cells == NULL)
		return HSM_E_MEMORY;
	cell = s->cells;
	for (size_t i = 0; i < 3; i++) {
		all[i]->head = cell;
		all[i]->next = cell + chains;
		cell += chains + s->n;
	}
	for (size_t i = s->n; i-- > 0;) { /* backwards: chains then keep the card's order */
		index_add(&s->label, s->mask, s->v[i]->label, i);
		index_add(&s->id, s->mask, s->v[i]->id, i);
		index_add(&s->handle, s->mask, handle_bytes(&s->v[i]->handle), i);
	}
	return HSM_OK;
}

hsm_rc objset_new(struct objlist *l, enum stage stage, struct objset **out)
{
	struct objset *s = calloc(1, sizeof(*s));

	if (s == NULL)
		return HSM_E_MEMORY;
	atomic_init(&s->refs, 1);
	s->stage = stage;
	s->v = l->v;
	s->n = l->n;
	for (size_t i = 0; i < s->n; i++) {
		if (s->v[i]->handle > s->last_handle)
			s->last_handle = s->v[i]->handle;
	}
	*l = (struct objlist){ 0 };
	if (indexes_make(s) != HSM_OK) {
		objset_free(s);
		return HSM_E_MEMORY;
	}
	*out = s;
	return HSM_OK;
}

struct objset *objset_ref(struct objset *s)
{
	atomic_fetch_add_explicit(&s->refs, 1, memory_order_relaxed);
	return s;
}

void objset_free(struct objset *s)
{
	if (s == NULL || atomic_fetch_sub_explicit(&s->refs, 1, memory_order_acq_rel) != 1)
		return;
	for (size_t i = 0; i < s->n; i++)
		object_free(s->v[i]);
	free(s->v);
	free(s->cells);
	free(s);
}

enum stage objset_stage(const struct objset *s)
{
	return s->stage;
}

unsigned long objset_last_handle(const struct objset *s)
{
	return s->last_handle;
}

size_t objset_count(const struct objset *s)
{
	return s->n;
}

struct object *objset_at(const struct objset *s, size_t i)
{
	return s->v[i];
}

/* First place + 1 of the chain, or the one after the object that was found last. */
static uint32_t chain_from(const struct objset *s, const struct index *x, struct rd key, size_t at)
{
	return at == 0 ? x->head[hash(key) & s->mask] : x->next[at - 1];
}

struct object *objset_by_handle(const struct objset *s, unsigned long handle)
{
	uint32_t at = chain_from(s, &s->handle, handle_bytes(&handle), 0);

	for (; at != 0; at = s->handle.next[at - 1]) {
		if (s->v[at - 1]->handle == handle)
			return s->v[at - 1];
	}
	return NULL;
}

struct object *objset_by_label(const struct objset *s, struct rd label, size_t *cursor)
{
	uint32_t at = chain_from(s, &s->label, label, *cursor);

	for (; at != 0; at = s->label.next[at - 1]) {
		if (!rd_equal(s->v[at - 1]->label, label))
			continue;
		*cursor = at;
		return s->v[at - 1];
	}
	return NULL;
}

struct object *objset_by_id(const struct objset *s, struct rd id, size_t *cursor)
{
	uint32_t at = chain_from(s, &s->id, id, *cursor);

	for (; at != 0; at = s->id.next[at - 1]) {
		if (!rd_equal(s->v[at - 1]->id, id))
			continue;
		*cursor = at;
		return s->v[at - 1];
	}
	return NULL;
}
