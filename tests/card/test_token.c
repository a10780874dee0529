/* A token as a whole: logins, PINs, handles, what other processes and threads do. */
#include <pthread.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>

#include "token_bench.h"

#define NEW_PIN "123456"

/* ---- information, PINs ---- */

static void token_info__fresh_and_named__tells(void **state)
{
	struct token *t = *state;
	struct token_info info;

	assert_ok(token_info(t, &info));
	assert_int_equal(info.label_n, 0);
	assert_true(info.user.verified && !info.so.verified);
	assert_int_equal(info.so.tries, SO_PIN_TRIES);
	assert_true(info.free_memory > 0);
	assert_ok(token_init(t, rd_str(TEST_SO_HEX), rd_str("mytoken")));
	assert_ok(token_info(t, &info));
	assert_true(rd_equal(rd_of(info.label, info.label_n), rd_str("mytoken")));
	assert_false(info.user.verified);
	assert_int_equal(info.user.tries, 3);
	/* as sc-hsm-tool writes it */
	assert_string_equal(
	        bench_file_hex(t, EF_TOKENINFO), "301002010080076D79746F6B656E03020520");
}

static void token_login__user__is_known_until_logout(void **state)
{
	struct token *t = *state;

	assert_int_equal(token_who(t), TOKEN_USER);
	assert_ok(token_logout(t));
	assert_int_equal(token_who(t), TOKEN_NOBODY);
	assert_rc(token_login(t, TOKEN_USER, rd_str("111111")), HSM_E_PIN_WRONG);
	assert_rc(token_login(t, TOKEN_USER, rd_str("1")), HSM_E_PIN_LEN);
	assert_int_equal(token_who(t), TOKEN_NOBODY);
	assert_ok(token_login(t, TOKEN_USER, rd_str(TEST_PIN)));
}

static void token_login__so__checks_form_and_value(void **state)
{
	struct token *t = *state;

	assert_ok(token_logout(t));
	assert_rc(token_login(t, TOKEN_SO, rd_str("57621880")), HSM_E_PIN_LEN);
	assert_rc(token_login(t, TOKEN_SO, rd_str("353736323138383G")), HSM_E_PIN_FORMAT);
	assert_rc(token_login(t, TOKEN_SO, rd_str("0000000000000000")), HSM_E_PIN_WRONG);
	assert_int_equal(token_who(t), TOKEN_NOBODY);
	assert_ok(token_login(t, TOKEN_SO, rd_str(TEST_SO_HEX)));
	assert_int_equal(token_who(t), TOKEN_SO);
}

static void token_login__so_on_a_factory_card__is_refused(void **state)
{
	struct card *card;
	struct token *t;

	(void)state;
	assert_ok(card_open("emu::memory:", &card));
	assert_ok(token_open(card, &t));
	assert_rc(token_login(t, TOKEN_SO, rd_str(TEST_SO_HEX)), HSM_E_PIN_UNSET);
	assert_rc(token_login(t, TOKEN_USER, rd_str(TEST_PIN)), HSM_E_PIN_UNSET);
	token_close(t);
}

static void token_init_pin__so__sets_and_unblocks(void **state)
{
	struct token *t = *state;

	assert_rc(token_init_pin(t, rd_str(NEW_PIN)), HSM_E_NOT_AUTH);
	assert_ok(token_logout(t));
	for (unsigned i = 0; i < 3; i++)
		(void)!token_login(t, TOKEN_USER, rd_str("111111"));
	assert_rc(token_login(t, TOKEN_USER, rd_str(TEST_PIN)), HSM_E_PIN_LOCKED);
	assert_ok(token_login(t, TOKEN_SO, rd_str(TEST_SO_HEX)));
	assert_rc(token_init_pin(t, rd_str("12345")), HSM_E_PIN_LEN);
	assert_ok(token_init_pin(t, rd_str(NEW_PIN)));
	assert_int_equal(token_who(t), TOKEN_SO);
	assert_ok(token_init_pin(t, rd_str(TEST_PIN)));
	assert_ok(token_logout(t));
	assert_rc(token_login(t, TOKEN_USER, rd_str(NEW_PIN)), HSM_E_PIN_WRONG);
	assert_ok(token_login(t, TOKEN_USER, rd_str(TEST_PIN)));
}

