#include "front/usb_desc.h"

#include "front/ccid_dev.h"
#include "wire/le.h"

enum { HIGH_BYTE = 8, LANGUAGE_EN_US = 0x0409, STRING_MAX = 126 };

#define LE16(v) (v) & 0xFF, (v) >> HIGH_BYTE
#define LE32(v) LE16((v)&0xFFFF), LE16((v) >> 16)

#define HID_DESC 0x09, USB_DESC_HID, LE16(0x0110), 0, 1, USB_DESC_REPORT, LE16(21)

/* clang-format off */

/* ---- Nitrokey HSM: the public list of libccid, and the maker's published firmware ---- */

static const uint8_t nitrokey_device[] = {
	18, USB_DESC_DEVICE, LE16(0x0110), 0, 0, 0, USB_PACKET,
	LE16(0x20A0), LE16(0x4230), LE16(0x0100), 1, 2, USB_STRING_SERIAL, 1,
};

static const uint8_t nitrokey_configuration[] = {
	9, USB_DESC_CONFIGURATION, LE16(118), 2, 1, 0, 0x80, 50,
	/* HID */
	9, 4, 0, 0, 1, 0x03, 0, 0, 0,
	HID_DESC,
	7, 5, 0x84, 3, LE16(8), 10,
	/* CCID */
	9, 4, 1, 0, 3, 0x0B, 0, 0, 0,
	54, 0x21, LE16(0x0110), 0, 0x02, LE32(2), LE32(3600), LE32(3600), 0,
	LE32(9677), LE32(116129), 0, LE32(254), LE32(0), LE32(0), LE32(0x000104BA), LE32(271),
	0, 0, LE16(0), 0, 1,
	7, 5, 0x81, 3, LE16(64), 24,
	7, 5, 0x02, 2, LE16(64), 0,
	7, 5, 0x82, 2, LE16(64), 0,
};

static const uint8_t hid[] = { HID_DESC };

/* A feature report of 64 bytes on a page of the vendor's. */
static const uint8_t report[] = {
	0x06, 0x00, 0xFF, 0x09, 0x01, 0xA1, 0x01, 0x09, 0x01, 0x15, 0x00, 0x26, 0xFF, 0x00,
	0x75, 0x08, 0x95, 0x40, 0xB1, 0x02, 0xC0,
};

/* ---- SCT3522CC: the public list of libccid; endpoints as of the maker's other readers ---- */

static const uint8_t stick_device[] = {
	18, USB_DESC_DEVICE, LE16(0x0200), 0, 0, 0, USB_PACKET,
	LE16(0x04E6), LE16(0x5817), LE16(0x0100), 1, 2, USB_STRING_SERIAL, 1,
};

static const uint8_t stick_configuration[] = {
	9, USB_DESC_CONFIGURATION, LE16(93), 1, 1, 0, 0x80, 50,
	9, 4, 0, 0, 3, 0x0B, 0, 0, 4,
	54, 0x21, LE16(0x0110), 0, 0x07, LE32(3), LE32(4800), LE32(16000), 0,
	LE32(12903), LE32(600000), 0, LE32(254), LE32(0), LE32(0), LE32(0x000404BA), LE32(271),
	0xFF, 0xFF, LE16(0), 0, 1,
	7, 5, 0x01, 2, LE16(64), 0,
	7, 5, 0x82, 2, LE16(64), 0,
	7, 5, 0x83, 3, LE16(16), 16,
};

/* clang-format on */

#define VIEW(a)                                                                                    \
	{                                                                                          \
		(a), sizeof(a)                                                                     \
	}

const struct usb_model usb_models[] = {
	[CCID_DEV_NITROKEY] = {
		.name = "Nitrokey HSM",
		.vid = 0x20A0,
		.pid = 0x4230,
		.bcd = 0x0100,
		.device = VIEW(nitrokey_device),
		.configuration = VIEW(nitrokey_configuration),
		.hid = VIEW(hid),
		.report = VIEW(report),
		.strings = { NULL, "Nitrokey", "Nitrokey HSM" },
		.interfaces = 2,
		.ccid = 1,
		.ep_out = 0x02,
		.ep_in = 0x82,
		.ep_notice = 0x81,
		.ep_hid = 0x84,
		.tpdu = true,
		.always_card = true,
	},
	[CCID_DEV_STICK] = {
		.name = "SCT3522CC",
		.vid = 0x04E6,
		.pid = 0x5817,
		.bcd = 0x0100,
		.device = VIEW(stick_device),
		.configuration = VIEW(stick_configuration),
		.strings = { NULL, "Identive", "SCT3522CC token", NULL, "CCID Interface" },
		.interfaces = 1,
		.ccid = 0,
		.ep_out = 0x01,
		.ep_in = 0x82,
		.ep_notice = 0x83,
		.notices = true,
	},
};

bool usb_string_put(const struct usb_model *m, uint8_t index, const char *serial, struct wr *w)
{
	const char *text;
	size_t n;

	if (index == 0) {
		wr_put(w, (const uint8_t[]){ 4, USB_DESC_STRING }, 2);
		le_put_u16(w, LANGUAGE_EN_US);
		return true;
	}
	if (index >= USB_STRINGS)
		return false;
	text = index == USB_STRING_SERIAL ? serial : m->strings[index];
	if (text == NULL)
		return false;
	n = strnlen(text, STRING_MAX);
	wr_u8(w, (uint8_t)(2 + 2 * n));
	wr_u8(w, USB_DESC_STRING);
	for (size_t i = 0; i < n; i++)
		le_put_u16(w, (uint8_t)text[i]);
	return true;
}
