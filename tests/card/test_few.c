/* How many commands a token needs, on a card that cannot be looked at without one; and what comes
 * of it when the card fails in between. */
#include <stdio.h>

#include "fake_tp.h"
#include "token_bench.h"

enum { KEYS = 5, LISTING = 1, PRIVATE = 1 << OBJECT_PRIVATE_KEY, PUBLIC = 1 << OBJECT_PUBLIC_KEY };

/* An emulated card behind a carrier that counts, and breaks when told to. */
struct counted {
	struct tp *inner;
	struct tp_lane *lane;
	struct token *t;
	char path[64];
	int commands;
	int left;     /* commands until the card fails; negative: it does not */
	hsm_rc fault; /* how */
};

static hsm_rc answer(void *arg, struct rd cmd, struct wr *rsp)
{
	struct counted *c = arg;

	c->commands++;
	if (c->left == 0)
		return c->fault;
	if (c->left > 0)
		c->left--;
	return c->inner->ops->xfer(c->lane, cmd, rsp);
}

/* Plugs the card in: nothing is known of it. */
static void plug_in(struct counted *c)
{
	struct card *card;

	assert_ok(card_open_tp(fake_tp(answer, c, 1, 4096), &card));
	assert_ok(token_open(card, &c->t));
	assert_ok(token_login(c->t, TOKEN_USER, rd_str(TEST_PIN)));
	c->commands = 0;
}

/* A token as after plugging in, with KEYS keys "key1", "key2", ... */
static int set_up(void **state)
{
	struct counted *c = test_calloc(1, sizeof(*c));
	struct card *card;
	char path[64];
	struct token *maker;

	bench_file(path);
	card = bench_card(path);
	bench_init(card);
	assert_ok(token_open(card, &maker));
	assert_ok(token_login(maker, TOKEN_USER, rd_str(TEST_PIN)));
	for (uint8_t i = 1; i <= KEYS; i++) {
		char label[8];

		snprintf(label, sizeof(label), "key%u", i);
		bench_key(maker, label, rd_of(&i, 1));
	}
	token_close(maker);

	c->left = -1;
	c->fault = HSM_E_GONE;
	assert_ok(tp_emu.open(path, &c->inner));
	assert_ok(tp_emu.lane(c->inner, &c->lane));
	plug_in(c);
	memcpy(c->path, path, sizeof(path));
	*state = c;
	return 0;
}

static int tear_down(void **state)
{
	struct counted *c = *state;

	token_close(c->t);
	tp_emu.lane_close(c->lane);
	tp_emu.close(c->inner);
	bench_file_gone(c->path);
	test_free(c);
	return 0;
}

static void expect(struct counted *c, int commands)
{
	assert_int_equal(c->commands, commands);
	c->commands = 0;
}

static size_t count_kind(const struct objset *s, enum object_kind kind)
{
	size_t n = 0;

	for (size_t i = 0; i < objset_count(s); i++)
		n += objset_at(s, i)->kind == kind;
	return n;
}

/* Searches; how many objects of the kind the set has then. */
static size_t search(struct counted *c, const struct wanted *w, enum object_kind kind, bool all)
{
	struct token_found found;
	size_t n;

	assert_ok(token_search(c->t, w, &found));
	assert_int_equal(found.all, all);
	n = count_kind(found.set, kind);
	objset_free(found.set);
	return n;
}

/* A reference to the private key with this label, as it is known. */
static struct object *known_key(struct counted *c, const char *label)
{
	const struct wanted w = { .kinds = PRIVATE, .label = rd_str(label) };
	struct token_found found;
	struct object *o;
	size_t cursor = 0;

	assert_ok(token_search(c->t, &w, &found));
	do
		o = objset_by_label(found.set, w.label, &cursor);
	while (o != NULL && o->kind != OBJECT_PRIVATE_KEY);
	assert_non_null(o);
	o = object_ref(o);
	objset_free(found.set);
	return o;
}

/* ---- how many ---- */

static void token_search__private_keys__reads_descriptions_once(void **state)
{
	const struct wanted w = { .kinds = PRIVATE };
	struct counted *c = *state;

	assert_int_equal(search(c, &w, OBJECT_PRIVATE_KEY, true), KEYS);
	expect(c, LISTING + KEYS);
	assert_int_equal(search(c, &w, OBJECT_PRIVATE_KEY, true), KEYS);
	expect(c, 0);
}

