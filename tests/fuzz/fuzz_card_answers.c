#include "base/log.h"
#include "base/ossl.h"
#include "fake_tp.h"
#include "fuzz.h"
#include "token/token.h"

/* The input is what a hostile card answers, one answer after the other: two bytes of length, then
 * the bytes with the status word; 6A82 when there are none left. The card is opened, its objects
 * are loaded and looked at, and everything is asked of it once. */

enum { COMMAND_MAX = 1232, ANSWERS_MAX = 2000 };

struct script {
	struct rd left;
	unsigned n;
};

static hsm_rc next_answer(void *arg, struct rd cmd, struct wr *rsp)
{
	struct script *s = arg;
	struct rd answer;
	uint16_t n;

	FUZZ_ASSERT(cmd.n >= 4 && cmd.n <= COMMAND_MAX);
	FUZZ_ASSERT(s->n++ < ANSWERS_MAX);
	if (rd_u16(&s->left, &n) && rd_take(&s->left, n, &answer))
		wr_rd_put(rsp, answer);
	else
		wr_u16(rsp, 0x6A82);
	return HSM_OK;
}

static bool in_object(struct rd part, const struct object *o)
{
	return fuzz_inside(part, buf_rd(&o->bytes[0])) || fuzz_inside(part, buf_rd(&o->bytes[1]));
}

static void check_object(const struct objset *s, struct object *o)
{
	size_t cursor = 0;
	struct object *same;

	FUZZ_ASSERT(o->handle != 0 && o->handle % 2 == 0);
	FUZZ_ASSERT(objset_by_handle(s, o->handle) == o);
	FUZZ_ASSERT(o->label.n <= P15_LABEL_MAX && o->id.n <= P15_ID_MAX);
	FUZZ_ASSERT(in_object(o->label, o) && in_object(o->id, o) && in_object(o->value, o));
	FUZZ_ASSERT(in_object(o->key.modulus, o) && in_object(o->key.point, o));
	FUZZ_ASSERT(in_object(o->x509.subject, o) && in_object(o->oid, o));
	FUZZ_ASSERT(o->key.point.n == 0 || o->key.curve != NULL);
	while ((same = objset_by_label(s, o->label, &cursor)) != NULL && same != o)
		FUZZ_ASSERT(rd_equal(same->label, o->label));
	FUZZ_ASSERT(same == o);
}

static void check_objects(struct token *t)
{
	struct objset *s;

	if (token_objects(t, &s) != HSM_OK)
		return;
	for (size_t i = 0; i < objset_count(s); i++)
		check_object(s, objset_at(s, i));
	objset_free(s);
}

/* One command of each kind that uses a key. */
static void use_keys(struct card *card)
{
	struct rd in = RD_LIT("0123456789ABCDEF0123456789ABCDEF");
	AUTO_LANE *lane = NULL;
	uint8_t out[RSA_BYTES_MAX];
	struct wr w = WR_ARRAY(out);

	if (card_take(card, &lane) != HSM_OK)
		return;
	if (card_sign_rsa(lane, 1, ALG_RSA_RAW, in, 256, &w) == HSM_OK)
		FUZZ_ASSERT(w.n == 256);
	w = WR_ARRAY(out);
	if (card_sign_ec(lane, 1, ALG_ECDSA, in, 32, &w) == HSM_OK)
		FUZZ_ASSERT(w.n == 64);
	w = WR_ARRAY(out);
	if (card_decipher_rsa(lane, 1, in, 128, &w) == HSM_OK)
		FUZZ_ASSERT(w.n == 128);
	w = WR_ARRAY(out);
	if (card_ecdh(lane, 1, in, 32, &w) == HSM_OK)
		FUZZ_ASSERT(w.n == 32);
	if (card_random(lane, out, 16) != HSM_OK)
		return;
}

static void change_things(struct token *t)
{
	struct new_key k = { .label = RD_LIT("k"), .curve = curve_by_name("prime256v1") };
	struct new_data d = { .label = RD_LIT("d"), .value = RD_LIT("v"), .is_private = true };
	struct object *priv, *pub, *data;

	if (token_generate(t, &k, &priv, &pub) == HSM_OK) {
		(void)!token_rename(t, priv, RD_LIT("n"), RD_LIT("i"));
		(void)!token_remove(t, pub);
		object_free(priv);
		object_free(pub);
	}
	if (token_add_data(t, &d, &data) == HSM_OK) {
		(void)!token_set_value(t, data, RD_LIT(""));
		(void)!token_remove(t, data);
		object_free(data);
	}
}

static void ask_all(struct token *t)
{
	struct token_info info;

	check_objects(t);
	if (token_info(t, &info) == HSM_OK)
		FUZZ_ASSERT(info.label_n <= sizeof(info.label));
	(void)!token_login(t, TOKEN_SO, RD_LIT("3537363231383830"));
	(void)!token_init_pin(t, RD_LIT("648219"));
	(void)!token_login(t, TOKEN_USER, RD_LIT("648219"));
	use_keys(token_card(t));
	change_things(t);
	(void)!token_set_pin(t, RD_LIT("648219"), RD_LIT("123456"));
	(void)!token_init(t, RD_LIT("3537363231383830"), RD_LIT("label"));
	(void)!token_logout(t);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct script script = { .left = rd_of(data, size) };
	struct card *card;
	struct token *t;

	log_set(LOG_OFF);
	/* Held on to, so that libcrypto is not set up again for every input. */
	if (ossl_ctx() == NULL)
		FUZZ_ASSERT(ossl_acquire() == HSM_OK);
	if (card_open_tp(fake_tp(next_answer, &script, 1, COMMAND_MAX), &card) != HSM_OK)
		return 0;
	FUZZ_ASSERT(token_open(card, &t) == HSM_OK);
	ask_all(t);
	token_close(t);
	return 0;
}
