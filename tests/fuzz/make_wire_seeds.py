#!/usr/bin/env python3
"""Writes the seeds of the targets for CCID, ATR, T=1 and USB/IP: the readers of
tests/golden/ccid_readers.txt as configuration descriptors, ATRs of real cards, and messages and
exchanges by the specifications."""
import struct
from pathlib import Path

HERE = Path(__file__).resolve().parent
READERS = HERE.parent / "golden" / "ccid_readers.txt"
# Widths of the fields of a class descriptor behind length and type.
WIDTHS = (2, 1, 1, 4, 4, 4, 1, 4, 4, 1, 4, 4, 4, 4, 4, 1, 1, 2, 1, 1)
HEX = {0, 1, 2, 3, 11, 12, 13, 15, 16, 17, 18}
KEYBOARD = bytes.fromhex("090400000103010100 092111010001223F00 07058403080 00A".replace(" ", ""))
ATRS = {
    "hsm_jcop241": "3BFE1800008131FE458031815448534D31738021408107FA",
    "hsm_contactless": "3B8E800180318154 48534D3173802140810718",
    "hsm_4k": "3BDE18FF8191FE1FC38031815448534D317380214081071C",
    "hsm_jcop4": "3BDE96FF8191FE1FC38031815448534D3173802140810792",
    "jcop": "3BF81300008131FE454A434F5076323431B7",
    "soc": "3B80800101",
    "goid": "3B848001476F494420",
    "openpgp": "3BDA18FF81B1FE751F030031C573C001400090000C",
    "yubikey": "3BF81300008131FE15597562696B657934D4",
    "belgian_eid": "3B9813400AA503010101AD1311",
    "inverse": "3F6525002C09699000",
    "crc": "3B808151200171",
    "specific": "3B90189101318045EC",
}
MESSAGES = {
    "power_on": "6200000000000 7020000",
    "xfr_ifs": "6F05000000000700000000C101FE3E",
    "parameters": "61070000000007010000181000 4500FE00",
    "data_block": "80050000000007000000 00E101FE1E",
    "begins": "8002000000000700000190 00",
    "time_extension": "80000000000007800500",
    "failed": "8000000000000741FE00",
    "slot_status": "81000000000007010001",
    "t1": "181000 4500FE00",
    "slot_change": "500F",
    "hardware_error": "51000701",
    "short": "80050000",
    "stale": "8000000000000 6000000",
}


def endpoint(address, kind):
    return bytes((7, 5, address, kind, 64, 0, 0))


def configuration(line):
    _, cls, number, endpoints, kind, *fields = line.split()
    values = [int(text, 16 if i in HEX else 10) for i, text in enumerate(fields)]
    desc = bytes((54, int(kind, 16)))
    desc += b"".join(v.to_bytes(w, "little") for v, w in zip(values, WIDTHS))
    body = bytes((9, 4, int(number), 0, int(endpoints), int(cls, 16), 0, 0, 0)) + desc
    body += endpoint(2, 2) + endpoint(0x82, 2)
    if int(endpoints) > 2:
        body += endpoint(0x81, 3)
    if int(number) != 0:
        body = KEYBOARD + body
    return struct.pack("<BBHBBBBB", 9, 2, 9 + len(body), 1, 1, 0, 0x80, 50) + body


def readers():
    lines = [line for line in READERS.read_text().splitlines() if line and line[0] != "#"]
    return {line.split()[0]: configuration(line) for line in lines}


def hexes(table, before=b""):
    return {name: before + bytes.fromhex(text.replace(" ", "")) for name, text in table.items()}


def block(pcb, inf=b""):
    """As t1_input.h takes it."""
    return bytes((len(inf), pcb)) + inf


