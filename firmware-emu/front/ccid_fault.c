#include "front/ccid_fault.h"

#include <stdatomic.h>
#include <stdlib.h>

enum { RULES_MAX = 16, NUMBER_MAX = 1000000, DECIMAL = 10 };

struct rule {
	struct ccid_fault fault;
	uint32_t at;
	bool used;
};

struct ccid_faults {
	atomic_uint in, out, hit;
	size_t n;
	struct rule rules[RULES_MAX];
};

static const struct {
	const char *name;
	enum ccid_fault_kind kind;
	bool value; /* may have one */
} kinds[] = {
	{ "stall", CCID_FAULT_STALL, false },
	{ "silence", CCID_FAULT_SILENCE, false },
	{ "late", CCID_FAULT_LATE, true },
	{ "seq", CCID_FAULT_SEQ, false },
	{ "truncate", CCID_FAULT_TRUNCATE, true },
	{ "oversize", CCID_FAULT_OVERSIZE, true },
	{ "double", CCID_FAULT_DOUBLE, false },
	{ "lrc", CCID_FAULT_LRC, false },
	{ "mute", CCID_FAULT_MUTE, false },
	{ "wtx", CCID_FAULT_WTX, false },
	{ "unplug", CCID_FAULT_UNPLUG, true },
	{ "unplug-out", CCID_FAULT_UNPLUG_OUT, true },
};

/* Takes what is before `end`, which goes too; all when it is not there. */
static struct rd split(struct rd *r, char end)
{
	const uint8_t *at = r->n == 0 ? NULL : memchr(r->p, end, r->n);
	struct rd part = *r;

	if (at == NULL) {
		*r = (struct rd){ 0 };
		return part;
	}
	part.n = (size_t)(at - r->p);
	*r = rd_of(at + 1, r->n - part.n - 1);
	return part;
}

static bool number(struct rd r, uint32_t *out)
{
	uint8_t c;

	*out = 0;
	if (r.n == 0)
		return false;
	while (rd_u8(&r, &c)) {
		if (c < '0' || c > '9')
			return false;
		*out = *out * DECIMAL + (uint32_t)(c - '0');
		if (*out > NUMBER_MAX)
			return false;
	}
	return true;
}

static bool rule_parse(struct rd text, struct rule *out)
{
	struct rd left = split(&text, '@'), name = split(&left, '='), value = left;

	*out = (struct rule){ .fault.value = CCID_FAULT_DEFAULT };
	if (!number(text, &out->at) || out->at == 0)
		return false;
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		if (!rd_equal(name, rd_str(kinds[i].name)))
			continue;
		out->fault.kind = kinds[i].kind;
		if (value.p == NULL)
			return true;
		return kinds[i].value && number(value, &out->fault.value);
	}
	return false;
}

hsm_rc ccid_faults_parse(struct rd text, struct ccid_faults **out)
{
	struct ccid_faults *f = calloc(1, sizeof(*f));

	if (f == NULL)
		return HSM_E_MEMORY;
	while (text.p != NULL && text.n != 0) {
		if (f->n == RULES_MAX || !rule_parse(split(&text, ','), &f->rules[f->n])) {
			free(f);
			return HSM_E_BAD_DATA;
		}
		f->n++;
	}
	*out = f;
	return HSM_OK;
}

void ccid_faults_free(struct ccid_faults *f)
{
	free(f);
}

unsigned ccid_faults_in(const struct ccid_faults *f)
{
	return atomic_load(&f->in);
}

unsigned ccid_faults_out(const struct ccid_faults *f)
{
	return atomic_load(&f->out);
}

unsigned ccid_faults_hit(const struct ccid_faults *f)
{
	return atomic_load(&f->hit);
}

static bool is_out(const struct rule *r)
{
	return r->fault.kind == CCID_FAULT_UNPLUG_OUT;
}

static struct ccid_fault find(struct ccid_faults *f, bool out, uint32_t n)
{
	for (size_t i = 0; i < f->n; i++) {
		struct rule *r = &f->rules[i];

		if (r->at != n || is_out(r) != out || r->fault.kind == CCID_FAULT_WTX)
			continue;
		atomic_fetch_add(&f->hit, 1);
		return r->fault;
	}
	return (struct ccid_fault){ 0 };
}

struct ccid_fault ccid_faults_next_in(struct ccid_faults *f)
{
	return f == NULL ? (struct ccid_fault){ 0 }
	                 : find(f, false, atomic_fetch_add(&f->in, 1) + 1);
}

struct ccid_fault ccid_faults_next_out(struct ccid_faults *f)
{
	return f == NULL ? (struct ccid_fault){ 0 }
	                 : find(f, true, atomic_fetch_add(&f->out, 1) + 1);
}

bool ccid_faults_wtx(struct ccid_faults *f)
{
	for (size_t i = 0; f != NULL && i < f->n; i++) {
		struct rule *r = &f->rules[i];

		if (r->fault.kind != CCID_FAULT_WTX || r->used || atomic_load(&f->in) + 1 < r->at)
			continue;
		r->used = true;
		atomic_fetch_add(&f->hit, 1);
		return true;
	}
	return false;
}
