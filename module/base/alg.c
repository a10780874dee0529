#include "base/alg.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static const struct curve curves[] = {
#define X(name, bits, oid, p, a, b, g, order)                                                      \
	{ name, bits, (bits + 7) / 8, RD_LIT(oid), RD_LIT(p), RD_LIT(a), RD_LIT(b), RD_LIT(g),     \
		RD_LIT(order) },
#include "base/curves.def"
#undef X
};

/* clang-format off */
static const struct digest digests[] = {
	{ "SHA1",   20, RD_LIT("\x30\x21\x30\x09\x06\x05\x2B\x0E\x03\x02\x1A\x05\x00\x04\x14") },
	{ "SHA224", 28, RD_LIT("\x30\x2D\x30\x0D\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x04\x05\x00\x04\x1C") },
	{ "SHA256", 32, RD_LIT("\x30\x31\x30\x0D\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x01\x05\x00\x04\x20") },
	{ "SHA384", 48, RD_LIT("\x30\x41\x30\x0D\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x02\x05\x00\x04\x30") },
	{ "SHA512", 64, RD_LIT("\x30\x51\x30\x0D\x06\x09\x60\x86\x48\x01\x65\x03\x04\x02\x03\x05\x00\x04\x40") },
};
/* clang-format on */

const struct curve *curve_at(size_t i)
{
	return i < COUNT(curves) ? &curves[i] : NULL;
}

const struct curve *curve_by_oid(struct rd oid)
{
	for (size_t i = 0; i < COUNT(curves); i++) {
		if (rd_equal(curves[i].oid, oid))
			return &curves[i];
	}
	return NULL;
}

const struct curve *curve_by_name(const char *name)
{
	for (size_t i = 0; i < COUNT(curves); i++) {
		if (strcmp(curves[i].name, name) == 0)
			return &curves[i];
	}
	return NULL;
}

const struct curve *curve_by_params(
        struct rd p, struct rd a, struct rd b, struct rd g, struct rd order)
{
	for (size_t i = 0; i < COUNT(curves); i++) {
		const struct curve *c = &curves[i];

		if (rd_equal(c->p, p) && rd_equal(c->a, a) && rd_equal(c->b, b) &&
		        rd_equal(c->g, g) && rd_equal(c->order, order))
			return c;
	}
	return NULL;
}

const struct digest *digest_at(size_t i)
{
	return i < COUNT(digests) ? &digests[i] : NULL;
}

const struct digest *digest_by_name(const char *name)
{
	for (size_t i = 0; i < COUNT(digests); i++) {
		if (strcmp(digests[i].name, name) == 0)
			return &digests[i];
	}
	return NULL;
}

const struct digest *digest_by_size(size_t size)
{
	for (size_t i = 0; i < COUNT(digests); i++) {
		if (digests[i].size == size)
			return &digests[i];
	}
	return NULL;
}

const struct digest *digest_info_parse(struct rd info, struct rd *value)
{
	for (size_t i = 0; i < COUNT(digests); i++) {
		const struct digest *d = &digests[i];

		if (info.n == d->info.n + d->size && memcmp(info.p, d->info.p, d->info.n) == 0) {
			*value = rd_of(info.p + d->info.n, d->size);
			return d;
		}
	}
	return NULL;
}