NONE, RAW = b"\xfe", b"\xff\x02\xa5\xa5"
IFS = block(0xE1, b"\xfe")
T1_HOST = {
    "plain": b"\x00\xfe\x00\x05" + block(0x00, b"\x90\x00") + b"\x05" + block(0x40, b"\x90\x00"),
    "ifs": b"\x00\xfe\xfe\x05" + IFS + block(0x00, b"\x90\x00"),
    "wtx": b"\x01\xfe\xfe\x05" + IFS + block(0xC3, b"\x05") + block(0x00, b"\x90\x00"),
    "chains": b"\x04\x20\x00\x28" + block(0x90) + block(0x80) + block(0x20, bytes(32))
    + block(0x40, b"\x90\x00"),
    "lost": b"\x00\xfe\x00\x05" + NONE + block(0x81) + RAW + block(0x00, b"\x90\x00"),
    "resynch": b"\x00\xfe\x20\x05" + block(0xE1, b" ") + NONE * 3 + block(0xE0) + b"\x05" + NONE,
    "aborts": b"\x04\x20\x00\x28" + block(0xC2) + block(0x80),
    "card_ifs": b"\x00\x20\x00\x60" + block(0xC1, b"\x80") + block(0x90) + block(0, b"\x90\x00"),
    "dead": b"\x00\xfe\xfe\x05" + NONE * 3 + b"\x05" + NONE * 3,
    "small": b"\x02\xfe\x00\x05" + block(0x00, bytes(20)),
}
T1_CARD = {
    "plain": b"\x02" + block(0x00, bytes(5)) + b"\x02" + block(0x40, bytes(5)) + b"\x02",
    "ifs_wtx": b"\x03" + block(0xC1, b"\xfe") + block(0x00, bytes(5)) + b"\x05"
    + block(0xE3, b"\x05") + b"\x40",
    "chains": b"\x00" + block(0x20, bytes(32)) + block(0x40, bytes(9)) + b"\x30" + block(0x90)
    + block(0x80),
    "again": b"\x02" + block(0x00, bytes(5)) + b"\x02" + block(0x80) + RAW + block(0x90),
    "resynch": b"\x02" + block(0x20, bytes(5)) + block(0xC0) + block(0x00, bytes(5)) + b"\x02",
    "abort": b"\x02" + block(0x20, bytes(254)) + block(0x60, bytes(254)) + block(0x20, bytes(254))
    + block(0xE2) + block(0x40, bytes(4)) + b"\x02",
}
T1_LINE = {
    "clean": bytes((2, 254, 1, 1)) + bytes(8) + bytes((1, 80)),
    "wtx_lost": bytes((0x13, 254, 1, 1, 1, 0, 0, 0, 1, 0)),
    "chain_flipped": bytes((0, 0, 60, 60, 0, 2, 9, 0, 2, 77, 0, 0, 3, 4, 0, 0)),
    "doubled": bytes((0x20, 32, 30, 30)) + bytes((4, 0, 5, 0)) * 6,
    "filler": bytes((2, 254, 1, 1, 6, 0, 6, 0, 6, 0, 6, 0, 0, 0)),
}


def usbip_submit(seq, direction, ep, length, setup=bytes(8), data=b""):
    return struct.pack(">10I", 1, seq, 0x10002, direction, ep, 0, length, 0, 0, 0) + setup + data


def usbip_unlink(seq, of):
    return struct.pack(">6I", 2, seq, 0x10002, 0, 0, of) + bytes(24)


def usbip_device(tail=b""):
    return (b"/sys/devices/virtual/twin".ljust(256, b"\0") + b"1-1".ljust(32, b"\0")
            + struct.pack(">3I3H6B", 1, 2, 2, 0x20A0, 0x4230, 0x100, 0, 0, 0, 1, 1, 2) + tail)


