/* apdu/chain.c: ISO/IEC 7816-4 section 5.1.1 */
#include "apdu/chain.h"
#include "vec.h"

static struct capdu part(uint8_t cla, uint8_t ins, struct rd data)
{
	return (struct capdu){ .cla = cla, .ins = ins, .p1 = 0x01, .p2 = 0x02, .data = data };
}

static void chain__single_command__untouched(void **state)
{
	struct chain ch = { 0 };
	struct capdu c = part(0x80, 0x68, RD_LIT("\x01\x02"));
	const uint8_t *where = c.data.p;
	bool complete = false;

	(void)state;
	check_rc("add", chain_add(&ch, &c, &complete), HSM_OK);
	assert_true(complete);
	assert_ptr_equal(c.data.p, where);
	assert_null(ch.data.p);
	chain_done(&ch);
}

static void chain__three_parts__one_command(void **state)
{
	struct chain ch = { 0 };
	struct capdu parts[] = { part(0x90, 0x68, RD_LIT("\x01\x02")), part(0x90, 0x68, RD_LIT("")),
		part(0x80, 0x68, RD_LIT("\x03")) };
	bool complete = true;

	(void)state;
	parts[2].ne = 256;
	check_rc("first", chain_add(&ch, &parts[0], &complete), HSM_OK);
	assert_false(complete);
	check_rc("second", chain_add(&ch, &parts[1], &complete), HSM_OK);
	assert_false(complete);
	check_rc("last", chain_add(&ch, &parts[2], &complete), HSM_OK);
	assert_true(complete);
	assert_false(ch.open);
	check_hex("data", parts[2].data, "010203");
	assert_int_equal(parts[2].cla, 0x80);
	assert_int_equal(parts[2].ne, 256);
	chain_done(&ch);
}

static void chain__part_of_another_command__ends_the_chain(void **state)
{
	const struct capdu others[] = { part(0x00, 0x68, RD_LIT("\x03")),
		part(0x10, 0x68, RD_LIT("\x03")), part(0x80, 0x62, RD_LIT("\x03")),
		{ .cla = 0x80, .ins = 0x68, .p1 = 0x02, .p2 = 0x02 },
		{ .cla = 0x80, .ins = 0x68, .p1 = 0x01, .p2 = 0x03 } };

	(void)state;
	for (size_t i = 0; i < COUNT(others); i++) {
		struct chain ch = { 0 };
		struct capdu c = part(0x90, 0x68, RD_LIT("\x01\x02")), other = others[i];
		bool complete = false;

		check_rc("first", chain_add(&ch, &c, &complete), HSM_OK);
		check_rc("other", chain_add(&ch, &other, &complete), HSM_E_BAD_DATA);
		assert_false(complete);
		assert_false(ch.open);
		assert_null(ch.data.p);
		c = part(0x80, 0x68, RD_LIT("\x04"));
		check_rc("new", chain_add(&ch, &c, &complete), HSM_OK);
		assert_true(complete);
		check_hex("new", c.data, "04");
		chain_done(&ch);
	}
}

static void chain__more_than_the_limit__bad_len(void **state)
{
	static uint8_t bytes[APDU_DATA_MAX];
	struct chain ch = { 0 };
	struct capdu c = part(0x10, 0xD7, rd_of(bytes, sizeof(bytes)));
	bool complete = true;

	(void)state;
	check_rc("full", chain_add(&ch, &c, &complete), HSM_OK);
	assert_false(complete);
	c = part(0x00, 0xD7, rd_of(bytes, 1));
	check_rc("over", chain_add(&ch, &c, &complete), HSM_E_BAD_LEN);
	assert_false(complete);
	assert_false(ch.open);
	assert_null(ch.data.p);
}

static void chain__full_to_the_byte__taken(void **state)
{
	static uint8_t bytes[APDU_DATA_MAX];
	struct chain ch = { 0 };
	struct capdu c = part(0x10, 0xD7, rd_of(bytes, sizeof(bytes) - 1));
	bool complete;

	(void)state;
	check_rc("part", chain_add(&ch, &c, &complete), HSM_OK);
	c = part(0x00, 0xD7, rd_of(bytes, 1));
	check_rc("last", chain_add(&ch, &c, &complete), HSM_OK);
	assert_true(complete);
	assert_int_equal(c.data.n, APDU_DATA_MAX);
	chain_done(&ch);
}

static void chain__after_a_chain__old_data_is_gone(void **state)
{
	struct chain ch = { 0 };
	struct capdu c = part(0x10, 0x20, RD_LIT("6482"));
	bool complete;

	(void)state;
	check_rc("part", chain_add(&ch, &c, &complete), HSM_OK);
	c = part(0x00, 0x20, RD_LIT("19"));
	check_rc("last", chain_add(&ch, &c, &complete), HSM_OK);
	check_rd("whole", c.data, RD_LIT("648219"));
	c = part(0x00, 0x84, RD_LIT(""));
	check_rc("next", chain_add(&ch, &c, &complete), HSM_OK);
	assert_null(ch.data.p);
	assert_int_equal(c.data.n, 0);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(chain__single_command__untouched),
		cmocka_unit_test(chain__three_parts__one_command),
		cmocka_unit_test(chain__part_of_another_command__ends_the_chain),
		cmocka_unit_test(chain__more_than_the_limit__bad_len),
		cmocka_unit_test(chain__full_to_the_byte__taken),
		cmocka_unit_test(chain__after_a_chain__old_data_is_gone),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
