#!/usr/bin/env python3
"""Writes the seeds of the codec targets from tests/golden and from recorded commands.

Run it after a change of tests/golden: tests/fuzz/make_seeds.py
Files that are already there and have another name stay: a crash once found is kept as a seed.
"""
import json
from pathlib import Path

HERE = Path(__file__).resolve().parent
GOLDEN = HERE.parent / "golden"


def load(name):
    return json.loads((GOLDEN / f"{name}.json").read_text())


def write(target, name, hexes):
    data = bytes.fromhex(hexes) if isinstance(hexes, str) else hexes
    folder = HERE / "seeds" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(data)


RSA_SIZE = "A10A 3008 30020400 02020800"
EC_SIZE = "A10A 3008 30020400 02020100"
NAME = "300F 310D 300B 0603550403 0C0474657374"

PRKD = {
    "opensc-0.23-rsa": "302A 3010 0C0774657374727361 030206C0 040101"
    "300A 040110 03020470 020101" + RSA_SIZE,
    "opensc-0.27-ec": "A02E 300F 0C06746573746563 030206C0 040101"
    "300F 040111 0303073080 030203B8 020102" + EC_SIZE,
    "opensc-subject": "3043 3010 0C0774657374727361 030206C0 040101"
    "300E 040110 03020470 030203B8 020101 A013 3011" + NAME + RSA_SIZE,
    "embedded-rsa": "3020 3008 0C06656D62727361 3008 040110 0303066000" + RSA_SIZE,
    "embedded-aes": "A81C 3008 0C06656D62616573 3008 040112 030306C000 A006 3004 02020100",
}
CD = {
    "opensc": "301D 300C 0C06636163657274 03020640 3003 040177 A108 3006 3004 0402CA00",
    "embedded-cvc": "A51A 3008 0C06636163657274 3004 0402CA05 A108 3006 3004 0402CA05",
}
DCOD = {
    "public": "3023 300D 0C0770756264617461 03020640 300A 0C03617070 06032A0304"
    "A106 3004 0402CF00",
    "private": "3027 3011 0C087072697664617461 030206C0 040101"
    "300A 0C087072697664617461 A106 3004 0402CD01",
}
TOKENINFO = {
    "pico-hsm": "301D 020100 04080102030405060708 0C0150 8007 6D79746F6B656E 03020430",
}
CAPDU = {
    "case-1": "00200081",
    "case-2s": "0084000008",
    "case-3s": "0020008106 363438323139",
    "case-4s": "00B1CE0004 54020000 00",
    "case-2e": "80580000 000000",
    "case-3e": "00D72F02 000003 010203",
    "case-4e": "80680170 000002 ABCD 0200",
}
RAPDU = {
    "ok": "0102 9000",
    "end-of-file": "3000 6282",
    "tries": "63C3",
    "unknown": "6F00",
}
TLV = {
    "short": "0400",
    "two-byte-tag": "7F490101",
    "length-81": "048103010203",
    "length-82": "04820003010203",
    "several": "020100 030206C0 0403010203 5F290100",
}
DER = {
    "integers": "020100 02020080 0203000001 020500FFFFFFFF",
    "flags": "030206C0 0303072080 030307C010 030100",
}
HEX = {
    "digits": b"0123456789abcdefABCDEF".hex(),
    "odd": b"123".hex(),
    "utf-8": "C3A4E282ACF09F9880",
}
# The width less one, then the signature; from `openssl dgst -sign`.
ECSIG = {
    "p256": "1F 3046 0221008760002D47C38B6D1725D52795D82FC5D1077C2834BF1C98715C97AC2EEE9617"
    "02210083A64A2F113F7A1C41EDC9A1C7D76A0CCF4C72A21C0610C5394A5C1404C72978",
    "small": "02 3006 020101 020102",
}
CHAIN = {
    "three-parts": "0007 90680102 02 0102 0004 90680102 0006 80680102 01 03",
    "broken": "0007 90680102 02 0102 0006 00680102 01 03 0004 00840000",
}
# What to do with the rest (fuzz_sm.c), then a command, an answer, or objects without their MAC.
SM = {
    "objects-of-a-command": "02 20 871101 00112233445566778899AABBCCDDEEFF 970100",
    "objects-of-an-odd-one": "02 B1 8510 00112233445566778899AABBCCDDEEFF 97020000",
    "objects-of-an-answer": "03 871101 00112233445566778899AABBCCDDEEFF 99029000",
    "status-alone": "03 990263C2",
    "round-trip": "04 00B1CE0004 54020000 00",
    "round-trip-extended": "04 80680170 000002 ABCD 0200",
}


def main():
    tables = {
        "prkd": PRKD, "cd": CD, "dcod": DCOD, "tokeninfo": TOKENINFO, "capdu": CAPDU,
        "rapdu": RAPDU, "tlv": TLV, "der": DER, "hex": HEX, "ecsig": ECSIG, "chain": CHAIN,
        "sm": SM,
    }
    for target, seeds in tables.items():
        for name, hexes in seeds.items():
            write(target, name, hexes)

    for i, step in enumerate(load("secure_messaging")["apdus"]):
        is_answer = step["plain"].endswith("9000")
        write("sm", f"vector-{i + 1}", ("01" if is_answer else "00") + step["protected"])

    records = load("pkcs15")
    for name in ("prkd_rsa_smartcardshell", "prkd_ec_smartcardshell", "skd_aes_smartcardshell"):
        write("prkd", name, records[name])
    write("cd", "smartcardshell", records["cd_ca_cert"])
    write("tokeninfo", "opensc", records["tokeninfo_opensc_label_mytoken"])

    device, chain = load("genuine_device"), load("cvc")
    request = chain["request_for_secp256r1_key"]["request"]
    for name in ("ef_2F02", "root_DESRCACC100001"):
        write("cvc", f"genuine-{name}", device[name])
    write("cvc", "emulator-chain", chain["ef_2F02"])
    write("cvc", "rsa-template", "060A 04007F00070202020102 8203010001 02020800")
    write("pubkey", "root", chain["root"])
    write("pubkey", "device", chain["device"])
    for key in device["generated_keys"]:
        write("request", key["name"], key["data"])
        write("pubkey", key["name"], key["data"])
    write("request", "emulator", request)
    # What 80 52 02 takes: what is inside the 7F21, and a signature.
    for key in device["generated_keys"]:
        length = int(key["data"][14:18], 16)
        write("membership", key["name"], key["data"][18:18 + 2 * length] + "5440" + "00" * 64)
    write("membership", "extension", "734F 060B 2B0601040181C31F030202 8040" + "11" * 64)

    for name, cert in load("x509").items():
        write("x509", name, cert["der"])
        write("spki", name, cert["spki"])
        write("pubkey", name, cert["der"])
    for blob in load("keyblobs")["blobs"]:
        name = blob["name"].replace(" ", "-")
        write("keyblob", f"{name}-plain", f"{blob['type']:02X}" + blob["plain"])
        write("keyblob", f"{name}-blob", f"{blob['type']:02X}" + blob["blob"])
    write("tlv", "certificate", load("x509")["ec_p256"]["der"])


if __name__ == "__main__":
    main()
