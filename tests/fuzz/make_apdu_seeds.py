#!/usr/bin/env python3
"""Writes the seeds of fuzz_apdu_stream: streams of commands from the recorded dialogues in
tests/golden and from the card's command table.

Files that are already there and have another name stay: a crash once found is kept as a seed.
"""
import json
from pathlib import Path

HERE = Path(__file__).resolve().parent
GOLDEN = HERE.parent / "golden"
SEEDS = HERE / "seeds" / "apdu_stream"

FRESH, LOGGED_IN, CHECK = 0, 1, 2
SECURE, CUT, CUT_LOGIN, RESET = 0x04, 0xE0, 0xC0, 0xA0  # beside the lane; fuzz_apdu_stream.c
DOMAIN = ("81_p", "82_a", "83_b", "84_G", "85_n")
SELECT = "00A404000BE82B0601040181C31F020100"


def stream(flags, commands):
    """`commands`: hex, or (lane and how, hex)."""
    out = bytes([flags])
    for c in commands:
        lane, text = c if isinstance(c, tuple) else (0, c)
        apdu = bytes.fromhex(text)
        out += bytes([lane]) + len(apdu).to_bytes(2, "big") + apdu
    return out


def dialogue(name):
    lines = (GOLDEN / f"dialogue_{name}.txt").read_text().splitlines()
    return [line[1:].strip() for line in lines if line.startswith(">")]


def tlv(tag, value):
    n = len(value)
    length = n.to_bytes(1 if n < 256 else 2, "big")
    if n > 0xFF:
        length = b"\x82" + length
    elif n > 0x7F:
        length = b"\x81" + length
    return bytes.fromhex(tag) + length + value


def template(curve, rules=""):
    params = [tlv("06", bytes.fromhex("04007F00070202020203"))]
    params += [tlv(name[:2], bytes.fromhex(curve[name])) for name in DOMAIN]
    params += [tlv("87", b"\x01")]
    return (tlv("5F29", b"\0") + tlv("42", b"UTCA00001") + tlv("7F49", b"".join(params))
            + tlv("5F20", b"ZZTEST0100001") + bytes.fromhex(rules))


def generate(kid, curve, rules="", le="0000"):
    body = template(curve, rules)
    return f"0046{kid:02X}00 00{len(body):04X}" + body.hex() + le


