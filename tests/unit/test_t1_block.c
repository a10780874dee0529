/* wire/t1_block.c: ISO/IEC 7816-3, 11.3. The blocks are those of known exchanges (S(IFS 254) of the
 * logs of libccid); the CRC is held against the check value of CRC-16/MCRF4XX of the catalogue of
 * CRC algorithms: 123456789 gives 6F91. */
#include "vec.h"
#include "wire/t1_block.h"

static const struct good_case {
	const char *bytes;
	bool crc;
	enum t1_kind kind;
	uint8_t pcb;
	unsigned number;
	const char *inf;
} good[] = {
	{ "00C101FE3E", false, T1_KIND_S, T1_S_IFS, 0, "FE" },
	{ "00E101FE1E", false, T1_KIND_S, T1_S_IFS | T1_S_RESPONSE, 0, "FE" },
	{ "00C30105C7", false, T1_KIND_S, T1_S_WTX, 0, "05" },
	{ "00C000C0", false, T1_KIND_S, T1_S_RESYNCH, 0, "" },
	{ "00E000E0", false, T1_KIND_S, T1_S_RESYNCH | T1_S_RESPONSE, 0, "" },
	{ "00C200C2", false, T1_KIND_S, T1_S_ABORT, 0, "" },
	{ "00800080", false, T1_KIND_R, T1_R, 0, "" },
	{ "00900090", false, T1_KIND_R, T1_R, 1, "" },
	{ "00910091", false, T1_KIND_R, T1_R | T1_R_EDC, 1, "" },
	{ "0082 0082", false, T1_KIND_R, T1_R | T1_R_OTHER, 0, "" },
	{ "0000 02 9000 92", false, T1_KIND_I, 0x00, 0, "9000" },
	{ "0040 02 9000 D2", false, T1_KIND_I, 0x40, 1, "9000" },
	{ "0020 01 00 21", false, T1_KIND_I, 0x20, 0, "00" },
	{ "0000 00 00", false, T1_KIND_I, 0x00, 0, "" },
};

static void t1__each_block__read_and_written(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(good); i++) {
		const struct good_case *c = &good[i];
		uint8_t room[T1_BLOCK_MAX];
		struct wr w = WR_ARRAY(room);
		struct t1_block b;
		struct vec v;
		struct rd bytes = unhex(&v, c->bytes);

		check_rc(c->bytes, t1_get(bytes, c->crc, &b), HSM_OK);
		assert_int_equal(t1_kind(&b), c->kind);
		assert_int_equal(b.pcb & (c->kind == T1_KIND_R ? 0xEF : 0xFF), c->pcb);
		if (c->kind != T1_KIND_S)
			assert_int_equal(t1_number(&b), c->number);
		check_hex(c->bytes, b.inf, c->inf);
		check_rc(c->bytes, t1_put(&w, &b, c->crc), HSM_OK);
		check_rd(c->bytes, wr_rd(&w), bytes);
	}
}

static const struct {
	const char *bytes;
	bool crc;
	hsm_rc rc;
} bad[] = {
	{ "", false, HSM_E_BAD_LEN },
	{ "A5A5", false, HSM_E_BAD_LEN }, /* what the Nitrokey's reader has for a silent card */
	{ "000000", false, HSM_E_BAD_LEN },
	{ "00000000", true, HSM_E_BAD_LEN },
	{ "00C101FE3F", false, HSM_E_CARD_DATA },
	{ "00C101FF3E", false, HSM_E_CARD_DATA },
	{ "00C102FE3D", false, HSM_E_BAD_LEN },  /* LEN more than there is */
	{ "00C100FE3F", false, HSM_E_BAD_LEN },  /* and less */
	{ "00840084", false, HSM_E_BAD_DATA },   /* R with a bit it must not have */
	{ "00A000A0", false, HSM_E_BAD_DATA },   /* R with bit 6 */
	{ "00830083", false, HSM_E_BAD_DATA },   /* R with both errors */
	{ "0080010081", false, HSM_E_BAD_DATA }, /* R with INF */
	{ "00010001", false, HSM_E_BAD_DATA },   /* I with a bit it must not have */
	{ "00C400C4", false, HSM_E_BAD_DATA },   /* no such S */
	{ "00C000010000", false, HSM_E_CARD_DATA },
	{ "00C00100C1", false, HSM_E_BAD_DATA },   /* RESYNCH with INF */
	{ "00C100C1", false, HSM_E_BAD_DATA },     /* IFS without */
	{ "00C3020101C1", false, HSM_E_BAD_DATA }, /* WTX with two */
	{ "313233343536373839 6F91", true, HSM_E_BAD_LEN },
	{ "313233343536373839 916F", true, HSM_E_CARD_DATA },
	{ "313233343536373839 906E", true, HSM_E_CARD_DATA },
};

static void t1_get__malformed__refused(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct t1_block b;
		struct vec v;

		check_rc(bad[i].bytes, t1_get(unhex(&v, bad[i].bytes), bad[i].crc, &b), bad[i].rc);
	}
}

static void t1_get__any_one_bit_changed__refused(void **state)
{
	uint8_t inf[] = "a command, as it were", room[T1_BLOCK_MAX];

	(void)state;
	for (int crc = 0; crc < 2; crc++) {
		struct wr w = WR_ARRAY(room);
		struct t1_block b = { 0, 0x40, { inf, sizeof(inf) } };

		check_rc("put", t1_put(&w, &b, crc != 0), HSM_OK);
		for (size_t bit = 0; bit < w.n * 8; bit++) {
			room[bit / 8] ^= (uint8_t)(1U << bit % 8);
			check_rc("one bit", t1_get(wr_rd(&w), crc != 0, &b), HSM_E_CARD_DATA);
			room[bit / 8] ^= (uint8_t)(1U << bit % 8);
		}
		check_rc("none", t1_get(wr_rd(&w), crc != 0, &b), HSM_OK);
	}
}

static void t1__longest_block__and_one_more(void **state)
{
	static uint8_t inf[T1_INF_MAX + 1], room[T1_BLOCK_MAX];
	struct t1_block b = { 0, 0, { inf, T1_INF_MAX } };
	struct wr w = WR_ARRAY(room), small = wr_of(room, T1_BLOCK_MAX - 1);

	(void)state;
	check_rc("longest", t1_put(&w, &b, true), HSM_OK);
	assert_int_equal(w.n, 259);
	check_rc("read", t1_get(wr_rd(&w), true, &b), HSM_OK);
	check_rc("no room", t1_put(&small, &b, true), HSM_E_SMALL);
	b.inf = rd_of(inf, sizeof(inf));
	check_rc("one more", t1_put(&w, &b, false), HSM_E_BAD_LEN);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(t1__each_block__read_and_written),
		cmocka_unit_test(t1_get__malformed__refused),
		cmocka_unit_test(t1_get__any_one_bit_changed__refused),
		cmocka_unit_test(t1__longest_block__and_one_more),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