static void token_init__as_opensc__leaves_the_reset_pin(void **state)
{
	struct token *t = *state;

	bench_key(t, "gone", rd_str("1"));
	assert_rc(token_init(t, rd_str("0000000000000000"), rd_str("x")), HSM_E_SO_REFUSED);
	assert_rc(token_init(t, rd_str("00"), rd_str("x")), HSM_E_PIN_LEN);
	assert_ok(token_init(t, rd_str(TEST_SO_HEX), rd_str("x")));
	assert_int_equal(token_who(t), TOKEN_NOBODY);
	assert_int_equal(bench_count(t, OBJECT_PRIVATE_KEY), 0);
	assert_ok(token_login(t, TOKEN_USER, rd_str("576218")));
}

static void token_set_pin__user_in_and_out__login_stays_as_it_was(void **state)
{
	struct token *t = *state;
	struct token_info info;

	assert_ok(token_set_pin(t, rd_str(TEST_PIN), rd_str(NEW_PIN)));
	assert_int_equal(token_who(t), TOKEN_USER);
	bench_key(t, "still in", rd_str("1"));
	assert_ok(token_logout(t));
	assert_ok(token_set_pin(t, rd_str(NEW_PIN), rd_str(TEST_PIN)));
	assert_int_equal(token_who(t), TOKEN_NOBODY);
	assert_ok(token_info(t, &info));
	assert_false(info.user.verified);
	assert_ok(token_login(t, TOKEN_USER, rd_str(TEST_PIN)));
}

static void token_set_pin__wrong_old__is_counted_and_logs_out(void **state)
{
	struct token *t = *state;
	struct token_info info;

	assert_rc(token_set_pin(t, rd_str("111111"), rd_str(NEW_PIN)), HSM_E_PIN_WRONG);
	assert_int_equal(token_who(t), TOKEN_NOBODY);
	assert_ok(token_info(t, &info));
	assert_int_equal(info.user.tries, 2);
	/* The card would take the first six characters for the old PIN. */
	assert_rc(token_set_pin(t, rd_str(TEST_PIN "9"), rd_str(NEW_PIN)), HSM_E_PIN_WRONG);
	assert_rc(token_set_pin(t, rd_str(TEST_PIN), rd_str("1")), HSM_E_PIN_LEN);
	assert_ok(token_login(t, TOKEN_USER, rd_str(TEST_PIN)));
}

static void token_set_pin__so__takes_the_new_one(void **state)
{
	struct token *t = *state;

	assert_ok(token_logout(t));
	assert_ok(token_login(t, TOKEN_SO, rd_str(TEST_SO_HEX)));
	assert_rc(token_set_pin(t, rd_str(TEST_SO_HEX), rd_str("12345678")), HSM_E_PIN_LEN);
	assert_ok(token_set_pin(t, rd_str(TEST_SO_HEX), rd_str("00112233445566ff")));
	assert_int_equal(token_who(t), TOKEN_SO);
	assert_ok(token_init_pin(t, rd_str(NEW_PIN)));
	assert_ok(token_logout(t));
	assert_rc(token_login(t, TOKEN_SO, rd_str(TEST_SO_HEX)), HSM_E_PIN_WRONG);
	assert_ok(token_login(t, TOKEN_SO, rd_str("00112233445566FF")));
}

static void token_login_lost__card_decides(void **state)
{
	struct token *t = *state;
	struct card_lane *lane;

	token_login_lost(t);
	assert_int_equal(token_who(t), TOKEN_USER);
	assert_ok(card_take(token_card(t), &lane));
	assert_ok(card_logout(lane));
	card_give(lane);
	token_login_lost(t);
	assert_int_equal(token_who(t), TOKEN_NOBODY);
	assert_ok(token_login(t, TOKEN_SO, rd_str(TEST_SO_HEX)));
	token_login_lost(t); /* the user's commands are not the SO's */
	assert_int_equal(token_who(t), TOKEN_SO);
}

