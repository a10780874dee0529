/* USB devices in which a SmartCard-HSM is known to sit, and what is peculiar about them. Other
 * readers are used by what their descriptors say. */
#ifndef TWINHSM_WIRE_QUIRKS_H
#define TWINHSM_WIRE_QUIRKS_H

#include "base/rd.h"

enum quirk_flag {
	QUIRK_SEND_IFS = 1, /* says that it tells the card its IFSD, and does not */
	QUIRK_ZLP = 2,      /* a zero-length packet ends each message that fills its last packet */
	QUIRK_ONLY_T1 = 4,  /* the parameters need not be set */
	QUIRK_TOKEN = 8,    /* the card cannot be taken out */
};

struct quirk {
	uint16_t vid, pid;
	uint16_t bcd_min, bcd_max; /* bcdDevice */
	unsigned flags;
	const char *name;
	const char *same_serial; /* iSerialNumber that many devices share, NULL: none known */
};

/* The first row that fits, NULL when the device is not known. Never freed. */
const struct quirk *quirk_find(uint16_t vid, uint16_t pid, uint16_t bcd);

/* Does the serial number tell this device from others? Not when it is empty or shared; blanks at
 * the end do not count. */
bool quirk_serial_tells(const struct quirk *q, struct rd serial);

#endif