static void token_search__limit__stops_at_the_first_that_matches(void **state)
{
	const struct wanted w = { .kinds = PRIVATE, .label = RD_LIT("key3"), .limit = 1 };
	struct counted *c = *state;

	assert_int_equal(search(c, &w, OBJECT_PRIVATE_KEY, false), 3);
	expect(c, LISTING + 3);
	assert_int_equal(search(c, &w, OBJECT_PRIVATE_KEY, true), KEYS);
	expect(c, KEYS - 3);
}

static void token_search__public_key_by_label__reads_one_value(void **state)
{
	const struct wanted w = { .kinds = PUBLIC, .label = RD_LIT("key2") };
	struct counted *c = *state;

	assert_int_equal(search(c, &w, OBJECT_PUBLIC_KEY, true), 1);
	expect(c, LISTING + KEYS + 1);
	assert_int_equal(search(c, &w, OBJECT_PUBLIC_KEY, true), 1);
	expect(c, 0);
}

static void token_objects__all__reads_each_file_once(void **state)
{
	struct counted *c = *state;

	assert_int_equal(bench_count(c->t, OBJECT_PUBLIC_KEY), KEYS);
	expect(c, LISTING + 2 * KEYS);
	assert_int_equal(bench_count(c->t, OBJECT_PRIVATE_KEY), KEYS);
	expect(c, 0);
}

static void token_whole__partial_key__reads_its_public_half_once(void **state)
{
	struct counted *c = *state;
	struct object *o = known_key(c, "key4"), *whole, *later;

	assert_true(o->partial && o->key.point.n == 0);
	assert_int_equal(o->key.bits, 256);
	c->commands = 0;
	assert_ok(token_whole(c->t, o, &whole));
	expect(c, 1);
	assert_false(whole->partial);
	assert_int_equal(whole->key.point.n, 65);
	assert_int_equal(whole->handle, o->handle);
	later = known_key(c, "key4");
	assert_ptr_equal(later, whole);
	expect(c, 0);
	object_free(later);
	object_free(whole);
	object_free(o);
}

static void token_generate__many_keys__reads_none_of_them(void **state)
{
	struct counted *c = *state;
	int alone;

	bench_key(c->t, "first", rd_str("6")); /* nothing was read before */
	alone = c->commands;
	assert_int_equal(bench_count(c->t, OBJECT_PUBLIC_KEY), KEYS + 1);
	c->commands = 0;
	bench_key(c->t, "second", rd_str("7"));
	expect(c, alone);
	assert_int_equal(bench_count(c->t, OBJECT_PUBLIC_KEY), KEYS + 2);
	expect(c, 0);
}

static void token_remove__one_of_many__reads_none_of_the_others(void **state)
{
	struct counted *c = *state;
	struct object *o = bench_find(c->t, OBJECT_PRIVATE_KEY, "key1");
	unsigned long other = o->handle;

	object_free(o);
	o = bench_find(c->t, OBJECT_PRIVATE_KEY, "key2");
	assert_ok(token_remove(c->t, o));
	object_free(o);
	c->commands = 0;
	assert_int_equal(bench_count(c->t, OBJECT_PRIVATE_KEY), KEYS - 1);
	expect(c, LISTING + 2); /* what is left of it: description and request */
	o = bench_find(c->t, OBJECT_PRIVATE_KEY, "key1");
	assert_int_equal(o->handle, other);
	object_free(o);
}

static void token_rename__label_and_id__same_handle(void **state)
{
	struct counted *c = *state;
	struct object *o = known_key(c, "key5");
	unsigned long handle = o->handle;

	assert_ok(token_rename(c->t, o, rd_str("new"), rd_str("other")));
	object_free(o);
	o = known_key(c, "new");
	assert_int_equal(o->handle, handle);
	object_free(o);
}

static void token_info__again__asks_only_what_changes(void **state)
{
	struct counted *c = *state;
	struct token_info first, second;
	struct new_data d = { .label = rd_str("d"), .value = rd_str("v") };
	struct object *o;

	assert_ok(token_info(c->t, &first));
	expect(c, 4);
	assert_ok(token_info(c->t, &second));
	expect(c, 2); /* the two PINs */
	assert_int_equal(second.free_memory, first.free_memory);
	assert_ok(token_add_data(c->t, &d, &o));
	object_free(o);
	c->commands = 0;
	assert_ok(token_info(c->t, &second));
	expect(c, 4);
}

