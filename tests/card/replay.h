/* Plays one section of a recorded dialogue as the card: "## name" begins a section, "> command"
 * must come as it stands, "< answer" is what is given back. ".." stands for any bytes of a command,
 * "(n bytes)" after it says how many they are in all; "@name" is the contents of a golden file. */
#ifndef TWINHSM_TESTS_CARD_REPLAY_H
#define TWINHSM_TESTS_CARD_REPLAY_H

#include "bench.h"
#include "fake_tp.h"

struct replay;

struct replay *replay_open(const char *golden_name);

/* A carrier that plays the section, borrowed from nobody: give it to card_open_tp. */
struct tp *replay_tp(struct replay *r, const char *section);

/* Goes to another section; fails the test when commands of the last one did not come. */
void replay_section(struct replay *r, const char *section);

/* Checks that everything came, and frees. */
void replay_close(struct replay *r);

#endif
