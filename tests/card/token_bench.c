#include "token_bench.h"

#include "base/text.h"

struct token *token_bench(const char *path)
{
	struct token *t;

	assert_ok(token_open(bench_card(path), &t));
	if (path == NULL)
		assert_ok(token_login(t, TOKEN_USER, rd_str(TEST_PIN)));
	return t;
}

int token_set_up(void **state)
{
	*state = token_bench(NULL);
	return 0;
}

int token_tear_down(void **state)
{
	token_close(*state);
	return 0;
}

unsigned long bench_key(struct token *t, const char *label, struct rd id)
{
	struct new_key k = {
		.label = rd_str(label),
		.id = id,
		.usage = P15_SIGN,
		.curve = curve_by_name("prime256v1"),
	};
	struct object *priv, *pub;
	unsigned long handle;

	assert_ok(token_generate(t, &k, &priv, &pub));
	handle = priv->handle;
	object_free(priv);
	object_free(pub);
	return handle;
}

struct object *bench_find(struct token *t, enum object_kind kind, const char *label)
{
	struct object *o, *found = NULL;
	struct objset *s;
	size_t cursor = 0;

	assert_ok(token_objects(t, &s));
	while ((o = objset_by_label(s, rd_str(label), &cursor)) != NULL) {
		if (o->kind != kind)
			continue;
		assert_null(found);
		found = object_ref(o);
	}
	objset_free(s);
	assert_non_null(found);
	return found;
}

size_t bench_count(struct token *t, enum object_kind kind)
{
	struct objset *s;
	size_t n = 0;

	assert_ok(token_objects(t, &s));
	for (size_t i = 0; i < objset_count(s); i++)
		n += objset_at(s, i)->kind == kind;
	objset_free(s);
	return n;
}

const char *bench_file_hex(struct token *t, uint16_t fid)
{
	static char text[8192];
	AUTO_BUF file = { 0 };
	AUTO_LANE *lane = NULL;
	hsm_rc rc;

	assert_ok(card_take(token_card(t), &lane));
	rc = card_read_file(lane, fid, &file);
	assert_true(rc == HSM_OK || rc == HSM_E_NO_FILE);
	assert_ok(hex_put(buf_rd(&file), text, sizeof(text)));
	return text;
}

void bench_write_hex(struct token *t, uint16_t fid, const char *hex)
{
	uint8_t bytes[4096];
	AUTO_LANE *lane = NULL;

	assert_ok(card_take(token_card(t), &lane));
	assert_ok(card_write_file(lane, fid, rd_of(bytes, unhex(hex, bytes, sizeof(bytes)))));
}

void bench_delete(struct token *t, uint16_t fid)
{
	AUTO_LANE *lane = NULL;

	assert_ok(card_take(token_card(t), &lane));
	assert_ok(card_delete_file(lane, fid));
}
