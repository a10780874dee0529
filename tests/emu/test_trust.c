/* MANAGE SECURITY ENVIRONMENT 81 B6 and VERIFY CERTIFICATE: sc-hsm sheet sections 4.21, 4.22, 11.
 */
#include <string.h>

#include "base/tlv.h"
#include "emu_keys.h"

/* Device and issuer of a genuine Nitrokey HSM 2, tests/golden/genuine_device.json, and its root. */
static const char genuine[] =
        "7F2181E47F4E819D5F290100420D444544494E4B303430303030317F494F060A04007F000702"
        "02020203864104854A608E6F7B27D4B990C0EEA68F6C1D738E0E38CC9C6D1CEEDE55C0583F0B"
        "7B37363551A876B8EC2B0DB88545ADFE418ABECD555C128BE81A5C6A0361FCA1DF5F20104445"
        "4E4B3034303431343430303030307F4C10060B2B0601040181C31F0301015301005F25060206"
        "000502085F24060301000502075F3740A4D5D47D41451FCFAC7C8766EEBA2871CAA8086C6E78"
        "9AF752A7968CF3310852962F428EEE0F209FBB6EB928E6DEFF8AA3CC97F4B8EDC000131683AA"
        "F291968F7F2181E47F4E819D5F290100420E44455352434143433130303030317F494F060A04"
        "007F0007020202020386410441BEF11216285DE54D35BAE22FC4953E99EDD7D0294B45CF578A"
        "A8545E5F5BBB8F8AF9150E936F7F77777B1EECC58F2D823FE520EBC430964889A4463A7EB242"
        "5F200D444544494E4B303430303030317F4C10060B2B0601040181C31F0301015301805F2506"
        "0204010003005F240603020100020965005F3740039567AA4930C8327D651E45B133B71E90F2"
        "C134EB385162B96913C0AB3AC265110860CDAD312F970C2A652DA8B31BE8A8FAEA5B87CD146D"
        "517937D8B8771122";

struct chain {
	uint8_t bytes[464];
	struct rd device, issuer; /* without 7F21 */
};

static void load(struct chain *c)
{
	struct rd r = rd_of(c->bytes, emu_unhex(genuine, c->bytes, sizeof(c->bytes)));

	assert_true(tlv_get(&r, 0x7F21, &c->device) && tlv_get(&r, 0x7F21, &c->issuer));
}

static uint16_t choose(struct emu_bench *b, const char *chr)
{
	uint8_t data[32];
	struct wr w = WR_ARRAY(data);

	tlv_put(&w, 0x83, rd_str(chr));
	return emu_cmd(b, 0x002281B6, wr_rd(&w), 0);
}

static uint16_t verify(struct emu_bench *b, struct rd cert)
{
	return emu_cmd(b, 0x002A00BE, cert, 0);
}

static void mse__keys__known_from_the_start(void **state)
{
	struct emu_bench *b = emu_bench_new();
	char device[17] = { 0 };
	struct rd chain, cert, body = { 0 }, chr;

	(void)state;
	assert_int_equal(choose(b, "DESRCACC100001"), 0x9000);
	assert_int_equal(choose(b, "UTSRCACC100001"), 0x9000);
	assert_int_equal(choose(b, "ZZTWINROOT00001"), 0x9000);
	assert_int_equal(choose(b, "ZZTWINCA00001"), 0x9000);
	assert_int_equal(choose(b, "DEDINK0400001"), 0x6A88);
	assert_int_equal(choose(b, "DESRCACC10000"), 0x6A88);
	assert_int_equal(emu_cmd(b, 0x00B12F02, RD_LIT("\x54\x02\x00\x00"), 0x10000), 0x6282);
	chain = emu_data(b);
	assert_true(tlv_get(&chain, 0x7F21, &cert) && tlv_get(&cert, 0x7F4E, &body));
	assert_true(tlv_find(body, 0x5F20, &chr) && chr.n == 16);
	memcpy(device, chr.p, chr.n);
	assert_int_equal(choose(b, device), 0x9000);
	EMU(b, "002281B6 02 8300", 0x6A80, "");
	EMU(b, "002281B6 03 840141", 0x6A80, "");
	EMU(b, "002281B6 04 83014100", 0x6A80, "");
	EMU(b, "002281A4 03 830141", 0x6A88, "");
	emu_bench_free(b);
}

static void pso__genuine_chain__verified_and_remembered(void **state)
{
	struct emu_bench *b = emu_bench_new();
	struct chain c;

	(void)state;
	load(&c);
	assert_int_equal(choose(b, "DESRCACC100001"), 0x9000);
	assert_int_equal(verify(b, c.issuer), 0x9000);
	assert_int_equal(choose(b, "DENK040414400000"), 0x6A88);
	assert_int_equal(choose(b, "DEDINK0400001"), 0x9000);
	assert_int_equal(verify(b, c.device), 0x9000);
	assert_int_equal(verify(b, c.device), 0x9000); /* again is no harm */
	assert_int_equal(choose(b, "DENK040414400000"), 0x9000);
	/* A device is nobody to sign certificates. */
	assert_int_equal(verify(b, c.device), 0x6985);
	emu_reset(b->card);
	EMU(b, "00A40400 0B E82B0601040181C31F0201 00", 0x9000, NULL);
	assert_int_equal(choose(b, "DEDINK0400001"), 0x6A88);
	emu_bench_free(b);
}

static void pso__refusals__status_words(void **state)
{
	struct emu_bench *b = emu_bench_new();
	struct chain c;
	uint8_t *last;

	(void)state;
	load(&c);
	assert_int_equal(verify(b, c.issuer), 0x6A88); /* no key */
	assert_int_equal(choose(b, "UTSRCACC100001"), 0x9000);
	assert_int_equal(verify(b, c.issuer), 0x6985); /* another issuer */
	assert_int_equal(choose(b, "nobody"), 0x6A88);
	assert_int_equal(verify(b, c.issuer), 0x6A88); /* nothing is selected now */
	assert_int_equal(choose(b, "DESRCACC100001"), 0x9000);
	last = &c.bytes[sizeof(c.bytes) - 1];
	*last ^= 1;
	assert_int_equal(verify(b, c.issuer), 0x6985);
	*last ^= 1;
	assert_int_equal(verify(b, rd_of(c.issuer.p, c.issuer.n - 1)), 0x6A80);
	assert_int_equal(verify(b, RD_LIT("\x7F")), 0x6A80);
	assert_int_equal(emu_cmd(b, 0x002A00AE, c.issuer, 0), 0x6A86);
	EMU(b, "002A00BE", 0x6700, "");
	assert_int_equal(choose(b, "DEDINK0400001"), 0x6A88); /* none of these was remembered */
	assert_int_equal(choose(b, "DESRCACC100001"), 0x9000);
	assert_int_equal(verify(b, c.issuer), 0x9000);
	emu_bench_free(b);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(mse__keys__known_from_the_start),
		cmocka_unit_test(pso__genuine_chain__verified_and_remembered),
		cmocka_unit_test(pso__refusals__status_words),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