SETUP = bytes.fromhex("8006000100001200")
USBIP = {
    "req_devlist": bytes.fromhex("0111800500000000"),
    "req_import": bytes.fromhex("0111800300000000") + b"1-1".ljust(32, b"\0"),
    "rep_devlist": bytes.fromhex("011100050000000000000001")
    + usbip_device(bytes.fromhex("030000000B000000")),
    "rep_import": bytes.fromhex("0111000300000000") + usbip_device(),
    "rep_refused": bytes.fromhex("0111000300000001"),
    "control": usbip_submit(1, 1, 0, 18, SETUP),
    "bulk_out": usbip_submit(2, 0, 2, 10, data=bytes.fromhex("65000000000000000000")),
    "bulk_in": usbip_submit(3, 1, 2, 512),
    "too_long": usbip_submit(4, 0, 2, 0xFFFFFFFF),
    "unlink": usbip_unlink(5, 3),
    "ret_submit": struct.pack(">10I", 3, 3, 0, 0, 0, 0, 2, 0, 0, 0) + bytes(8) + b"\x50\x03",
    "ret_unlink": struct.pack(">6I", 4, 5, 0, 0, 0, 0xFFFFFF98) + bytes(24),
}
POWER_ON = bytes.fromhex("62000000000001000000")
# Beside what the host sends; fuzz_usbip_client.c.
PIECES, INTERRUPTED, LOST, GONE, STOPPED, UNPLUGGED, TALKS = 1, 2, 4, 8, 16, 32, 64


HOST = USBIP["req_import"] + b"".join((
    usbip_submit(1, 1, 0, 18, SETUP),
    usbip_submit(2, 0, 0, 0, bytes.fromhex("0009010000000000")),
    usbip_submit(3, 1, 1, 8),
    usbip_submit(4, 0, 2, 10, data=POWER_ON),
    usbip_submit(5, 1, 2, 512),
    usbip_submit(6, 1, 2, 512),
    usbip_unlink(7, 6),
    usbip_unlink(8, 1),
    usbip_submit(9, 0, 2, 10, data=POWER_ON),
    usbip_submit(10, 1, 2, 5),
))
CLIENT = {
    "list": b"\0" + USBIP["req_devlist"],
    "list_in_pieces": bytes((PIECES | INTERRUPTED,)) + USBIP["req_devlist"],
    "other_device": b"\0" + bytes.fromhex("0111800300000000") + b"3-2".ljust(32, b"\0"),
    "not_usbip": b"\0GET / HTTP/1.1\r\n",
    "half_request": b"\0" + USBIP["req_import"][:20],
    "host": b"\0" + HOST,
    "host_talks": bytes((TALKS,)) + HOST,
    "host_in_pieces": bytes((PIECES | INTERRUPTED | TALKS,)) + HOST,
    "host_lost": bytes((LOST | TALKS,)) + HOST[:-20],
    "host_gone": bytes((GONE | TALKS,)) + HOST,
    "host_stopped": bytes((STOPPED | PIECES,)) + HOST,
    "host_unplugged": bytes((UNPLUGGED | PIECES,)) + HOST,
    "many": bytes((TALKS,)) + USBIP["req_import"]
    + b"".join(usbip_submit(n, 1, 1 + n % 3, 64) for n in range(80)),
    "absurd_length": b"\0" + USBIP["req_import"] + USBIP["too_long"],
    "isochronous": b"\0" + USBIP["req_import"]
    + struct.pack(">10I", 1, 1, 0x10002, 1, 2, 0, 64, 0, 3, 0) + bytes(8),
}


def main():
    targets = {
        "ccid_desc": readers(),
        "ccid_msg": hexes(MESSAGES, b"\x6f\x07") | {"power_answer": b"\x62" + b"\x07" + bytes(10)},
        "atr": hexes(ATRS),
        "t1_host": T1_HOST,
        "t1_card": T1_CARD,
        "t1_line": T1_LINE,
        "usbip": USBIP,
        "usbip_client": CLIENT,
    }
    for target, seeds in targets.items():
        folder = HERE / "seeds" / target
        folder.mkdir(parents=True, exist_ok=True)
        for name, data in seeds.items():
            (folder / name).write_bytes(data)


if __name__ == "__main__":
    main()
