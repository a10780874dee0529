/* p15/cd.c, p15/dcod.c, p15/tokeninfo.c; records as recorded from their writers */
#include "base/tlv.h"
#include "p15/p15.h"
#include "vec.h"

static const struct {
	const char *writer;
	const char *record;
	const char *label;
	const char *id;
	uint16_t fid;
	bool ours; /* p15_cert_build writes the same */
} certs[] = {
	{ "OpenSC", "301D 300C 0C06636163657274 03020640 3003 040177 A108 3006 3004 0402CA00",
	        "cacert", "77", 0xCA00, true },
	{ "sc-hsm-embedded", "3019 3008 0C06636163657274 3003 040177 A108 3006 3004 0402CA03",
	        "cacert", "77", 0xCA03, false },
	{ "sc-hsm-embedded, CV certificate, fid as id",
	        "A51A 3008 0C06636163657274 3004 0402CA05 A108 3006 3004 0402CA05", "cacert",
	        "CA05", 0xCA05, false },
	{ "SmartCard shell", "3019 3008 0C06726F6F746361 3003 040110 A108 3006 3004 0402CA00",
	        "rootca", "10", 0xCA00, false },
};

static void p15_cert_parse__every_writer__fields(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(certs); i++) {
		struct p15_cert cert;
		struct vec v;

		check_rc(
		        certs[i].writer, p15_cert_parse(unhex(&v, certs[i].record), &cert), HSM_OK);
		check_rd(certs[i].writer, cert.label, rd_str(certs[i].label));
		check_hex(certs[i].writer, cert.id, certs[i].id);
		assert_int_equal(cert.fid, certs[i].fid);
	}
}

static void p15_cert_parse__golden__same_as_the_table(void **state)
{
	struct vec v;

	(void)state;
	check_hex("cd", golden(&v, "pkcs15.json", NULL, "cd_ca_cert"), certs[3].record);
}

static void p15_cert_build__certificate_of_opensc__its_bytes(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(certs); i++) {
		uint8_t room[P15_RECORD_MAX];
		struct wr w = WR_ARRAY(room);
		struct vec id;
		const struct p15_cert cert = { rd_str(certs[i].label), unhex(&id, certs[i].id),
			certs[i].fid };

		if (!certs[i].ours)
			continue;
		check_rc(certs[i].writer, p15_cert_build(&cert, &w), HSM_OK);
		check_hex(certs[i].writer, wr_rd(&w), certs[i].record);
	}
}

static const struct {
	const char *what;
	const char *record;
	const char *label, *application, *oid;
	bool is_private;
	uint16_t fid;
	bool ours;
} datas[] = {
	{ "OpenSC public",
	        "3023 300D 0C0770756264617461 03020640 300A 0C03617070 06032A0304"
	        " A106 3004 0402CF00",
	        "pubdata", "app", "2A0304", false, 0xCF00, true },
	{ "OpenSC private",
	        "3027 3011 0C087072697664617461 030206C0 040101 300A 0C087072697664617461"
	        " A106 3004 0402CD01",
	        "privdata", "privdata", "", true, 0xCD01, true },
	{ "neither label nor application", "3010 3004 03020640 3000 A106 3004 0402CF7F", "", "", "",
	        false, 0xCF7F, true },
	{ "no flags", "300C 3000 3000 A106 3004 0402CD02", "", "", "", false, 0xCD02, false },
};

static void p15_data__records_of_opensc__both_ways(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(datas); i++) {
		uint8_t room[P15_RECORD_MAX];
		struct wr w = WR_ARRAY(room);
		struct p15_data data;
		struct vec v;

		check_rc(datas[i].what, p15_data_parse(unhex(&v, datas[i].record), &data), HSM_OK);
		check_rd(datas[i].what, data.label, rd_str(datas[i].label));
		check_rd(datas[i].what, data.application, rd_str(datas[i].application));
		check_hex(datas[i].what, data.oid, datas[i].oid);
		assert_int_equal(data.is_private, datas[i].is_private);
		assert_int_equal(data.fid, datas[i].fid);
		check_rc(datas[i].what, p15_data_build(&data, &w), HSM_OK);
		if (datas[i].ours)
			check_hex(datas[i].what, wr_rd(&w), datas[i].record);
	}
}

