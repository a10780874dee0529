/* wire/t1_host.c against wire/t1_card.c over a line with faults: the answer arrives as the card
 * gave it, or the command fails; the card never does a command twice. ISO/IEC 7816-3, 11.6.3.2 */
#include "t1_line.h"
#include "vec.h"

enum { FAULTS_AT_ONCE = 2 };

/* Faults at given blocks. */
struct plan {
	unsigned next;
	struct {
		unsigned block;
		enum t1_fault fault;
	} at[FAULTS_AT_ONCE];
};

static enum t1_fault planned(void *arg, unsigned *where)
{
	struct plan *p = arg;
	unsigned now = p->next++;

	*where = now * 37 + 1;
	for (size_t i = 0; i < FAULTS_AT_ONCE; i++)
		if (p->at[i].block == now)
			return p->at[i].fault;
	return T1_FINE;
}

static uint32_t draw(uint32_t *seed)
{
	*seed = *seed * 1664525U + 1013904223U;
	return *seed >> 8;
}

struct dice {
	uint32_t seed;
	unsigned percent;
};

static enum t1_fault thrown(void *arg, unsigned *where)
{
	struct dice *d = arg;

	*where = draw(&d->seed);
	if (draw(&d->seed) % 100 >= d->percent)
		return T1_FINE;
	return (enum t1_fault)(1 + draw(&d->seed) % (T1_FAULTS - 1));
}

static const struct shape {
	size_t command_n, answer_n;
	struct t1_host_setup setup;
	unsigned wtx;
} shapes[] = {
	{ 5, 2, { 254, 0, false }, 0 },
	{ 5, 2, { 254, 254, false }, 2 },
	{ 5, 100, { 32, 0, false }, 1 },
	{ 32, 32, { 32, 0, true }, 0 },
	{ 33, 33, { 32, 0, false }, 0 },
	{ 100, 2, { 32, 254, true }, 1 },
	{ 100, 100, { 32, 32, false }, 0 },
	{ 254, 254, { 254, 254, false }, 0 },
	{ 600, 700, { 254, 254, false }, 1 },
};

/* One command and what must come of it. */
static hsm_rc one(struct t1_line *l, const struct shape *s, unsigned serial)
{
	uint8_t c[T1_LINE_COMMAND], a[T1_LINE_ANSWER], e[T1_LINE_ANSWER];
	struct wr command = WR_ARRAY(c), answer = WR_ARRAY(a), expect = WR_ARRAY(e);
	hsm_rc rc;

	t1_line_command(&command, serial, s->command_n, s->answer_n);
	t1_line_expect(&expect, wr_rd(&command));
	rc = t1_line_apdu(l, wr_rd(&command), &answer);
	assert_false(l->endless);
	assert_true(l->runs <= 1);
	if (rc == HSM_OK) {
		assert_int_equal(l->runs, 1);
		check_rd("answer", wr_rd(&answer), wr_rd(&expect));
	} else if (rc != HSM_E_IO && rc != HSM_E_MUTE) {
		fail_msg("failed with %s", rc_name(rc));
	}
	return rc;
}

static void power(struct t1_line *l, const struct shape *s)
{
	l->card_ifsc = s->setup.ifsc;
	l->wtx = s->wtx;
	t1_line_power(l, &s->setup);
}

/* Three commands with the plan's faults in them; how many blocks there were. */
static unsigned three(const struct shape *s, struct plan *p, bool must_work)
{
	struct t1_line l = { .fault = planned, .arg = p };

	power(&l, s);
	for (unsigned serial = 0; serial < 3; serial++) {
		hsm_rc rc = one(&l, s, serial);

		if (must_work)
			check_rc("with one fault", rc, HSM_OK);
		if (!t1_host_usable(&l.host))
			power(&l, s);
	}
	return l.blocks;
}

static struct plan clean(void)
{
	return (struct plan){ .at = { { .block = ~0U }, { .block = ~0U } } };
}

static void line__without_faults__works(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(shapes); i++) {
		struct plan p = clean();

		(void)three(&shapes[i], &p, true);
	}
}

static void line__each_fault_at_each_block__recovers(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(shapes); i++) {
		struct plan p = clean();
		unsigned blocks = three(&shapes[i], &p, true);

		for (unsigned b = 0; b < blocks; b++)
			for (enum t1_fault f = T1_LOST; f < T1_FAULTS; f++) {
				p = clean();
				p.at[0].block = b;
				p.at[0].fault = f;
				(void)three(&shapes[i], &p, true);
			}
	}
}

static void line__each_pair_of_faults__right_answer_or_none(void **state)
{
	(void)state;
	for (size_t i = 0; i < 7; i++) {
		struct plan p = clean();
		unsigned blocks = three(&shapes[i], &p, true);

		for (unsigned b = 0; b < blocks * 6 * 6; b++)
			for (unsigned gap = 1; gap < 5; gap++) {
				p = clean();
				p.at[0].block = b / 36;
				p.at[0].fault = (enum t1_fault)(1 + b % 6);
				p.at[1].block = b / 36 + gap;
				p.at[1].fault = (enum t1_fault)(1 + b / 6 % 6);
				(void)three(&shapes[i], &p, false);
			}
	}
}

static void line__faults_at_random__right_answer_or_none(void **state)
{
	unsigned done = 0, failed = 0;

	(void)state;
	for (uint32_t seed = 1; seed <= 3000; seed++) {
		const struct shape *s = &shapes[seed % COUNT(shapes)];
		struct dice d = { seed * 2654435761U, 5 + seed % 60 };
		struct t1_line l = { .fault = thrown, .arg = &d };

		power(&l, s);
		for (unsigned serial = 0; serial < 6; serial++) {
			if (one(&l, s, serial) == HSM_OK)
				done++;
			else
				failed++;
			if (!t1_host_usable(&l.host))
				power(&l, s);
		}
	}
	/* The faults are so many that both must have happened often. */
	assert_true(done > 1000 && failed > 1000);
}

static enum t1_fault nothing(void *arg, unsigned *where)
{
	(void)arg;
	(void)where;
	return T1_LOST;
}

static void line__dead__mute_and_then_unusable(void **state)
{
	struct t1_line l = { .fault = nothing };

	(void)state;
	power(&l, &shapes[1]);
	check_rc("first", one(&l, &shapes[1], 0), HSM_E_MUTE);
	assert_int_equal(l.blocks, 3);
	assert_false(t1_host_usable(&l.host));
	l.fault = NULL;
	power(&l, &shapes[1]);
	check_rc("powered on again", one(&l, &shapes[1], 1), HSM_OK);
	l.fault = nothing;
	check_rc("later", one(&l, &shapes[1], 2), HSM_E_MUTE);
	assert_false(t1_host_usable(&l.host));
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(line__without_faults__works),
		cmocka_unit_test(line__each_fault_at_each_block__recovers),
		cmocka_unit_test(line__each_pair_of_faults__right_answer_or_none),
		cmocka_unit_test(line__faults_at_random__right_answer_or_none),
		cmocka_unit_test(line__dead__mute_and_then_unusable),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