/* ---- sets of objects ---- */

static void token_objects__nothing_changed__same_set(void **state)
{
	struct token *t = *state;
	struct objset *a, *b;

	bench_key(t, "k", rd_str("1"));
	assert_ok(token_objects(t, &a));
	assert_ok(token_objects(t, &b));
	assert_ptr_equal(a, b);
	objset_free(b);
	bench_key(t, "l", rd_str("2"));
	assert_ok(token_objects(t, &b));
	assert_ptr_not_equal(a, b);
	assert_int_equal(objset_count(a), 2);
	assert_int_equal(objset_count(b), 4);
	objset_free(a);
	objset_free(b);
}

static void token_objects__handles__stay_with_their_objects(void **state)
{
	struct token *t = *state;
	unsigned long a = bench_key(t, "a", rd_str("1")), b = bench_key(t, "b", rd_str("2"));
	struct object *o = bench_find(t, OBJECT_PRIVATE_KEY, "a");
	struct objset *s;

	assert_ok(token_remove(t, o));
	object_free(o);
	o = bench_find(t, OBJECT_PUBLIC_KEY, "a");
	assert_ok(token_remove(t, o));
	object_free(o);
	o = bench_find(t, OBJECT_PRIVATE_KEY, "b");
	assert_int_equal(o->handle, b);
	object_free(o);
	assert_int_not_equal(bench_key(t, "a", rd_str("1")), a); /* same number, another key */
	assert_ok(token_objects(t, &s));
	assert_null(objset_by_handle(s, a));
	assert_int_equal(objset_by_handle(s, b)->handle, b);
	assert_null(objset_by_handle(s, 0));
	objset_free(s);
}

static void objset_by__many_objects__each_is_found(void **state)
{
	enum { MANY = 60 };
	struct token *t = *state;
	struct objset *s;

	for (unsigned i = 0; i < MANY; i++) {
		char label[16];

		snprintf(label, sizeof(label), "key%u", i % (MANY / 2));
		bench_key(t, label, rd_of(&i, 1));
	}
	assert_ok(token_objects(t, &s));
	assert_int_equal(objset_count(s), 2 * MANY);
	for (unsigned i = 0; i < MANY; i++) {
		size_t cursor = 0, n = 0;
		char label[16];

		snprintf(label, sizeof(label), "key%u", i);
		while (objset_by_label(s, rd_str(label), &cursor) != NULL)
			n++;
		assert_int_equal(n, i < MANY / 2 ? 4 : 0);
		cursor = n = 0;
		while (objset_by_id(s, rd_of(&i, 1), &cursor) != NULL)
			n++;
		assert_int_equal(n, 2);
	}
	for (size_t i = 0; i < objset_count(s); i++)
		assert_ptr_equal(objset_by_handle(s, objset_at(s, i)->handle), objset_at(s, i));
	objset_free(s);
}

/* ---- other processes ---- */

/* Runs `body` in a process of its own on the token file; it begins as a forked child must. */
static void elsewhere(const char *path, bool (*body)(struct token *t))
{
	pid_t pid = fork();
	int status;

	assert_true(pid >= 0);
	if (pid == 0) {
		char address[80];
		struct card *card;
		struct token *t;

		tp_forget();
		snprintf(address, sizeof(address), "emu:%s", path);
		if (card_open(address, &card) != HSM_OK || token_open(card, &t) != HSM_OK ||
		        token_login(t, TOKEN_USER, rd_str(TEST_PIN)) != HSM_OK)
			_exit(1);
		_exit(body(t) ? 0 : 2);
	}
	assert_int_equal(waitpid(pid, &status, 0), pid);
	assert_int_equal(status, 0);
}

