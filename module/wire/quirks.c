#include "wire/quirks.h"

enum { HSM_TOKEN = QUIRK_TOKEN | QUIRK_ONLY_T1 };

/* clang-format off */
static const struct quirk known[] = {
	{ 0x20A0, 0x4230, 0, 0xFFFF, HSM_TOKEN | QUIRK_SEND_IFS | QUIRK_ZLP, "Nitrokey HSM", "01A001000000000" },
	{ 0x04E6, 0x5817, 0, 0xFFFF, HSM_TOKEN,      "SmartCard-HSM USB-Stick (SCT3522CC)", NULL },
	{ 0x04E6, 0x5816, 0, 0xFFFF, HSM_TOKEN,      "SmartCard-HSM 4K USB-Stick (uTrust 3512)", NULL },
	{ 0x04E6, 0x5826, 0, 0xFFFF, HSM_TOKEN,      "uTrust Token Flex", NULL },
	{ 0x04E6, 0x5410, 0x0500, 0xFFFF, 0,         "SCR355", NULL },
	{ 0x04E6, 0x5410, 0, 0x04FF, 0,              "SCR35xx v2.0", NULL },
	{ 0x04E6, 0x5116, 0, 0xFFFF, 0,              "SCR3310", NULL },
	{ 0x04E6, 0x5810, 0, 0xFFFF, 0,              "CLOUD 2700 R", NULL },
	{ 0x2F76, 0x0906, 0, 0xFFFF, 0,              "KX906", NULL },
	{ 0x2E8A, 0x10FD, 0, 0xFFFF, HSM_TOKEN,      "Pico HSM", NULL },
};
/* clang-format on */

const struct quirk *quirk_find(uint16_t vid, uint16_t pid, uint16_t bcd)
{
	for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
		const struct quirk *q = &known[i];

		if (q->vid == vid && q->pid == pid && bcd >= q->bcd_min && bcd <= q->bcd_max)
			return q;
	}
	return NULL;
}

bool quirk_serial_tells(const struct quirk *q, struct rd serial)
{
	while (serial.n != 0 && serial.p[serial.n - 1] == ' ')
		serial.n--;
	if (serial.n == 0)
		return false;
	return q == NULL || q->same_serial == NULL || !rd_equal(serial, rd_str(q->same_serial));
}
