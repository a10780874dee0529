#include "module_calls.h"
#include "sim_files.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))
#define TEXT(type, text)                                                                           \
	{                                                                                          \
		type, (char[]){ text }, sizeof(text) - 1                                           \
	}
#define VALUE(type, v)                                                                             \
	{                                                                                          \
		type, &(v), sizeof(v)                                                              \
	}

static CK_BBOOL yes = CK_TRUE, no = CK_FALSE;

static void find(struct calls *c, CK_ATTRIBUTE *a, CK_ULONG n)
{
	CK_OBJECT_HANDLE found[CALLS_OBJECTS];
	const CK_SESSION_HANDLE s = calls_session(c);
	CK_ULONG found_n = 0;

	if (CALL(C_FindObjectsInit(s, a, n)) != CKR_OK)
		return;
	c->objects_n = 0;
	if (CALL(C_FindObjects(s, found, COUNT(found), &found_n)) == CKR_OK) {
		FUZZ_ASSERT(found_n <= COUNT(found));
		for (CK_ULONG i = 0; i < found_n; i++)
			calls_add_object(c, found[i]);
	}
	(void)CALL(C_FindObjectsFinal(s));
}

void calls_find(struct calls *c)
{
	find(c, NULL, 0);
}

void calls_find_by(struct calls *c)
{
	CK_OBJECT_CLASS classes[] = { CKO_PRIVATE_KEY, CKO_PUBLIC_KEY, CKO_CERTIFICATE, CKO_DATA };
	const uint8_t how = calls_u8(c);
	CK_OBJECT_CLASS class = classes[how % COUNT(classes)];
	CK_BYTE id = calls_u8(c);
	CK_ATTRIBUTE a[][2] = {
		{ VALUE(CKA_CLASS, class), TEXT(CKA_LABEL, "rsakey") },
		{ VALUE(CKA_CLASS, class), VALUE(CKA_ID, id) },
		{ VALUE(CKA_CLASS, class), VALUE(CKA_TOKEN, yes) },
		{ VALUE(CKA_CLASS, class), VALUE(CKA_SIGN, yes) },
	};

	find(c, a[how / 4 % COUNT(a)], 1 + how / 16 % 2);
}

void calls_size(struct calls *c)
{
	CK_ULONG n;

	(void)CALL(C_GetObjectSize(calls_session(c), calls_object(c), &n));
}

/* One attribute: how long, then with some room. */
static void attribute(struct calls *c, CK_OBJECT_HANDLE o, CK_ATTRIBUTE_TYPE type)
{
	static struct calls_room room;
	CK_ATTRIBUTE a = { type, NULL, 0 };
	CK_ULONG given;

	calls_room(c, &room);
	if (CALL(C_GetAttributeValue(calls_session(c), o, &a, 1)) != CKR_OK)
		return;
	FUZZ_ASSERT(a.ulValueLen != CK_UNAVAILABLE_INFORMATION);
	given = room.n;
	a = (CK_ATTRIBUTE){ type, room.bytes, given };
	if (CALL(C_GetAttributeValue(calls_session(c), o, &a, 1)) != CKR_OK)
		return;
	room.n = a.ulValueLen;
	calls_room_check(&room, given, CKR_OK);
}

void calls_attributes(struct calls *c)
{
	static const CK_ATTRIBUTE_TYPE types[] = { CKA_LABEL, CKA_ID, CKA_VALUE, CKA_CLASS,
		CKA_KEY_TYPE, CKA_MODULUS, CKA_MODULUS_BITS, CKA_PUBLIC_EXPONENT, CKA_EC_PARAMS,
		CKA_EC_POINT, CKA_SUBJECT, CKA_ISSUER, CKA_SERIAL_NUMBER, CKA_START_DATE,
		CKA_END_DATE, CKA_APPLICATION, CKA_OBJECT_ID, CKA_CERTIFICATE_CATEGORY, CKA_SIGN,
		CKA_DERIVE, CKA_EXTRACTABLE, CKA_PUBLIC_KEY_INFO, CKA_ALLOWED_MECHANISMS,
		CKA_CHECK_VALUE, CKA_UNIQUE_ID, CKA_LOCAL };
	const CK_OBJECT_HANDLE o = calls_object(c);
	const size_t first = calls_u8(c);

	for (size_t i = 0; i < 4; i++)
		attribute(c, o, types[(first + i) % COUNT(types)]);
}

