/* The parts that all description records share (PKCS#15 v1.1 sections 6.1.8 and 6.1.5). */
#ifndef TWINHSM_P15_OBJECT_H
#define TWINHSM_P15_OBJECT_H

#include "base/wr.h"

enum { P15_TYPE_ATTRS = 0xA1 };

/* CommonObjectAttributes: label and flags; the rest is skipped. */
struct p15_object {
	struct rd label;
	uint16_t flags;
};

HSM_MUST bool p15_object_get(struct rd *r, struct p15_object *out);

/* Writes label (when not empty) and flags; a private object gets authId 01 as well. */
void p15_object_put(struct wr *w, struct rd label, uint16_t flags);

/* Takes a Path of one file identifier. */
HSM_MUST bool p15_path_get(struct rd *r, uint16_t *fid);

void p15_path_put(struct wr *w, uint16_t fid);

#endif
