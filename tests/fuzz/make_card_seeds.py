#!/usr/bin/env python3
"""Writes seeds/config and seeds/card_answers from tests/golden; removes nothing."""
import json
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
GOLDEN = HERE.parent / "golden"

CONFIG = {
    "file": "\ncards = emu:/a.token, ~/b.token\n# more\nlog = info\n",
    "reserved": ";cards=emu:/a.token;log=trace",
    "empty-list": "\ncards =\n",
    "relative": "\ncards = a.token\n",
    "unknown-key": ";slots=3",
}

FCI = bytes.fromhex("6F0A820178850500010004019000")
END = b"\x62\x82"
OK = b"\x90\x00"
RECORDS = {
    "C401": "A02E300F0C06746573746563030206C0040101300F0401110303073080030203B8020101A10A3008"
            "3002040002020100",
    "C402": "30203008 0C06656D62727361 3008040110 0303066000 A10A30083002040002020800",
    "C403": "A81C30080C06656D62616573300804011203 0306C000 A006300402020100",
    "C800": "301D300C0C06636163657274030206403003040177A108300630040402CA00",
    "C900": "3023300D0C077075626461746103020640300A0C0361707006032A0304A10630040402CF00",
}


def stream(answers):
    return b"".join(len(a).to_bytes(2, "big") + a for a in answers)


def token_answers():
    """A card with three keys, a certificate and a data object, as it is read."""
    device = json.loads((GOLDEN / "genuine_device.json").read_text())
    request = bytes.fromhex(json.loads((GOLDEN / "cvc.json").read_text())
                            ["request_for_secp256r1_key"]["request"])
    x509 = bytes.fromhex(json.loads((GOLDEN / "x509.json").read_text())["ec_p256"]["der"])
    fids = bytes.fromhex("2F02 2F03 C401 CE01 C402 CE02 C403 C800 CA00 C900 CF00"
                         "CC00 CC01 CC02 CC03")
    record = {k: bytes.fromhex(v) + END for k, v in RECORDS.items()}
    return [FCI, bytes.fromhex(device["ef_2F02"]) + END, fids + OK,
            record["C800"], x509 + END, record["C900"],
            record["C401"], request + END, record["C402"], x509 + END, record["C403"]]


def main():
    answers = token_answers()
    info = [b"\x63\xC3", b"\x63\xCF", bytes(6) + OK,
            bytes.fromhex("3010020100 80076D79746F6B656E 03020520") + END]
    pins = [OK, OK, OK]
    ops = [bytes(256) + OK, bytes.fromhex("3006020101020102") + OK, bytes(128) + OK,
           b"\x04" + bytes(64) + OK, bytes(16) + OK]
    seeds = {
        "open-only": answers[:2],
        "objects": answers,
        "everything": answers + info + pins + ops + [OK] * 40,
        "not-logged-in": answers + [b"\x69\x82"] * 40,
        "locked": answers + [b"\x69\x83"] * 20,
        "garbage-answers": answers + [b"", b"\x00", b"\xFF" * 300] * 10,
    }
    for name, text in CONFIG.items():
        write("config", name, text.encode())
    for name, parts in seeds.items():
        write("card_answers", name, stream(parts))


def write(folder, name, data):
    path = HERE / "seeds" / folder
    path.mkdir(parents=True, exist_ok=True)
    (path / name).write_bytes(data)


if __name__ == "__main__":
    main()
