/* dump_objects MODULE: the objects on the first token of a PKCS#11 module, one attribute a line:
 *   class, ID (data objects: label), attribute, value. Text for labels, hex for bytes. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "client.h"

enum kind { BOOL, NUMBER, BYTES, TEXT };

struct attribute {
	CK_ATTRIBUTE_TYPE type;
	enum kind kind;
	const char *name;
};

/* clang-format off */
static const struct attribute attributes[] = {
	{ CKA_LABEL,                  TEXT,   "LABEL" },
	{ CKA_ID,                     BYTES,  "ID" },
	{ CKA_TOKEN,                  BOOL,   "TOKEN" },
	{ CKA_PRIVATE,                BOOL,   "PRIVATE" },
	{ CKA_MODIFIABLE,             BOOL,   "MODIFIABLE" },
	{ CKA_KEY_TYPE,               NUMBER, "KEY_TYPE" },
	{ CKA_SUBJECT,                BYTES,  "SUBJECT" },
	{ CKA_START_DATE,             BYTES,  "START_DATE" },
	{ CKA_END_DATE,               BYTES,  "END_DATE" },
	{ CKA_LOCAL,                  BOOL,   "LOCAL" },
	{ CKA_KEY_GEN_MECHANISM,      NUMBER, "KEY_GEN_MECHANISM" },
	{ CKA_ENCRYPT,                BOOL,   "ENCRYPT" },
	{ CKA_DECRYPT,                BOOL,   "DECRYPT" },
	{ CKA_SIGN,                   BOOL,   "SIGN" },
	{ CKA_SIGN_RECOVER,           BOOL,   "SIGN_RECOVER" },
	{ CKA_VERIFY,                 BOOL,   "VERIFY" },
	{ CKA_VERIFY_RECOVER,         BOOL,   "VERIFY_RECOVER" },
	{ CKA_WRAP,                   BOOL,   "WRAP" },
	{ CKA_UNWRAP,                 BOOL,   "UNWRAP" },
	{ CKA_DERIVE,                 BOOL,   "DERIVE" },
	{ CKA_SENSITIVE,              BOOL,   "SENSITIVE" },
	{ CKA_ALWAYS_SENSITIVE,       BOOL,   "ALWAYS_SENSITIVE" },
	{ CKA_EXTRACTABLE,            BOOL,   "EXTRACTABLE" },
	{ CKA_NEVER_EXTRACTABLE,      BOOL,   "NEVER_EXTRACTABLE" },
	{ CKA_ALWAYS_AUTHENTICATE,    BOOL,   "ALWAYS_AUTHENTICATE" },
	{ CKA_TRUSTED,                BOOL,   "TRUSTED" },
	{ CKA_MODULUS,                BYTES,  "MODULUS" },
	{ CKA_MODULUS_BITS,           NUMBER, "MODULUS_BITS" },
	{ CKA_PUBLIC_EXPONENT,        BYTES,  "PUBLIC_EXPONENT" },
	{ CKA_PRIVATE_EXPONENT,       BYTES,  "PRIVATE_EXPONENT" },
	{ CKA_EC_PARAMS,              BYTES,  "EC_PARAMS" },
	{ CKA_EC_POINT,               BYTES,  "EC_POINT" },
	{ CKA_PUBLIC_KEY_INFO,        BYTES,  "PUBLIC_KEY_INFO" },
	{ CKA_CERTIFICATE_TYPE,       NUMBER, "CERTIFICATE_TYPE" },
	{ CKA_CERTIFICATE_CATEGORY,   NUMBER, "CERTIFICATE_CATEGORY" },
	{ CKA_ISSUER,                 BYTES,  "ISSUER" },
	{ CKA_SERIAL_NUMBER,          BYTES,  "SERIAL_NUMBER" },
	{ CKA_VALUE,                  BYTES,  "VALUE" },
	{ CKA_APPLICATION,            TEXT,   "APPLICATION" },
	{ CKA_OBJECT_ID,              BYTES,  "OBJECT_ID" },
};

static const struct {
	CK_OBJECT_CLASS type;
	const char *name;
	CK_ATTRIBUTE_TYPE named_by;
} classes[] = {
	{ CKO_PRIVATE_KEY, "private", CKA_ID },
	{ CKO_PUBLIC_KEY,  "public",  CKA_ID },
	{ CKO_CERTIFICATE, "cert",    CKA_ID },
	{ CKO_DATA,        "data",    CKA_LABEL },
};
/* clang-format on */

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

static struct client client;
static CK_SESSION_HANDLE session;

/* The value in `text`, or why there is none. */
static void describe(CK_OBJECT_HANDLE object, const struct attribute *a, char *text, size_t cap)
{
	CK_BYTE value[8192];
	CK_ATTRIBUTE t = { a->type, value, sizeof(value) };
	CK_RV rv = client.f->C_GetAttributeValue(session, object, &t, 1);
	size_t at = 0;
	CK_ULONG number = 0;

	if (rv == CKR_ATTRIBUTE_TYPE_INVALID || rv == CKR_ATTRIBUTE_SENSITIVE) {
		snprintf(text, cap, "%s", rv == CKR_ATTRIBUTE_SENSITIVE ? "(sensitive)" : "(none)");
		return;
	}
	client_must(rv, a->name);
	if (a->kind == TEXT) {
		snprintf(text, cap, "'%.*s'", (int)t.ulValueLen, (const char *)value);
	} else if (a->kind == NUMBER && t.ulValueLen == sizeof(number)) {
		memcpy(&number, value, sizeof(number));
		snprintf(text, cap, "%lx", number);
	} else {
		text[0] = '\0';
		for (size_t i = 0; i < t.ulValueLen; i++)
			at += (size_t)snprintf(text + at, cap - at, "%02x", value[i]);
	}
}

static void dump_object(size_t class, CK_OBJECT_HANDLE object)
{
	static char name[20000], value[20000];

	for (size_t i = 0; i < COUNT(attributes); i++)
		if (attributes[i].type == classes[class].named_by)
			describe(object, &attributes[i], name, sizeof(name));
	for (size_t i = 0; i < COUNT(attributes); i++) {
		describe(object, &attributes[i], value, sizeof(value));
		printf("%s %s %s %s\n", classes[class].name, name, attributes[i].name, value);
	}
}

int main(int argc, char **argv)
{
	CK_OBJECT_HANDLE objects[64];
	CK_SLOT_ID slots[8];
	CK_ULONG n = COUNT(slots);

	if (argc != 2)
		client_die("usage: dump_objects MODULE");
	client_open(&client, argv[1]);
	client_must(client.f->C_GetSlotList(CK_TRUE, slots, &n), "C_GetSlotList");
	if (n == 0)
		client_die("no token");
	session = client_session(&client, slots[0], true);
	for (size_t class = 0; class < COUNT(classes); class ++) {
		CK_OBJECT_CLASS type = classes[class].type;
		CK_ATTRIBUTE t = { CKA_CLASS, &type, sizeof(type) };

		client_must(client_find(&client, session, &t, 1, objects, COUNT(objects), &n),
		        "C_FindObjects");
		for (CK_ULONG i = 0; i < n; i++)
			dump_object(class, objects[i]);
	}
	client_close(&client);
	return 0;
}