static bool make_other(struct token *t)
{
	struct new_key k = { .label = rd_str("other"), .curve = curve_by_name("prime256v1") };
	struct object *priv, *pub;

	return token_generate(t, &k, &priv, &pub) == HSM_OK;
}

static bool each_other(struct token *t, hsm_rc (*change)(struct token *t, struct object *o))
{
	struct objset *s;
	struct object *o;
	size_t cursor = 0;

	if (token_objects(t, &s) != HSM_OK)
		return false;
	while ((o = objset_by_label(s, rd_str("other"), &cursor)) != NULL) {
		if (change(t, o) != HSM_OK)
			return false;
	}
	return true;
}

static hsm_rc rename_to(struct token *t, struct object *o)
{
	return token_rename(t, o, rd_str("renamed"), (struct rd){ 0 });
}

static bool rename_other(struct token *t)
{
	return each_other(t, rename_to);
}

static hsm_rc remove_it(struct token *t, struct object *o)
{
	return token_remove(t, o);
}

static bool remove_other(struct token *t)
{
	return each_other(t, remove_it);
}

static bool use_wrong_pin(struct token *t)
{
	return token_login(t, TOKEN_USER, rd_str("111111")) == HSM_E_PIN_WRONG &&
	       token_login(t, TOKEN_USER, rd_str(TEST_PIN)) == HSM_OK;
}

static bool change_pin(struct token *t)
{
	return token_set_pin(t, rd_str(TEST_PIN), rd_str(NEW_PIN)) == HSM_OK;
}

static bool init_again(struct token *t)
{
	return token_init(t, rd_str(TEST_SO_HEX), rd_str("again")) == HSM_OK;
}

struct file_token {
	char path[64];
	struct token *t;
};

static int file_set_up(void **state)
{
	struct file_token *f = test_calloc(1, sizeof(*f));
	struct card *card;

	bench_file(f->path);
	card = bench_card(f->path);
	bench_init(card);
	assert_ok(token_open(card, &f->t));
	assert_ok(token_login(f->t, TOKEN_USER, rd_str(TEST_PIN)));
	*state = f;
	return 0;
}

static int file_tear_down(void **state)
{
	struct file_token *f = *state;

	token_close(f->t);
	bench_file_gone(f->path);
	test_free(f);
	return 0;
}

static void token_objects__other_process__is_seen_at_once(void **state)
{
	struct file_token *f = *state;
	unsigned long ours = bench_key(f->t, "ours", rd_str("1"));
	struct object *o;

	elsewhere(f->path, make_other);
	object_free(bench_find(f->t, OBJECT_PRIVATE_KEY, "other"));
	elsewhere(f->path, rename_other);
	object_free(bench_find(f->t, OBJECT_PUBLIC_KEY, "renamed"));
	elsewhere(f->path, make_other);
	elsewhere(f->path, remove_other);
	assert_int_equal(bench_count(f->t, OBJECT_PRIVATE_KEY), 2);
	o = bench_find(f->t, OBJECT_PRIVATE_KEY, "ours");
	assert_int_equal(o->handle, ours);
	object_free(o);
	assert_int_equal(token_who(f->t), TOKEN_USER);
}

static void token_who__pin_changed_elsewhere__nobody(void **state)
{
	struct file_token *f = *state;

	elsewhere(f->path, use_wrong_pin);
	assert_int_equal(token_who(f->t), TOKEN_USER);
	elsewhere(f->path, change_pin);
	assert_int_equal(token_who(f->t), TOKEN_NOBODY);
	assert_rc(token_login(f->t, TOKEN_USER, rd_str(TEST_PIN)), HSM_E_PIN_WRONG);
	assert_ok(token_login(f->t, TOKEN_USER, rd_str(NEW_PIN)));
	assert_int_equal(token_who(f->t), TOKEN_USER);
}

static void token_who__initialised_elsewhere__nobody_and_nothing(void **state)
{
	struct file_token *f = *state;

	bench_key(f->t, "ours", rd_str("1"));
	elsewhere(f->path, init_again);
	assert_int_equal(token_who(f->t), TOKEN_NOBODY);
	assert_int_equal(bench_count(f->t, OBJECT_PRIVATE_KEY), 0);
}

