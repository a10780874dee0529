#!/usr/bin/env python3
"""Writes the seeds of fuzz_frame and fuzz_vpcd: what a client of the socket and the driver of a
virtual reader send, with the commands of the recorded dialogues in tests/golden, and broken frames.
"""
from pathlib import Path

HERE = Path(__file__).resolve().parent
GOLDEN = HERE.parent / "golden"
OFF, ON, RESET, ATR = (bytes([n]) for n in (0, 1, 2, 4))
FORMATS = {"vpcd": (2, 0), "socket": (4, 1)}
# Beside the format; fuzz_vpcd.c.
PIECES, INTERRUPTED, LOST, GONE, STOPPED = 2, 4, 8, 16, 32
SELECT = bytes.fromhex("00A404000BE82B0601040181C31F020100")
VERIFY = bytes.fromhex("00200081") + b"\x06648219"
DEVAUT = bytes.fromhex("00B12F02000004540200000000")


def dialogue(name):
    lines = (GOLDEN / f"dialogue_{name}.txt").read_text().splitlines()
    return [bytes.fromhex(line[1:]) for line in lines if line.startswith(">")]


def stream(head_n, first, messages):
    return bytes([first]) + b"".join(len(m).to_bytes(head_n, "big") + m for m in messages)


STREAMS = {
    "power": [OFF, ON, ATR, RESET, ATR, b"\x09"],
    "select": [ON, ATR, SELECT, ATR, DEVAUT, VERIFY, b"\x00\xa4"],
    "reset": [SELECT, VERIFY, RESET, VERIFY],
    "initialize": dialogue("initialize"),
    "long": [SELECT, DEVAUT, bytes.fromhex("00A40400002000") + bytes(8192)],
}
BROKEN = {
    "empty_message": b"",
    "half_head": b"\x00",
    "half_body": b"\x00\x00\x00\x05\x00\x20",
    "absurd": b"\xff\xff\xff\xff\x00",
}


def main():
    for target in ("frame", "vpcd"):
        folder = HERE / "seeds" / target
        folder.mkdir(parents=True, exist_ok=True)
        for kind, (head_n, first) in FORMATS.items():
            for name, messages in STREAMS.items():
                (folder / f"{kind}_{name}").write_bytes(stream(head_n, first, messages))
            for name, tail in BROKEN.items():
                begin = stream(head_n, first, [ATR])
                (folder / f"{kind}_{name}").write_bytes(begin + (tail or bytes(head_n)))
    for kind, (head_n, first) in FORMATS.items():
        for name, how in {"pieces": PIECES | INTERRUPTED, "lost": PIECES | LOST,
                          "gone": PIECES | GONE, "stopped": INTERRUPTED | STOPPED}.items():
            data = stream(head_n, first | how, STREAMS["initialize"])
            (HERE / "seeds" / "vpcd" / f"{kind}_{name}").write_bytes(data)


if __name__ == "__main__":
    main()