/* ---- when the card fails ---- */

/* Whatever was read before the card went away is whole, and what is missing is read later. */
static void token_objects__gone_at_each_command__no_broken_object(void **state)
{
	struct counted *c = *state;

	for (int left = 0; left < LISTING + 2 * KEYS; left++) {
		struct objset *s;

		token_close(c->t);
		plug_in(c);
		c->left = left;
		assert_rc(token_objects(c->t, &s), HSM_E_GONE);
		c->left = -1;
		assert_ok(token_objects(c->t, &s));
		assert_int_equal(objset_count(s), 2 * KEYS);
		for (size_t i = 0; i < objset_count(s); i++) {
			struct object *o = objset_at(s, i);

			assert_int_equal(o->label.n, 4);
			assert_int_equal(o->key.point.n, 65);
			assert_ptr_equal(objset_by_handle(s, o->handle), o);
		}
		objset_free(s);
	}
}

static void token_whole__gone__says_so_and_works_later(void **state)
{
	struct counted *c = *state;
	struct object *o = known_key(c, "key1"), *whole;

	c->left = 0;
	assert_rc(token_whole(c->t, o, &whole), HSM_E_GONE);
	c->left = -1;
	assert_ok(token_whole(c->t, o, &whole));
	assert_int_equal(whole->key.point.n, 65);
	object_free(whole);
	object_free(o);
}

/* After a change that could not be read again, everything is. */
static void token_objects__gone_after_a_change__reads_all_again(void **state)
{
	struct counted *c = *state;
	struct object *o = bench_find(c->t, OBJECT_PRIVATE_KEY, "key1");
	unsigned long handle = o->handle;
	struct objset *s;

	assert_ok(token_rename(c->t, o, rd_str("new"), (struct rd){ 0 }));
	object_free(o);
	c->left = LISTING + 1;
	assert_rc(token_objects(c->t, &s), HSM_E_GONE);
	c->left = -1;
	c->commands = 0;
	o = bench_find(c->t, OBJECT_PRIVATE_KEY, "new");
	expect(c, LISTING + 2 * KEYS);
	assert_int_equal(o->handle, handle);
	object_free(o);
}

static void token_whole__unreadable_value__key_without_public_half(void **state)
{
	static const char *const values[] = { "", "00", "67820100", "3003020101" };
	struct counted *c = *state;

	for (size_t i = 0; i < COUNT(values); i++) {
		struct object *o, *whole;

		bench_delete(c->t, FID(FID_CERT, 1));
		bench_write_hex(c->t, FID(FID_CERT, 1), values[i]);
		token_close(c->t);
		plug_in(c);
		o = known_key(c, "key1");
		assert_true(o->partial);
		assert_ok(token_whole(c->t, o, &whole));
		assert_false(whole->partial);
		assert_int_equal(whole->key.type, PUBKEY_EC);
		assert_int_equal(whole->key.point.n, 0);
		assert_int_equal(bench_count(c->t, OBJECT_PUBLIC_KEY), KEYS - 1);
		object_free(whole);
		object_free(o);
	}
}

#define COUNTED(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		COUNTED(token_search__private_keys__reads_descriptions_once),
		COUNTED(token_search__limit__stops_at_the_first_that_matches),
		COUNTED(token_search__public_key_by_label__reads_one_value),
		COUNTED(token_objects__all__reads_each_file_once),
		COUNTED(token_whole__partial_key__reads_its_public_half_once),
		COUNTED(token_generate__many_keys__reads_none_of_them),
		COUNTED(token_remove__one_of_many__reads_none_of_the_others),
		COUNTED(token_rename__label_and_id__same_handle),
		COUNTED(token_info__again__asks_only_what_changes),
		COUNTED(token_objects__gone_at_each_command__no_broken_object),
		COUNTED(token_whole__gone__says_so_and_works_later),
		COUNTED(token_objects__gone_after_a_change__reads_all_again),
		COUNTED(token_whole__unreadable_value__key_without_public_half),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
