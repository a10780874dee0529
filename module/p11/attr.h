/* The attribute schema: one row says which objects have an attribute, how it is read, and when an
 * application may give it (PKCS#11 2.40 section 4, the footnotes of the attribute tables). */
#ifndef TWINHSM_P11_ATTR_H
#define TWINHSM_P11_ATTR_H

#include "p11/p11.h"

enum attr_kinds {
	ATTR_PRIV = 1 << OBJECT_PRIVATE_KEY,
	ATTR_PUB = 1 << OBJECT_PUBLIC_KEY,
	ATTR_CERT = 1 << OBJECT_CERTIFICATE,
	ATTR_DATA = 1 << OBJECT_DATA,
	ATTR_SECRET = 1 << OBJECT_SECRET_KEY,
	ATTR_KEYS = ATTR_PRIV | ATTR_PUB | ATTR_SECRET,
	ATTR_ALL = ATTR_KEYS | ATTR_CERT | ATTR_DATA,
};

enum attr_rule {
	ATTR_NEW = 1 << 0, /* may be given when an object is made */
	ATTR_SET = 1 << 1, /* may be changed later */
	ATTR_FIXED =
	        1 << 2, /* follows from other attributes: must be given as it is, or not at all */
	ATTR_VALUE = 1 << 3, /* of the public half, which a partial private key is without */
};

/* Longest value that is built here: a SubjectPublicKeyInfo of RSA 4096 has 550 bytes. */
enum { ATTR_BUILT_MAX = 640 };

/* A value: borrowed from the object, or built in one of the two stores. */
struct attr_value {
	struct rd bytes;
	struct object *whole; /* what was asked instead of a partial one */
	struct buf read;
	uint8_t built[ATTR_BUILT_MAX];
};

struct attr_row {
	CK_ATTRIBUTE_TYPE type;
	unsigned kinds; /* enum attr_kinds */
	unsigned rules; /* enum attr_rule */
	CK_RV(*get)
	(struct p11_session *s, const struct object *o, CK_ULONG arg, struct attr_value *v);
	CK_ULONG arg;
};

/* Is the attribute, of any kind of object, one of the public half? */
bool attr_of_value(CK_ATTRIBUTE_TYPE type);

/* Is this CKA_CLASS that of the kind? */
bool attr_is_class(const CK_ATTRIBUTE *a, enum object_kind kind);

/* NULL: objects of this kind have no such attribute. */
const struct attr_row *attr_row(CK_ATTRIBUTE_TYPE type, enum object_kind kind);

#endif