static const struct {
	const char *writer;
	const char *record;
	const char *label;
	bool ours;
} infos[] = {
	{ "OpenSC", "3010 020100 8007 6D79746F6B656E 03020520", "mytoken", true },
	{ "pico-hsm", "301D 020100 04080102030405060708 0C0150 8007 6D79746F6B656E 03020430",
	        "mytoken", false },
	{ "empty", "3009 020100 8000 03020520", "", true },
};

static void p15_tokeninfo__every_writer__label(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(infos); i++) {
		uint8_t room[P15_RECORD_MAX];
		struct wr w = WR_ARRAY(room);
		struct rd label;
		struct vec v;

		check_rc(infos[i].writer, p15_tokeninfo_parse(unhex(&v, infos[i].record), &label),
		        HSM_OK);
		check_rd(infos[i].writer, label, rd_str(infos[i].label));
		check_rc(infos[i].writer, p15_tokeninfo_build(label, &w), HSM_OK);
		if (infos[i].ours)
			check_hex(infos[i].writer, wr_rd(&w), infos[i].record);
	}
}

static void p15_tokeninfo__golden__same_as_the_table(void **state)
{
	struct vec v;

	(void)state;
	check_hex("tokeninfo", golden(&v, "pkcs15.json", NULL, "tokeninfo_opensc_label_mytoken"),
	        infos[0].record);
}

static hsm_rc parse_cert(struct rd record)
{
	struct p15_cert cert;

	return p15_cert_parse(record, &cert);
}

static hsm_rc parse_data(struct rd record)
{
	struct p15_data data;

	return p15_data_parse(record, &data);
}

static hsm_rc parse_info(struct rd record)
{
	struct rd label;

	return p15_tokeninfo_parse(record, &label);
}

static void check_cut(const char *what, const char *hex, hsm_rc (*parse)(struct rd record))
{
	struct vec v;
	struct rd record = unhex(&v, hex);

	for (size_t n = 0; n < record.n; n++)
		check_rc(what, parse(rd_of(record.p, n)), HSM_E_CARD_DATA);
}

static void p15_records__cut_anywhere__card_data(void **state)
{
	(void)state;
	check_cut("cd", certs[0].record, parse_cert);
	check_cut("dcod", datas[0].record, parse_data);
	check_cut("tokeninfo", infos[0].record, parse_info);
}

static void p15_records__malformed__card_data(void **state)
{
	static const struct {
		const char *record;
		hsm_rc (*parse)(struct rd record);
	} bad[] = {
		{ "3100", parse_cert },
		{ "3018 3008 0C06636163657274 3002 0400 A108 3006 3004 0401CA00", parse_cert },
		{ "3019 3008 0C06636163657274 3002 0400 A109 3007 3005 0403CA0000", parse_cert },
		{ "300E 3008 0C06636163657274 3002 0400", parse_cert }, /* no path */
		{ "A500", parse_data },
		{ "3004 3000 3000", parse_data },
		{ "300B 3000 3000 A105 3003 0401CF", parse_data },
		{ "3003 020100", parse_info }, /* no label */
		{ "8000", parse_info },
	};

	(void)state;
	for (size_t i = 0; i < COUNT(bad); i++) {
		struct vec v;

		check_rc(bad[i].record, bad[i].parse(unhex(&v, bad[i].record)), HSM_E_CARD_DATA);
	}
}

/* SEQUENCE { object attributes, SEQUENCE { tag of n bytes }, path } */
static struct rd record_with(struct wr *w, uint16_t tag, size_t n, const char *path)
{
	static uint8_t text[256];
	struct vec v;
	size_t record = tlv_open(w, 0x30), part;

