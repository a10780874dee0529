#include <ctype.h>
#include <string.h>
#include <time.h>

#include "base/ossl.h"
#include "base/tlv.h"
#include "emu_keys.h"
#include "key/key.h"

/* A certificate taken apart by the tags of sheet and TR-03110, without the module's parser. */
struct cert {
	struct rd body_whole, car, key, oid, point, chr, role, bits, effective, expiry, sig;
};

static void take(struct rd *certs, struct cert *c)
{
	struct rd cert, body, profile, holder, key;
	uint16_t tag;

	assert_true(tlv_get(certs, 0x7F21, &cert));
	assert_true(tlv_next(&cert, &tag, &body, &c->body_whole) && tag == 0x7F4E);
	assert_true(tlv_get(&cert, 0x5F37, &c->sig) && cert.n == 0 && c->sig.n == 64);
	assert_true(tlv_get(&body, 0x5F29, &profile) && rd_equal(profile, rd_of("", 1)));
	assert_true(tlv_get(&body, 0x42, &c->car));
	assert_true(tlv_get(&body, 0x7F49, &c->key));
	assert_true(tlv_get(&body, 0x5F20, &c->chr));
	assert_true(tlv_get(&body, 0x7F4C, &holder));
	assert_true(tlv_get(&holder, 0x06, &c->role));
	assert_true(tlv_get(&holder, 0x53, &c->bits) && holder.n == 0 && c->bits.n == 1);
	assert_true(tlv_get(&body, 0x5F25, &c->effective) && c->effective.n == 6);
	assert_true(tlv_get(&body, 0x5F24, &c->expiry) && c->expiry.n == 6 && body.n == 0);
	key = c->key;
	assert_true(tlv_get(&key, 0x06, &c->oid) && tlv_find(key, 0x86, &c->point));
	assert_true(rd_equal(c->oid, RD_LIT("\x04\x00\x7F\x00\x07\x02\x02\x02\x02\x03")));
	assert_true(rd_equal(c->role, RD_LIT("\x2B\x06\x01\x04\x01\x81\xC3\x1F\x03\x01\x01")));
}

static void assert_signed_by(const struct cert *c, const struct cert *by)
{
	EVP_PKEY *pkey = ec_public("brainpoolP256r1", by->point);

	assert_true(rd_equal(c->car, by->chr));
	assert_true(plain_ecdsa_ok(pkey, c->body_whole, c->sig));
	EVP_PKEY_free(pkey);
}

static int group_setup(void **state)
{
	(void)state;
	return ossl_acquire() == HSM_OK ? 0 : -1;
}

static int group_done(void **state)
{
	(void)state;
	ossl_release();
	return 0;
}

static void device_make__chain__verifies_against_the_root(void **state)
{
	struct device_identity d;
	struct cert device, dica, root;
	uint8_t bytes[1024];
	struct wr w = WR_ARRAY(bytes);
	struct rd chain, root_cert;

	(void)state;
	assert_int_equal(device_make(&d), HSM_OK);
	assert_int_equal(device_root_cert(&w), HSM_OK);
	chain = buf_rd(&d.devaut);
	root_cert = wr_rd(&w);
	take(&chain, &device);
	take(&chain, &dica);
	take(&root_cert, &root);
	assert_int_equal(chain.n, 0);
	assert_int_equal(root_cert.n, 0);
	assert_signed_by(&device, &dica);
	assert_signed_by(&dica, &root);
	assert_signed_by(&root, &root);
	assert_int_equal(device.bits.p[0], 0x00);
	assert_int_equal(dica.bits.p[0], 0x80);
	assert_int_equal(root.bits.p[0], 0xC0);
	assert_true(rd_equal(device.chr, rd_str(d.chr)));
	/* OID and point alone, as on a genuine device: 06 0A and 86 41. */
	assert_int_equal(device.key.n, 79);
	assert_int_equal(dica.key.n, 79);
	device_done(&d);
}

/* A genuine chain (tests/golden/genuine_device.json) differs from ours only in the lengths of the
 * references, in keys, dates and signatures. */
