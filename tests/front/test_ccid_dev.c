/* The device on CCID's terms. Expected bytes: CCID 1.10, ISO/IEC 7816-3, and what is known of the
 * readers; the ATR is the real token's. */
#include "ccid_bus.h"

#define ATR "3BDE96FF8191FE1FC38031815448534D3173802140810792"

static struct ccid_bus *nitrokey(const char *faults)
{
	return bus_new(&(struct ccid_bus_how){ .model = CCID_DEV_NITROKEY, .faults = faults });
}

static struct ccid_bus *stick(const char *faults)
{
	return bus_new(&(struct ccid_bus_how){ .model = CCID_DEV_STICK, .faults = faults });
}

static void power_gives_the_atr(void **state)
{
	struct ccid_bus *b[] = { nitrokey(NULL), stick(NULL) };

	(void)state;
	for (size_t i = 0; i < 2; i++) {
		BUS(b[i], "62 00000000 00 05 00 0000", "80 18000000 00 05 00 00 00" ATR);
		bus_free(b[i]);
	}
}

/* SELECT of the applet, in one T=1 block each way: the answer is FCI and 9000. */
static void blocks_carry_commands(void **state)
{
	struct ccid_bus *b = nitrokey(NULL);

	(void)state;
	BUS(b, "62 00000000 00 00 00 0000", "80 18000000 00 00 00 00 00" ATR);
	BUS(b, "6F 05000000 00 01 00 0000 00C101FE3E", "80 05000000 00 01 00 00 00 00E101FE1E");
	BUS(b, "6F 06000000 00 02 00 0000 0000 02 0084 86",
	        "80 06000000 00 02 00 00 00 0000 02 6700 65");
	bus_free(b);
}

static void apdus_go_whole(void **state)
{
	struct ccid_bus *b = stick(NULL);

	(void)state;
	BUS(b, "62 00000000 00 00 00 0000", "80 18000000 00 00 00 00 00" ATR);
	BUS(b, "6F 02000000 00 02 00 0000 0084", "80 02000000 00 02 00 00 00 6700");
	bus_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(power_gives_the_atr),
		cmocka_unit_test(blocks_carry_commands),
		cmocka_unit_test(apdus_go_whole),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
