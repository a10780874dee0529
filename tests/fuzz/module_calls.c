#include "module_calls.h"

#define COUNT(a) (sizeof(a) / sizeof((a)[0]))

enum { CALLS_MAX = 24, CANARY = 0xA7 };

uint8_t calls_u8(struct calls *c)
{
	uint8_t v = 0;

	(void)!rd_u8(&c->bytes, &v);
	return v;
}

CK_SESSION_HANDLE calls_session(const struct calls *c)
{
	return c->sessions[c->session];
}

CK_OBJECT_HANDLE calls_object(struct calls *c)
{
	const uint8_t i = calls_u8(c);

	return c->objects_n == 0 ? i : c->objects[i % c->objects_n];
}

void calls_add_object(struct calls *c, CK_OBJECT_HANDLE o)
{
	FUZZ_ASSERT(o != CK_INVALID_HANDLE);
	if (c->objects_n < CALLS_OBJECTS)
		c->objects[c->objects_n++] = o;
}

CK_RV calls_checked(CK_RV rv)
{
	FUZZ_ASSERT(rv != CKR_GENERAL_ERROR && rv < CKR_VENDOR_DEFINED);
	return rv;
}

void calls_room(struct calls *c, struct calls_room *room)
{
	static const CK_ULONG sizes[] = { 512, 0, 1, 20, 64, 65, 256, 4096 };

	room->n = sizes[calls_u8(c) % COUNT(sizes)];
	room->bytes[room->n] = CANARY;
}

void calls_room_check(const struct calls_room *room, CK_ULONG given, CK_RV rv)
{
	FUZZ_ASSERT(room->bytes[given] == CANARY);
	if (rv == CKR_OK)
		FUZZ_ASSERT(room->n <= given);
}

/* ---- slots ---- */

static void slot_list(struct calls *c)
{
	CK_SLOT_ID ids[4];
	CK_ULONG n = 0;

	(void)CALL(C_GetSlotList(CK_TRUE, NULL, &n));
	n = calls_u8(c) % COUNT(ids);
	(void)CALL(C_GetSlotList(n % 2 == 0, ids, &n));
}

static void slot_info(struct calls *c)
{
	CK_SLOT_INFO info;

	(void)CALL(C_GetSlotInfo(calls_u8(c) % 2, &info));
}

static void token_info(struct calls *c)
{
	CK_TOKEN_INFO info;

	(void)CALL(C_GetTokenInfo(calls_u8(c) % 2, &info));
}

static void mechanisms(struct calls *c)
{
	CK_MECHANISM_TYPE types[64];
	CK_MECHANISM_INFO info;
	CK_ULONG n = COUNT(types);

	if (CALL(C_GetMechanismList(0, types, &n)) == CKR_OK && n != 0)
		(void)CALL(C_GetMechanismInfo(0, types[calls_u8(c) % n], &info));
}

static void slot_event(struct calls *c)
{
	CK_SLOT_ID id;

	(void)c;
	(void)CALL(C_WaitForSlotEvent(CKF_DONT_BLOCK, &id, NULL));
}

/* ---- sessions ---- */

static void open_session(struct calls *c)
{
	const uint8_t how = calls_u8(c);
	CK_SESSION_HANDLE s;

	c->session = how % CALLS_SESSIONS;
	if (CALL(C_OpenSession(0, CKF_SERIAL_SESSION | ((how & 2) != 0 ? 0 : CKF_RW_SESSION), NULL,
	            NULL, &s)) == CKR_OK)
		c->sessions[c->session] = s;
}

static void close_session(struct calls *c)
{
	(void)CALL(C_CloseSession(calls_session(c)));
}

static void close_all(struct calls *c)
{
	(void)c;
	(void)CALL(C_CloseAllSessions(0));
}

static void session_info(struct calls *c)
{
	CK_SESSION_INFO info;

	(void)CALL(C_GetSessionInfo(calls_session(c), &info));
}

static void cancel(struct calls *c)
{
	(void)CALL(C_SessionCancel(calls_session(c), (CK_FLAGS)calls_u8(c) << 6));
}

/* ---- PINs ---- */

static CK_BYTE user_pin[] = "648219", so_pin[] = "3537363231383830";

enum { USER_PIN_N = sizeof(user_pin) - 1, SO_PIN_N = sizeof(so_pin) - 1 };

static void login_user(struct calls *c)
{
	(void)CALL(C_Login(calls_session(c), CKU_USER, user_pin, USER_PIN_N));
}

static void login_so(struct calls *c)
{
	(void)CALL(C_Login(calls_session(c), CKU_SO, so_pin, SO_PIN_N));
}

static void logout(struct calls *c)
{
	(void)CALL(C_Logout(calls_session(c)));
}

static void init_token(struct calls *c)
{
	CK_BYTE label[32];

	memset(label, ' ', sizeof(label));
	label[0] = calls_u8(c);
	(void)CALL(C_InitToken(0, so_pin, SO_PIN_N, label));
}

static void init_pin(struct calls *c)
{
	(void)CALL(C_InitPIN(calls_session(c), user_pin, USER_PIN_N));
}

static void set_pin(struct calls *c)
{
	if (calls_u8(c) % 2 == 0)
		(void)CALL(C_SetPIN(calls_session(c), user_pin, USER_PIN_N, user_pin, USER_PIN_N));
	else
		(void)CALL(C_SetPIN(calls_session(c), so_pin, SO_PIN_N, so_pin, SO_PIN_N));
}

/* ---- all of them ---- */

static char *settings_of_run;

static CK_RV initialize(void)
{
	CK_C_INITIALIZE_ARGS args = { .flags = CKF_OS_LOCKING_OK, .pReserved = settings_of_run };

	return CALL(C_Initialize(&args));
}

static void again(struct calls *c)
{
	(void)CALL(C_Finalize(NULL));
	FUZZ_ASSERT(initialize() == CKR_OK);
	c->objects_n = 0;
}

/* The most frequent ones first, in the order of a program that uses a key: 0, 1, 2 and so on are a
 * good beginning. */
static calls_fn *const all[] = { open_session, calls_find, login_user, calls_sign, calls_attributes,
	calls_find_by, calls_decrypt, calls_derive, calls_generate, calls_create_data,
	calls_create_cert, calls_destroy, calls_set_attribute, calls_copy, calls_wrap, calls_unwrap,
	calls_encrypt, calls_verify, calls_random, calls_digest, calls_sign_parts,
	calls_create_public, calls_size, slot_list, slot_info, token_info, mechanisms, slot_event,
	close_session, close_all, session_info, cancel, login_so, logout, init_token, init_pin,
	set_pin, again };

void calls_run(struct rd program, const char *settings)
{
	static struct calls c;
	char text[256];
	uint8_t which;

	FUZZ_ASSERT(strlen(settings) < sizeof(text));
	strcpy(text, settings);
	settings_of_run = text;
	c = (struct calls){ .bytes = program };
	FUZZ_ASSERT(initialize() == CKR_OK);
	for (unsigned i = 0; i < CALLS_MAX && rd_u8(&c.bytes, &which); i++)
		all[which % COUNT(all)](&c);
	FUZZ_ASSERT(CALL(C_Finalize(NULL)) == CKR_OK);
}
