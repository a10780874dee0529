/* Frames of a token behind a reader, written after CCID 1.10 and ISO/IEC 7816-3, and a host that
 * plays them. */
#ifndef TWINHSM_TESTS_TRANSPORT_CCID_FRAMES_H
#define TWINHSM_TESTS_TRANSPORT_CCID_FRAMES_H

#include "script_pipe.h"
#include "transport/ccid_host.h"

enum {
	NITROKEY = 0x000104BA,
	STICK = 0x000404BA,
	PLAIN_TPDU = 0x00010000, /* leaves everything to the host */
	SHORT_APDU = 0x000204BA,
};

#define ATR "3BFE1800008131FE458031815448534D31738021408107FA"

/* Opening: nothing to drain; present, inactive; power off; power on. */
#define DRAIN  "- 20"
#define STATUS "> 65 00000000 00 00 000000", "< 81 00000000 00 00 010001"
#define OFF(n) "> 63 00000000 00 " n " 000000", "< 81 00000000 00 " n " 010001"
#define ON(n)  "> 62 00000000 00 " n " 000000", "< 80 18000000 00 " n " 000000" ATR
#define OPEN   DRAIN, STATUS, OFF("01"), ON("02")

/* T=1: S(IFS request, 254) and its answer; GET CHALLENGE and an answer. */
#define IFS(n)                                                                                     \
	"> 6F 05000000 00 " n " 000000 00C101FE3E", "< 80 05000000 00 " n " 000000 00E101FE1E"
#define ASK_BLOCK    "00 00 05 0084000008 89"
#define ANSWER_BLOCK "00 00 0A 01020304050607089000 92"
#define ASK(n)       "> 6F 09000000 00 " n " 000000" ASK_BLOCK
#define ANSWER(n)    "< 80 0E000000 00 " n " 000000" ANSWER_BLOCK

/* The same at the level of APDUs. */
#define APDU_ASK(n)    "> 6F 05000000 00 " n " 000000 0084000008"
#define APDU_ANSWER(n) "< 80 0A000000 00 " n " 000000 01020304050607089000"

extern const struct quirk script_stick;

/* Opens the host over the script. */
struct ccid_host *host_open(struct script_pipe *s);

/* The same after OPEN, with the quirk of the Nitrokey or of the stick. */
struct ccid_host *token(struct script_pipe *s, uint32_t features);

/* Sends GET CHALLENGE; with HSM_OK the answer has to be that of ANSWER. */
void asks(struct ccid_host *h, hsm_rc want);

/* Closes the host; the script has to be at its end. */
void closes(struct ccid_host *h, struct script_pipe *s);

#endif