/* ---- threads ---- */

enum { SIGNERS = 6, SIGNATURES = 60, WRITES = 12 };

struct signer {
	struct token *t;
	EVP_PKEY *pkey;
	unsigned bad;
};

static bool sign_once(const struct signer *s, unsigned n)
{
	uint8_t hash[32] = { (uint8_t)n }, out[64];
	struct wr w = WR_ARRAY(out);
	AUTO_LANE *lane = NULL;

	if (card_take(token_card(s->t), &lane) != HSM_OK)
		return false;
	return card_sign_ec(lane, 1, ALG_ECDSA, rd_of(hash, 32), 32, &w) == HSM_OK &&
	       ecdsa_good(s->pkey, rd_of(hash, 32), wr_rd(&w));
}

static void *sign_many(void *arg)
{
	struct signer *s = arg;

	for (unsigned i = 0; i < SIGNATURES; i++) {
		struct objset *set;

		s->bad += !sign_once(s, i);
		if (token_objects(s->t, &set) != HSM_OK) {
			s->bad++;
			continue;
		}
		s->bad += objset_count(set) < 2;
		objset_free(set);
		s->bad += token_who(s->t) != TOKEN_USER;
	}
	return NULL;
}

static void token__many_threads__sign_while_one_writes(void **state)
{
	struct token *t = *state;
	struct signer signers[SIGNERS] = { 0 };
	pthread_t threads[SIGNERS];
	struct new_data d = { .label = rd_str("d"), .value = rd_str("v") };
	struct object *pub, *o;

	bench_key(t, "k", rd_str("1"));
	pub = bench_find(t, OBJECT_PUBLIC_KEY, "k");
	for (unsigned i = 0; i < SIGNERS; i++) {
		signers[i].t = t;
		signers[i].pkey = pkey_from(&pub->key);
		assert_int_equal(pthread_create(&threads[i], NULL, sign_many, &signers[i]), 0);
	}
	for (unsigned i = 0; i < WRITES; i++) {
		assert_ok(token_add_data(t, &d, &o));
		object_free(o);
	}
	for (unsigned i = 0; i < SIGNERS; i++) {
		assert_int_equal(pthread_join(threads[i], NULL), 0);
		assert_int_equal(signers[i].bad, 0);
		EVP_PKEY_free(signers[i].pkey);
	}
	assert_int_equal(bench_count(t, OBJECT_DATA), WRITES);
	object_free(pub);
}

#define ON_FILE(test) cmocka_unit_test_setup_teardown(test, file_set_up, file_tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		ON_TOKEN(token_info__fresh_and_named__tells),
		ON_TOKEN(token_login__user__is_known_until_logout),
		ON_TOKEN(token_login__so__checks_form_and_value),
		cmocka_unit_test(token_login__so_on_a_factory_card__is_refused),
		ON_TOKEN(token_init_pin__so__sets_and_unblocks),
		ON_TOKEN(token_init__as_opensc__leaves_the_reset_pin),
		ON_TOKEN(token_set_pin__user_in_and_out__login_stays_as_it_was),
		ON_TOKEN(token_set_pin__wrong_old__is_counted_and_logs_out),
		ON_TOKEN(token_set_pin__so__takes_the_new_one),
		ON_TOKEN(token_login_lost__card_decides),
		ON_TOKEN(token_objects__nothing_changed__same_set),
		ON_TOKEN(token_objects__handles__stay_with_their_objects),
		ON_TOKEN(objset_by__many_objects__each_is_found),
		ON_FILE(token_objects__other_process__is_seen_at_once),
		ON_FILE(token_who__pin_changed_elsewhere__nobody),
		ON_FILE(token_who__initialised_elsewhere__nobody_and_nothing),
		ON_TOKEN(token__many_threads__sign_while_one_writes),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
