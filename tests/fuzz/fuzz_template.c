#include "fuzz.h"
#include "p11/p11.h"
#include "p11/twinhsm-pkcs11.h"

/* The input is a template, given to every function that takes one, on a token in memory with the
 * user logged in. What is made of it can be read, found and destroyed. */

enum { ATTRIBUTES = 12, LEN_NULL = 0xFF, LEN_UNSET = 0xFE, LEN_NUMBER = 0xFD, LEN_LONG = 0xFC };

static CK_ATTRIBUTE_TYPE types[] = { CKA_CLASS, CKA_TOKEN, CKA_PRIVATE, CKA_LABEL, CKA_ID,
	CKA_APPLICATION, CKA_VALUE, CKA_OBJECT_ID, CKA_CERTIFICATE_TYPE, CKA_ISSUER,
	CKA_SERIAL_NUMBER, CKA_SUBJECT, CKA_KEY_TYPE, CKA_SENSITIVE, CKA_EXTRACTABLE, CKA_ENCRYPT,
	CKA_VERIFY, CKA_DERIVE, CKA_MODULUS, CKA_PUBLIC_EXPONENT, CKA_EC_PARAMS, CKA_EC_POINT,
	CKA_MODIFIABLE, CKA_COPYABLE, CKA_ALLOWED_MECHANISMS, CKA_UNIQUE_ID, CKA_CHECK_VALUE };

static CK_SESSION_HANDLE login_session;

static void start(void)
{
	char settings[] = "cards = emu::memory:; log = off";
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK, .pReserved = settings };
	CK_UTF8CHAR so_pin[] = "3537363231383830", pin[] = "648219", label[32] = "fuzz";

	FUZZ_ASSERT(C_Initialize(&args) == CKR_OK);
	FUZZ_ASSERT(C_InitToken(0, so_pin, 16, label) == CKR_OK);
	FUZZ_ASSERT(C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL,
	                    &login_session) == CKR_OK);
	FUZZ_ASSERT(C_Login(login_session, CKU_SO, so_pin, 16) == CKR_OK);
	FUZZ_ASSERT(C_InitPIN(login_session, pin, 6) == CKR_OK);
	FUZZ_ASSERT(C_Logout(login_session) == CKR_OK);
	FUZZ_ASSERT(C_Login(login_session, CKU_USER, pin, 6) == CKR_OK);
}

/* A copy of exactly its size, so that a read past its end is seen. */
static void *copy(struct rd bytes)
{
	void *p = malloc(bytes.n == 0 ? 1 : bytes.n);

	FUZZ_ASSERT(p != NULL);
	if (bytes.n != 0)
		memcpy(p, bytes.p, bytes.n);
	return p;
}

static bool read_value(struct rd *in, uint8_t len, CK_ATTRIBUTE *a)
{
	struct rd value;
	uint16_t n = len;
	uint8_t small;

	if (len == LEN_NULL || len == LEN_UNSET) {
		a->ulValueLen = len == LEN_NULL ? 1 : CK_UNAVAILABLE_INFORMATION;
		return true;
	}
	if (len == LEN_NUMBER) {
		CK_ULONG number;

		if (!rd_u8(in, &small))
			return false;
		number = small;
		a->pValue = copy(rd_of(&number, sizeof(number)));
		a->ulValueLen = sizeof(number);
		return true;
	}
	if ((len == LEN_LONG && !rd_u16(in, &n)) || !rd_take(in, n, &value))
		return false;
	a->pValue = copy(value);
	a->ulValueLen = n;
	return true;
}

static bool read_attribute(struct rd *in, CK_ATTRIBUTE *a)
{
	uint8_t place, len;
	uint32_t type;

	*a = (CK_ATTRIBUTE){ 0 };
	if (!rd_u8(in, &place))
		return false;
	if (place < sizeof(types) / sizeof(types[0]))
		type = (uint32_t)types[place];
	else if (!rd_u32(in, &type))
		return false;
	a->type = type;
	return rd_u8(in, &len) && read_value(in, len, a);
}

/* Every attribute, first its length, then its value in a buffer of just that length. */
static void read_back(CK_SESSION_HANDLE s, CK_OBJECT_HANDLE o)
{
	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		CK_ATTRIBUTE a = { types[i], NULL, 0 };

		if (C_GetAttributeValue(s, o, &a, 1) != CKR_OK)
			continue;
		a.pValue = malloc(a.ulValueLen == 0 ? 1 : a.ulValueLen);
		FUZZ_ASSERT(a.pValue != NULL && C_GetAttributeValue(s, o, &a, 1) == CKR_OK);
		free(a.pValue);
	}
}

static CK_ULONG search(CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_OBJECT_HANDLE found[8];
	CK_ULONG found_n = 0;

	if (C_FindObjectsInit(s, t, n) != CKR_OK)
		return 0;
	FUZZ_ASSERT(C_FindObjects(s, found, 8, &found_n) == CKR_OK);
	FUZZ_ASSERT(C_FindObjectsFinal(s) == CKR_OK);
	return found_n;
}

/* A wrapped EC key by its outside, which the card has no key for. */
static void try_unwrap(CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_ULONG n)
{
	static const uint8_t prkd[] = { 0xA0, 0x21, 0x30, 0x0A, 0x0C, 0x01, 'x', 0x03, 0x02, 0x06,
		0xC0, 0x04, 0x01, 0x01, 0x30, 0x07, 0x04, 0x01, 0x77, 0x03, 0x02, 0x05, 0x20, 0xA1,
		0x0A, 0x30, 0x08, 0x30, 0x02, 0x04, 0x00, 0x02, 0x02, 0x01, 0x00 };
	CK_MECHANISM m = { .mechanism = CKM_TWINHSM_DKEK_WRAP };
	uint8_t file[4 + 49 + sizeof(prkd)] = { 0x30, 2 + 49 + sizeof(prkd), 0x04, 49 };
	CK_OBJECT_HANDLE o;

	file[4 + 8] = 0x0C;
	memcpy(file + 4 + 49, prkd, sizeof(prkd));
	FUZZ_ASSERT(C_UnwrapKey(s, &m, 0, file, sizeof(file), t, n, &o) != CKR_OK);
}

static void try_template(CK_SESSION_HANDLE s, CK_ATTRIBUTE *t, CK_ULONG n)
{
	CK_OBJECT_HANDLE o, twin;

	(void)search(s, t, n);
	try_unwrap(s, t, n);
	if (C_CreateObject(s, t, n, &o) != CKR_OK)
		return;
	read_back(s, o);
	FUZZ_ASSERT(search(s, NULL, 0) == 1);
	if (C_CopyObject(s, o, t, n, &twin) == CKR_OK)
		read_back(s, twin);
	(void)C_SetAttributeValue(s, o, t, n);
	FUZZ_ASSERT(C_DestroyObject(s, o) == CKR_OK);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct rd in = rd_of(data, size);
	CK_ATTRIBUTE t[ATTRIBUTES];
	CK_SESSION_HANDLE s;
	CK_ULONG n = 0;

	if (login_session == 0)
		start();
	while (n < ATTRIBUTES && in.n != 0 && read_attribute(&in, &t[n]))
		n++;
	FUZZ_ASSERT(
	        C_OpenSession(0, CKF_SERIAL_SESSION | CKF_RW_SESSION, NULL, NULL, &s) == CKR_OK);
	try_template(s, t, n);
	FUZZ_ASSERT(C_CloseSession(s) == CKR_OK);
	FUZZ_ASSERT(search(login_session, NULL, 0) == 0);
	for (CK_ULONG i = 0; i < n; i++)
		free(t[i].pValue);
	return 0;
}
