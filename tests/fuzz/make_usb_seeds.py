#!/usr/bin/env python3
"""Writes the seeds of fuzz_ccid_dev and fuzz_ccid_fault: what hosts do with the device, in the
operations of fuzz_ccid_dev.c, and lists of faults."""
from pathlib import Path

SEEDS = Path(__file__).resolve().parent / "seeds"
NITROKEY, STICK, CRC = 0, 1, 2
CONTROL, RAW, IN, DRAIN, BLOCK, APDU, COMMAND, PLUG = range(8)
SELECT = bytes.fromhex("00040400 0BE82B0601040181C31F0201".replace(" ", ""))
FAULTS = ("stall@12", "late=500@4,seq@5,double@6,wtx@7", "unplug=17@3,unplug-out=5@9",
          "truncate=3@1,oversize@2,oversize=70000@3", "late=@3", "lrc@2,mute@3,silence@4")


def control(text):
    return bytes([CONTROL]) + bytes.fromhex(text.replace(" ", ""))


def command(kind, param=0, data=b""):
    return bytes([COMMAND, kind, param, len(data)]) + data


def block(pcb, inf=b""):
    return bytes([BLOCK, len(inf), pcb]) + inf


def apdu(level, data=b""):
    return bytes([APDU, level, len(data)]) + data


def raw(text):
    data = bytes.fromhex(text.replace(" ", ""))
    return bytes([RAW]) + len(data).to_bytes(2, "big") + data


D = bytes([DRAIN])
ON, OFF, STATUS = command(0x62) + D, command(0x63) + D, command(0x65) + D
PARAMETERS = command(0x61, 1, bytes.fromhex("96100045 00FE00")) + command(0x6C) + D
ABORT = control("21 01 0009 0100 0000") + command(0x65) + command(0x72) + D
ENUMERATE = b"".join(control(text) for text in (
    "80 06 0001 0000 1200", "80 06 0002 0000 FFFF", "80 06 0003 0000 FF00", "80 06 0303 0904 FF00",
    "81 06 0022 0000 4000", "21 0A 0000 0000 0000", "80 00 0000 0000 0200", "80 08 0000 0000 0100",
    "81 0A 0000 0100 0100", "01 0B 0000 0100 0000", "A1 02 0000 0100 0400"))
HALT = (control("02 03 0000 8200 0000") + command(0x65) + D + control("82 00 0000 8200 0200")
        + control("02 01 0000 8200 0000") + D)
T1 = (block(0xC1, b"\xfe") + D + block(0x00, SELECT) + D + block(0x60, b"\x00\xa4\x04") + D
      + block(0x00, b"\x00\x00") + D + block(0x90) + D + block(0xC0) + D)
CHAIN = apdu(1, b"\x00\xff" * 100) + D + apdu(3, bytes(200)) + D + apdu(2, bytes(7)) + D
TAIL = apdu(0x10) + D + apdu(0x10) + D + apdu(0, SELECT) + D

STREAMS = {
    "enumerate": (NITROKEY, "", ENUMERATE + HALT),
    "tpdu": (NITROKEY, "", ON + PARAMETERS + T1 + OFF + STATUS),
    "tpdu_crc": (NITROKEY | CRC, "", ON + T1),
    "chain": (STICK, "", ON + PARAMETERS + CHAIN + TAIL + OFF + STATUS),
    "abort": (STICK, "", ON + apdu(1, SELECT) + D + ABORT),
    "packets": (NITROKEY, "", raw("6F360000 00000100 0000 00003200 84") + raw("00" * 50)
                + raw("65000000 0000 07000000") + D + bytes([IN, 0x82, 32, IN, 0x84, 4])),
    "waiting": (NITROKEY, "", command(0x65) * 12 + D + control("02 01 0000 0200 0000") + D),
    "plug": (STICK, "", ON + bytes([IN, 0x83, 8, PLUG, 1]) + ON + bytes([PLUG, 0])
             + STATUS + bytes([PLUG, 1, PLUG, 0xFF]) + STATUS),
    "dead_card": (NITROKEY, "", ON + block(0x00, b"\xfd\x00") + D + block(0x40, b"\x00") + D + ON),
    "faults_tpdu": (NITROKEY, "wtx@3,lrc@4,seq@6,double@7", ON + T1 + T1),
    "faults_chain": (STICK, "wtx@2,truncate@4,oversize@5,unplug=3@9", ON + CHAIN + TAIL),
}


def main():
    for name, (model, faults, ops) in STREAMS.items():
        folder = SEEDS / "ccid_dev"
        folder.mkdir(parents=True, exist_ok=True)
        (folder / name).write_bytes(bytes([model, len(faults)]) + faults.encode() + ops)
    folder = SEEDS / "ccid_fault"
    folder.mkdir(parents=True, exist_ok=True)
    for text in FAULTS:
        (folder / text.split("@")[0].split("=")[0]).write_text(text)


if __name__ == "__main__":
    main()
