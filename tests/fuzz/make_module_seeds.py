#!/usr/bin/env python3
"""Writes seeds/module_apdu and seeds/module_ccid: programs (module_calls.c) with what the card or
its reader does (liar.h, raw answers); removes nothing."""
import pathlib

HERE = pathlib.Path(__file__).resolve().parent

# The order of the table in module_calls.c.
CALLS = (
    "open find login sign attributes find_by decrypt derive generate create_data create_cert"
    " destroy set_attribute copy wrap unwrap encrypt verify random digest sign_parts"
    " create_public size slot_list slot_info token_info mechanisms slot_event close close_all"
    " session_info cancel login_so logout init_token init_pin set_pin again"
).split()
SET, FLIP, STATUS, CUT, DROP, DOUBLE, INSERT, FILL, REPLACE, AGAIN, FAIL = range(11)
RAW, FOREVER, SHORT = 1, 2, 4
STICK, SHORT_LEVEL, READER = 4, 8, 16


def program(text):
    """Names of calls with the bytes of their arguments after colons."""
    out = b""
    for word in text.split():
        name, *args = word.split(":")
        out += bytes([CALLS.index(name), *map(int, args)])
    return out


# Objects of the card, logged in: 0 and 1 P-256, 2 and 3 RSA-2048, 4 to 6 P-256 with a certificate,
# 7 a certificate, 8 a data object, 9 a private one. Keys: object, mechanism, length, ask, room.
PROGRAMS = {
    "use": "open:0 login find sign:0:0:0:1:0 sign:2:3:1:1:7 sign:2:2:0:0:0 sign:2:4:6:0:0"
           " sign:2:5:0:0:0 sign:2:7:0:0:7 decrypt:2:0:6:1:7 decrypt:2:2:6:0:0 derive:0 derive:0:1"
           " sign:4:1:8:0:0",
    "look": "slot_list slot_info token_info mechanisms open:2 session_info login find"
            " attributes:0:0:1:2:3:7 attributes:1:4:7:7:7:7 attributes:3:5:7:7:7:7"
            " attributes:6:8:7:7:7:7 attributes:6:12:7:7:7:7 attributes:8:14:7:7:7:7"
            " attributes:2:20:7:7:7:7 attributes:2:23:7:7:7:7 size:0 find_by:0:0 find_by:20:1"
            " find_by:2:0",
    "make": "open:0 login generate:1:1 generate:2:2 generate:0:3 find create_data:0 create_data:4"
            " create_data:17 create_cert:17:0 create_cert:1:2 create_public:1 create_public:0 find",
    "change": "open:0 login find set_attribute:0:0 set_attribute:1:1 copy:0:1 copy:8:0 destroy:0"
              " destroy:1 destroy:2 find destroy:5 destroy:6 find",
    "data": "open:0 login find attributes:8:2:7:7:7:7 attributes:9:2:7:7:7:7 set_attribute:8:2"
            " set_attribute:9:2 attributes:9:2:7:7:7:7 destroy:8 destroy:9 find",
    "wrap": "open:0 login find wrap:0 unwrap:0 unwrap:2 find wrap:2 logout find wrap:0",
    "hosts": "open:0 login find encrypt:3:0:0:1:0 encrypt:3:1:6:0:0 encrypt:3:2:3:0:7"
             " verify:1:0:4:0:0 verify:3:2:6:0:0 verify:3:6:6:0:0 digest:0:0:3:1:0 random:4"
             " sign_parts:0:1:3:0:0 sign_parts:2:6:8:0:6 sign_parts:2:3:8:0:1",
    "init": "open:0 login_so init_pin logout close init_token:65 open:0 login_so init_pin"
            " set_pin:1 logout login set_pin:0 find generate:1:1 find sign:0:0:0:0:0",
    "again": "open:0 open:1 login find sign:0:0:0:0:0 again open:0 find login close_all open:0"
             " cancel:2 slot_event slot_list:1 token_info:0",
}

LIES = {
    "true": b"",
    "flip": bytes([2, FLIP, 5, 0, 0x80, 3, FLIP, 40, 0, 1, 0, SET, 60, 0, 0xFF]),
    "status": bytes([5, STATUS, 0x69, 0x82, 4, STATUS, 0x6A, 0x82, 6, STATUS, 0x63, 0xC0]),
    "length": bytes([2, CUT, 9, 2, DROP, 30, 0, 7, 2, DOUBLE, 20, 0, 40, 3, INSERT, 9, 0, 2, 1, 2,
                     4, FILL, 200, 0xCC]),
    "replace": bytes([2, REPLACE, 8, 0xCC, 1, 0xC4, 1, 0xCE, 1, 0x90, 0, 5, AGAIN, 0, AGAIN]),
    "fail": bytes([9, FAIL, 1, 6, FAIL, 2, 3, FAIL, 0]),
}


def answers():
    """Those of a card with three keys, as card_answers has them."""
    return (HERE / "seeds" / "card_answers" / "everything").read_bytes()


def write(target, name, flags, text, device):
    calls = program(text)
    path = HERE / "seeds" / f"module_{target}"
    path.mkdir(parents=True, exist_ok=True)
    (path / name).write_bytes(bytes([flags, len(calls)]) + calls + device)


def stream(parts):
    return b"".join(len(p).to_bytes(2, "big") + p for p in parts)


def frame(kind, seq, param, data=b""):
    """A message of a reader: CCID 1.10, section 6.2."""
    return bytes([kind]) + len(data).to_bytes(4, "little") + bytes([0, seq, *param]) + data


def transfers():
    """Those of an extended APDU reader until a card has been selected, raw."""
    status = bytes([0, 0, 0])
    atr = bytes.fromhex("3BDE96FF8191FE1FC38031815448534D3173802140810792")
    return stream([frame(0x81, 0, [1, 0, 0]), frame(0x81, 1, [1, 0, 0]),
                   frame(0x80, 2, status, atr), frame(0x80, 3, [0x80, 0, 3]),
                   frame(0x80, 3, status, bytes.fromhex("6F0A82017885050001000401 9000"))])


def main():
    for name, text in PROGRAMS.items():
        for lie, device in LIES.items():
            write("apdu", f"{name}-{lie}", 0, text, device)
            write("ccid", f"{name}-{lie}", 0, text, device)
            write("ccid", f"{name}-{lie}-stick", STICK, text, device)
        write("apdu", f"{name}-short", SHORT, text, b"")
        write("ccid", f"{name}-short", STICK | SHORT_LEVEL, text, b"")
        write("ccid", f"{name}-reader", READER, text, b"")
    for target in ("apdu", "ccid"):
        write(target, "status-forever", FOREVER, PROGRAMS["make"], bytes([4, STATUS, 0x6A, 0x89]))
        write(target, "reset-forever", FOREVER, PROGRAMS["use"], bytes([2, FAIL, 1]))
        write(target, "files-forever", FOREVER, PROGRAMS["look"], bytes([2, FILL, 200, 0xC9]))
    write("apdu", "select-warns-after-reset", 0, PROGRAMS["data"],
          bytes([24, FAIL, 1, 0, STATUS, 0x62, 0x82]))
    write("apdu", "raw", RAW, PROGRAMS["use"], answers())
    write("apdu", "raw-forever", RAW | FOREVER, PROGRAMS["look"], answers())
    write("ccid", "raw", RAW | STICK, PROGRAMS["use"], transfers())
    write("ccid", "raw-forever", RAW | FOREVER, PROGRAMS["use"], transfers())


if __name__ == "__main__":
    main()
