/* A program that uses the module, as bytes say: each byte is a call (or a few that belong together)
 * with its arguments in the bytes that follow, zeros where there are none left. */
#ifndef TWINHSM_TESTS_FUZZ_MODULE_CALLS_H
#define TWINHSM_TESTS_FUZZ_MODULE_CALLS_H

#include "base/rd.h"
#include "fuzz.h"
#include "p11/cryptoki.h"

enum { CALLS_SESSIONS = 2, CALLS_OBJECTS = 32 };

struct calls {
	struct rd bytes;
	CK_SESSION_HANDLE sessions[CALLS_SESSIONS];
	size_t session; /* the one in use */
	CK_OBJECT_HANDLE objects[CALLS_OBJECTS];
	size_t objects_n;
	CK_BYTE wrapped[4096]; /* what C_WrapKey gave last */
	CK_ULONG wrapped_n;
};

/* C_Initialize with these settings, the program, C_Finalize. */
void calls_run(struct rd program, const char *settings);

/* To be defined by the target: a call begins. */
void calls_before(void);

/* Makes a call, and checks what it answers. */
CK_RV calls_checked(CK_RV rv);
#define CALL(expr) (calls_before(), calls_checked(expr))

uint8_t calls_u8(struct calls *c);
CK_SESSION_HANDLE calls_session(const struct calls *c);
CK_OBJECT_HANDLE calls_object(struct calls *c);
void calls_add_object(struct calls *c, CK_OBJECT_HANDLE o);

/* Room for what a call puts out: it may not go beyond the length it was given. */
struct calls_room {
	CK_BYTE bytes[4096 + 1];
	CK_ULONG n;
};

void calls_room(struct calls *c, struct calls_room *room);
void calls_room_check(const struct calls_room *room, CK_ULONG given, CK_RV rv);

typedef void calls_fn(struct calls *c);

/* ---- module_keys.c ---- */

calls_fn calls_sign, calls_sign_parts, calls_verify, calls_encrypt, calls_decrypt, calls_derive;
calls_fn calls_generate, calls_wrap, calls_unwrap, calls_digest, calls_random;

/* ---- module_objects.c ---- */

calls_fn calls_find, calls_find_by, calls_attributes, calls_set_attribute, calls_create_data;
calls_fn calls_create_cert, calls_create_public, calls_copy, calls_destroy, calls_size;

#endif