static void device_make__encoding__is_that_of_a_genuine_device(void **state)
{
	static const char genuine[] =
	        "7F2181E47F4E819D5F290100420D444544494E4B303430303030317F494F060A04007F000702"
	        "02020203864104854A608E6F7B27D4B990C0EEA68F6C1D738E0E38CC9C6D1CEEDE55C0583F0B"
	        "7B37363551A876B8EC2B0DB88545ADFE418ABECD555C128BE81A5C6A0361FCA1DF5F20104445"
	        "4E4B3034303431343430303030307F4C10060B2B0601040181C31F0301015301005F25060206"
	        "000502085F24060301000502075F3740A4D5D47D41451FCFAC7C8766EEBA2871CAA8086C6E78"
	        "9AF752A7968CF3310852962F428EEE0F209FBB6EB928E6DEFF8AA3CC97F4B8EDC000131683AA"
	        "F291968F";
	static const struct {
		size_t from, n;
	} same[] = {
		{ 0, 14 },   /* headers, profile, length of a CAR of 13 */
		{ 27, 18 },  /* key: OID, header and first byte of the point */
		{ 109, 3 },  /* length of a CHR of 16 */
		{ 128, 22 }, /* role, header of the effective date */
		{ 156, 3 },  /* header of the expiry date */
		{ 165, 3 },  /* header of the signature */
	};
	uint8_t bytes[512];
	const size_t n = emu_unhex(genuine, bytes, sizeof(bytes));
	struct device_identity d;

	(void)state;
	assert_int_equal(device_make(&d), HSM_OK);
	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		assert_memory_equal(d.devaut.p + same[i].from, bytes + same[i].from, same[i].n);
	assert_int_equal(n, 232);
	assert_memory_equal(d.devaut.p + n, bytes, 3); /* the issuer's begins where it does there */
	device_done(&d);
}

static void device_make__reference__is_a_serial_and_five_zeros(void **state)
{
	struct device_identity a, b;

	(void)state;
	assert_int_equal(device_make(&a), HSM_OK);
	assert_int_equal(device_make(&b), HSM_OK);
	assert_int_equal(strlen(a.chr), 16);
	assert_memory_equal(a.chr, "ZZTW", 4);
	assert_string_equal(a.chr + 11, "00000");
	for (size_t i = 4; i < 11; i++)
		assert_true(
		        isdigit((unsigned char)a.chr[i]) || (a.chr[i] >= 'A' && a.chr[i] <= 'Z'));
	assert_string_not_equal(a.chr, b.chr);
	assert_memory_not_equal(a.scalar, b.scalar, sizeof(a.scalar));
	device_done(&a);
	device_done(&b);
}

static void device_make__dates__begin_today_and_are_decimal(void **state)
{
	const time_t before = time(NULL);
	struct device_identity d;
	struct cert device;
	struct rd chain;
	char from[7] = "", want[7], later[7];
	struct tm tm;
	time_t after;

	(void)state;
	assert_int_equal(device_make(&d), HSM_OK);
	after = time(NULL);
	chain = buf_rd(&d.devaut);
	take(&chain, &device);
	for (size_t i = 0; i < 6; i++) {
		assert_true(device.effective.p[i] <= 9 && device.expiry.p[i] <= 9);
		from[i] = (char)('0' + device.effective.p[i]);
	}
	strftime(want, sizeof(want), "%y%m%d", gmtime_r(&before, &tm));
	strftime(later, sizeof(later), "%y%m%d", gmtime_r(&after, &tm));
	assert_true(strcmp(from, want) == 0 || strcmp(from, later) == 0);
	assert_true(memcmp(device.expiry.p, device.effective.p, 6) > 0);
	device_done(&d);
}

static void device_key_open__scalar__is_the_key_of_the_certificate(void **state)
{
	struct device_identity d;
	struct cert device;
	struct rd chain;
	EVP_PKEY *private_key, *public_key;

	(void)state;
	assert_int_equal(device_make(&d), HSM_OK);
	chain = buf_rd(&d.devaut);
	take(&chain, &device);
	assert_int_equal(device_key_open(rd_of(d.scalar, sizeof(d.scalar)), &private_key), HSM_OK);
	public_key = ec_public("brainpoolP256r1", device.point);
	assert_int_equal(EVP_PKEY_eq(private_key, public_key), 1);
	EVP_PKEY_free(private_key);
	EVP_PKEY_free(public_key);
	device_done(&d);
}

static void device_key_open__bad_scalar__is_refused(void **state)
{
	uint8_t scalar[33] = { 0 };
	EVP_PKEY *pkey;

	(void)state;
	assert_int_equal(device_key_open(rd_of(scalar, 32), &pkey), HSM_E_BAD_DATA);
	memset(scalar, 0xFF, sizeof(scalar)); /* above the order */
	assert_int_equal(device_key_open(rd_of(scalar, 32), &pkey), HSM_E_BAD_DATA);
	assert_int_equal(device_key_open(rd_of(scalar, 31), &pkey), HSM_E_BAD_DATA);
	assert_int_equal(device_key_open(rd_of(scalar, 33), &pkey), HSM_E_BAD_DATA);
	assert_null(pkey);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(device_make__chain__verifies_against_the_root),
		cmocka_unit_test(device_make__encoding__is_that_of_a_genuine_device),
		cmocka_unit_test(device_make__reference__is_a_serial_and_five_zeros),
		cmocka_unit_test(device_make__dates__begin_today_and_are_decimal),
		cmocka_unit_test(device_key_open__scalar__is_the_key_of_the_certificate),
		cmocka_unit_test(device_key_open__bad_scalar__is_refused),
	};

	return cmocka_run_group_tests(tests, group_setup, group_done);
}