def main():
    curves = json.loads((GOLDEN / "curves.json").read_text())
    p256, k1, bp = (curves[n] for n in ("secp256r1", "secp192k1", "brainpoolP256r1"))
    hash32, peer = "11" * 32, p256["84_G"]
    seeds = {
        "initialize": stream(FRESH, dialogue("initialize")),
        "files": stream(FRESH, dialogue("initialize") + dialogue("opensc_files")),
        "no-applet": stream(FRESH, ["00200081", "80580000000000", "00A4040003A0000000", SELECT]),
        "pins": stream(FRESH, [
            SELECT, "00200081", "00200088", "00200085",
            "805000001980020001 8106363438323139 82083537363231383830 910103",
            "0020008106313131313131", "0020008106363438323139", "00200081",
            "002400810C363438323139313233343536", "0024008810 35373632313838303537363231383831",
            "002C00810E 3537363231383831363438323139", "002C01810835373632313838 31",
            "80500000 00",
        ]),
        "generate-sign": stream(LOGGED_IN, [
            generate(1, p256), f"80680170 000020 {hash32} 0200", f"80680173 000020 {hash32} 0200",
            f"80620180 000041 {peer} 0200", (1, f"80680170 000020 {hash32} 0200"),
            "00E4020002CC01", (1, f"80680170 000020 {hash32} 0200"), "80580000000000",
        ]),
        "generate-rules": stream(LOGGED_IN, [
            generate(2, k1, "9102 7073"), generate(3, bp, "", ""), "00B1CE0304 54020000 00",
            generate(4, bp, "9004 00000001"), f"80680271 000020 {hash32} 0200",
        ]),
        "chained": stream(LOGGED_IN, [
            "10D7CF01 04 54020000", (1, "10D7CF02 04 54020000"), "00D7CF01 05 5303010203",
            (1, "00D7CF02 03 530155"), "10D7CF01 04 54020000", "00840000 08",
        ]),
        "lanes": stream(LOGGED_IN, [
            (1, "00D7CF01 07 54020000 530111"), (2, "00A4000002CF0100"),
            (2, "00B10000 04 54020000 00"), "00E4020002CF01", (2, "00B10000 04 54020000 00"),
            (1, SELECT), "00D7CF01 06 540200005300",
        ]),
        "offsets": stream(LOGGED_IN, [
            "00D7CD01 0C 54020000 5306 010203040506", "00D70000 07 54020006 5301 07",
            "00D70000 07 54020009 5301 07", "00B10000 04 54020007 00", "00B1CD01 04 5402FFFF 00",
            "00D7CD01 06 5402FFFF 5300", "00B1CC00 04 54020000 00", "00D72F02 06 540200005300",
        ]),
        "malformed": stream(LOGGED_IN, [
            "00", "0020", "002000", "00B12F02 05 54020000", "00D7CF01 0000", "0084000000000000",
            "80680170 00 0005 11", "F0A40400", "00FF0000", "0046010005 5F2901007F",
        ]),
    }
    genuine = json.loads((GOLDEN / "genuine_device.json").read_text())["ef_2F02"]
    device, issuer = genuine[8:464], genuine[472:]
    messaging = json.loads((GOLDEN / "secure_messaging.json").read_text())
    seeds["secure"] = stream(LOGGED_IN, [
        messaging["mse_set"], messaging["general_authenticate"],
        messaging["apdus"][0]["protected"], "00200081",
        messaging["mse_set"], messaging["general_authenticate"], "0C200081 03 970100 00",
    ])
    seeds["certificates"] = stream(FRESH, [
        SELECT, "002281B6 10 830E" + b"DESRCACC100001".hex(),
        f"002A00BE {len(issuer) // 2:02X} {issuer}",
        "002281B6 0F 830D" + b"DEDINK0400001".hex(),
        f"002A00BE {len(device) // 2:02X} {device}",
    ])
    generated = json.loads((GOLDEN / "genuine_device.json").read_text())["generated_keys"]
    request = generated[0]["data"][8:]  # without 67 and its length
    known = [
        "002281B6 10 830E" + b"DESRCACC100001".hex(),
        f"002A00BE {len(issuer) // 2:02X} {issuer}",
        "002281B6 0F 830D" + b"DEDINK0400001".hex(),
        f"002A00BE {len(device) // 2:02X} {device}",
        "002281B6 12 8310" + b"DENK040414400000".hex(),
        f"80540000 00{len(request) // 2:04X} {request} 0000",
    ]
    signed = "002281A4 12 8310" + b"DENK040414400001".hex()
    signature = json.loads((GOLDEN / "pka.json").read_text())["external_authenticate"]
    seeds["registered-keys"] = stream(FRESH, [
        SELECT, "80500000 12 80020001 82083537363231383830 93020201", "00200081", *known,
        "80540000 00", "80540200 00", "80540201 00", signed, "00840000 08", signature,
        signed.replace("81A4", "41A4"), (1, signature), (1, "00840000 08"), signature,
        f"80540100 00{len(request) // 2:04X} {request} 0000", "00D7CF01 06 540200005300",
    ])
    seeds["registered-keys-and-pin"] = stream(FRESH, [
        SELECT, "80500000 1D 80020019 8106363438323139 82083537363231383830 910103 93020101",
        "0020008106363438323139", "00200081", *known, "80540000 04",
        f"80540100 00{len(request) // 2:04X} {request} 0000", signed, "00840000 08", signature,
        SELECT, "80540000 04",
    ])
    keyblobs = json.loads((GOLDEN / "keyblobs.json").read_text())
    aes, _, _, ec = (blob["blob"] for blob in keyblobs["blobs"][:4])
    seeds["wrap"] = stream(FRESH, [
        SELECT, "80500000 1C 80020001 8106363438323139 82083537363231383830 910103 920101",
        "80520000 00", f"80520000 20 {keyblobs['dkek']} 00", "0020008106363438323139",
        f"80740193 00{len(aes) // 2:04X} {aes}", f"80740293 00{len(ec) // 2:04X} {ec}",
        "80720292 000000", "004803B2 05 9103101892", "80720392 000000",
        "80780110 10 000102030405060708090A0B0C0D0E0F 00", f"80780318 00{32:04X} {hash32} 0000",
        "00D72F10 0B 54020000 5305 0001020304", "80740493", "00E4020002CC02",
    ])
    request = json.loads((GOLDEN / "genuine_device.json").read_text())["generated_keys"][1]["data"]
    member = request[18:18 + 2 * 0x18C] + "5440" + "11" * 64
    seeds["domains"] = stream(FRESH, [
        SELECT, "80500000 1C 80020001 8106363438323139 82083537363231383830 910103 970102",
        "80520000 00", "0020008106363438323139", "80520100 01 01 00", "80520101 01 02 00",
        f"80520001 20 {keyblobs['dkek']} 00", f"80520000 20 {keyblobs['dkek']} 00",
        "004801B0 03 920100", "004802B1 03 920101", "80720192 000000", "80720292 000000",
        f"80740393 00{len(aes) // 2:04X} {aes}", "00A4000002CC0300", "80520400 00", "80520301",
        "00E4020002CC02", "80520301", f"80520201 00{len(member) // 2:04X} {member} 0100",
        generate(4, bp, "910184 920101"),
        f"80620484 00{len(request) // 2:04X} {request} 0100",
    ])
    seeds["uses"] = stream(LOGGED_IN, [
        "004801B0 06 900400000002", "00A40000 02 CC01 00", "80780118 04 01020304 00",
        (1, "80780118 04 01020304 00"), "80780118 04 01020304 00", "00A40000 02 CC01 00",
        "004802B0 09 900400000400 910118", "80780218 04 01020304 00", "80780210 00",
        generate(3, p256, "9004 00000001 9201 00"), f"80680370 000020 {hash32} 0200",
        f"80620380 000041 {peer} 0200", "004804B0 06 900400000000", "00E4020002CC01",
    ])
    seeds["derive"] = stream(LOGGED_IN, [
        generate(1, p256, "9102 9870"), f"80760102 21 98 {hash32}", "80760203 02 9801",
        "80680370 04 01020304 00", "80760102 02 9801", "80760100 02 9801", "80760104 01 98",
        f"80760104 21 98 {'FF' * 32}", "00B1CE04 04 54020000 000000", "80760905 02 9801",
    ])
    # On what the filled card has: keys F0 (EC), F1 (AES) and F2 (RSA), CFF0 and CDF0.
    key_uses = [
        f"8068F070 000020 {hash32} 0200", f"8062F080 000041 {peer} 0200",
        f"8078F110 000020 {hash32} 0200", f"8078F118 000020 {hash32} 0200",
        f"8068F220 000080 {'00' * 96 + hash32} 0200", f"8068F233 000020 {hash32} 0200",
        f"8062F221 000080 {'00' * 96 + hash32} 0200", "8072F092 000000", "8072F192 000000",
        "8072F292 000000", "80520000 00", "00B1CDF0 04 54020000 00", "00B1CFF0 04 54020000 00",
    ]
    seeds["keys"] = stream(LOGGED_IN, key_uses)
    seeds["keys-secure"] = stream(LOGGED_IN, [(SECURE, c) for c in key_uses])
    seeds["secure-session"] = stream(LOGGED_IN | CHECK, [
        (SECURE, SELECT), (SECURE, "0020008106363438323139"),
        (SECURE, "00D7CF01 07 54020000 530111"),
        (SECURE | 1, "00B1CF01 04 54020000 00"), "00200081", (SECURE, "80580000000000"),
        (SECURE, "00840000 08"), (SECURE, "00B12F02 000004 54020000 0000"),
    ])
    seeds["checked"] = stream(LOGGED_IN | CHECK, [
        "00D7CF01 07 54020000 530111", "00D7CD01 07 54020000 530122", "00E4020002CF01",
        "004805B0 06 910410111892", generate(6, p256), "00E4020002CC05", "00E4020002CE06",
        "0020008106313131313131", "002400810C363438323139313233343536",
    ])
    seeds["cut"] = stream(LOGGED_IN, [
        (CUT_LOGIN, "00D7CF01 07 54020000 530111"), (CUT_LOGIN, generate(6, p256, "9102 7073")),
        (CUT_LOGIN, f"80680670 000020 {hash32} 0200"), (CUT, "0020008106313131313131"),
        (RESET, "80580000000000"), (CUT_LOGIN, "00200081"), (1 | CUT, "00E4020002CF01"),
        "00B1CF01 04 54020000 00", SELECT,
    ])
    seeds["cut-fresh"] = stream(FRESH | CHECK, [(CUT, c) for c in dialogue("initialize")])
    seeds["session-pin"] = stream(FRESH, [
        SELECT, "805000001980 02000D 8106363438323139 82083537363231383830 910103",
        "0020008106363438323139", "805A0181 00", "805A0081", "805A0281 00",
        messaging["mse_set"], messaging["general_authenticate"],
        messaging["apdus"][0]["protected"], "8C5A0181 03 970100 00", "805A0181 00",
    ])
    SEEDS.mkdir(parents=True, exist_ok=True)
    for name, data in seeds.items():
        (SEEDS / name).write_bytes(data)


if __name__ == "__main__":
    main()