void calls_set_attribute(struct calls *c)
{
	CK_ATTRIBUTE a[] = { TEXT(CKA_LABEL, "another"), TEXT(CKA_ID, "id"),
		TEXT(CKA_VALUE, "another value"), VALUE(CKA_MODIFIABLE, no) };

	(void)CALL(C_SetAttributeValue(
	        calls_session(c), calls_object(c), &a[calls_u8(c) % COUNT(a)], 1));
}

static void create(struct calls *c, CK_ATTRIBUTE *a, CK_ULONG n)
{
	CK_OBJECT_HANDLE o;

	if (CALL(C_CreateObject(calls_session(c), a, n, &o)) == CKR_OK)
		calls_add_object(c, o);
}

void calls_create_data(struct calls *c)
{
	static CK_BYTE value[3000];
	static const CK_ULONG sizes[] = { 0, 1, 100, 1200, 1300, sizeof(value) };
	CK_OBJECT_CLASS class = CKO_DATA;
	const uint8_t how = calls_u8(c);
	CK_ATTRIBUTE a[] = {
		VALUE(CKA_CLASS, class),
		{ CKA_TOKEN, (how & 1) != 0 ? &no : &yes, sizeof(yes) },
		{ CKA_PRIVATE, (how & 2) != 0 ? &no : &yes, sizeof(yes) },
		TEXT(CKA_LABEL, "label"),
		TEXT(CKA_APPLICATION, "app"),
		{ CKA_VALUE, value, sizes[how / 4 % COUNT(sizes)] },
	};

	create(c, a, COUNT(a));
}

/* Of a key that is there, or of none. */
void calls_create_cert(struct calls *c)
{
	CK_OBJECT_CLASS class = CKO_CERTIFICATE;
	CK_CERTIFICATE_TYPE type = CKC_X_509;
	static CK_BYTE value[sizeof(sim_file_ce03)];
	CK_BYTE id = calls_u8(c);
	CK_ATTRIBUTE a[] = {
		VALUE(CKA_CLASS, class),
		VALUE(CKA_CERTIFICATE_TYPE, type),
		VALUE(CKA_TOKEN, yes),
		VALUE(CKA_VALUE, value),
		VALUE(CKA_ID, id),
		TEXT(CKA_LABEL, "label"),
	};

	memcpy(value, sim_file_ce03, sizeof(value));
	create(c, a, (CK_ULONG)(COUNT(a) - calls_u8(c) % 3));
}

void calls_create_public(struct calls *c)
{
	CK_OBJECT_CLASS class = CKO_PUBLIC_KEY;
	CK_KEY_TYPE type = CKK_EC;
	CK_BYTE params[] = { 0x06, 0x08, 0x2A, 0x86, 0x48, 0xCE, 0x3D, 0x03, 0x01, 0x07 };
	CK_BYTE point[2 + sizeof(sim_point)] = { 0x04, sizeof(sim_point) };
	CK_ATTRIBUTE a[] = {
		VALUE(CKA_CLASS, class),
		VALUE(CKA_KEY_TYPE, type),
		VALUE(CKA_EC_PARAMS, params),
		VALUE(CKA_EC_POINT, point),
		VALUE(CKA_VERIFY, yes),
		VALUE(CKA_TOKEN, yes),
	};

	memcpy(point + 2, sim_point, sizeof(sim_point));
	create(c, a, (CK_ULONG)(COUNT(a) - calls_u8(c) % 2));
}

void calls_copy(struct calls *c)
{
	CK_ATTRIBUTE a[] = { TEXT(CKA_LABEL, "copy"), VALUE(CKA_TOKEN, no) };
	const CK_OBJECT_HANDLE from = calls_object(c);
	CK_OBJECT_HANDLE o;

	if (CALL(C_CopyObject(calls_session(c), from, a, 1 + calls_u8(c) % 2, &o)) == CKR_OK)
		calls_add_object(c, o);
}

void calls_destroy(struct calls *c)
{
	(void)CALL(C_DestroyObject(calls_session(c), calls_object(c)));
}
