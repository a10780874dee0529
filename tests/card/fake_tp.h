/* A carrier whose answers come from a function. Its epoch never changes. */
#ifndef TWINHSM_TESTS_CARD_FAKE_TP_H
#define TWINHSM_TESTS_CARD_FAKE_TP_H

#include "transport/transport.h"

typedef hsm_rc fake_answer(void *arg, struct rd cmd, struct wr *rsp);

struct tp *fake_tp(fake_answer *answer, void *arg, unsigned lanes_max, size_t command_max);

#endif