	tlv_put(w, 0x30, RD_LIT(""));
	part = tlv_open(w, 0x30);
	tlv_put(w, tag, rd_of(text, n));
	tlv_close(w, part);
	wr_rd_put(w, unhex(&v, path));
	tlv_close(w, record);
	check_rc("room", wr_done(w), HSM_OK);
	return wr_rd(w);
}

static void p15_records__text_of_the_card_over_the_limit__card_data(void **state)
{
	static const struct {
		uint16_t tag;
		const char *path;
		hsm_rc (*parse)(struct rd record);
	} rows[] = {
		{ 0x04, "A108 3006 3004 0402CA00", parse_cert },
		{ 0x0C, "A106 3004 0402CF00", parse_data },
		{ 0x06, "A106 3004 0402CF00", parse_data },
	};
	static uint8_t text[256], room[P15_RECORD_MAX];

	(void)state;
	for (size_t i = 0; i < COUNT(rows); i++) {
		struct wr max = WR_ARRAY(room);
		struct wr over = WR_ARRAY(room);

		check_rc("max", rows[i].parse(record_with(&max, rows[i].tag, 255, rows[i].path)),
		        HSM_OK);
		check_rc("over", rows[i].parse(record_with(&over, rows[i].tag, 256, rows[i].path)),
		        HSM_E_CARD_DATA);
	}
	for (size_t n = 255; n <= 256; n++) {
		struct wr w = WR_ARRAY(room);
		size_t record = tlv_open(&w, 0x30);

		tlv_put(&w, 0x80, rd_of(text, n));
		tlv_close(&w, record);
		check_rc("info", parse_info(wr_rd(&w)), n == 255 ? HSM_OK : HSM_E_CARD_DATA);
	}
}

static void p15_records__text_over_the_limit__bad_len(void **state)
{
	static uint8_t text[256], room[P15_RECORD_MAX];
	struct wr w = WR_ARRAY(room);
	struct rd max = rd_of(text, P15_LABEL_MAX), over = rd_of(text, P15_LABEL_MAX + 1);
	const struct p15_cert cert_label = { .label = over }, cert_id = { .id = over };
	const struct p15_data most = { .label = max, .application = max, .oid = max };
	const struct p15_data label = { .label = over }, app = { .application = over };

	(void)state;
	check_rc("cert", p15_cert_build(&cert_label, &w), HSM_E_BAD_LEN);
	check_rc("cert", p15_cert_build(&cert_id, &w), HSM_E_BAD_LEN);
	check_rc("data", p15_data_build(&label, &w), HSM_E_BAD_LEN);
	check_rc("data", p15_data_build(&app, &w), HSM_E_BAD_LEN);
	check_rc("info", p15_tokeninfo_build(over, &w), HSM_E_BAD_LEN);
	check_rc("most", p15_data_build(&most, &w), HSM_OK);
	w = wr_of(room, 20);
	check_rc("room", p15_data_build(&most, &w), HSM_E_SMALL);
	w = wr_of(room, 20);
	check_rc("room", p15_tokeninfo_build(max, &w), HSM_E_SMALL);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(p15_cert_parse__every_writer__fields),
		cmocka_unit_test(p15_cert_parse__golden__same_as_the_table),
		cmocka_unit_test(p15_cert_build__certificate_of_opensc__its_bytes),
		cmocka_unit_test(p15_data__records_of_opensc__both_ways),
		cmocka_unit_test(p15_tokeninfo__every_writer__label),
		cmocka_unit_test(p15_tokeninfo__golden__same_as_the_table),
		cmocka_unit_test(p15_records__cut_anywhere__card_data),
		cmocka_unit_test(p15_records__malformed__card_data),
		cmocka_unit_test(p15_records__text_of_the_card_over_the_limit__card_data),
		cmocka_unit_test(p15_records__text_over_the_limit__bad_len),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
