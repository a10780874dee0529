#!/usr/bin/env python3
"""Writes the seeds of sharefile, sharetext, wrapfile and pkafile from tests/golden.

Run it after a change of tests/golden: tests/fuzz/make_backup_seeds.py
Files that are already there and have another name stay.
"""
import json
from pathlib import Path

HERE = Path(__file__).resolve().parent
GOLDEN = HERE.parent / "golden"

# `openssl enc -aes-256-cbc -md md5`, one round, of the first share of dkek.json.
ONE_ROUND = (
    "DE9EC20FD4A1AEB3467DF133FCE4A05DE6071AD23B98F3BF0A3E5C3AF73D5C18"
    "167556C2208CFA68BC7C2C820A1197A3"
)


def load(name):
    return json.loads((GOLDEN / f"{name}.json").read_text())


def write(target, name, data):
    folder = HERE / "seeds" / target
    folder.mkdir(parents=True, exist_ok=True)
    (folder / name).write_bytes(bytes.fromhex(data) if isinstance(data, str) else data)


def sharefiles():
    vector = load("dkek")["share_file"]
    password = vector["password_ascii"].encode()
    prefix = bytes([len(password)]) + password
    one_round = b"Salted__" + bytes.fromhex(vector["salt"] + ONE_ROUND)
    write("sharefile", "sc-hsm-tool", prefix + bytes.fromhex(vector["file"]))
    write("sharefile", "one-round", prefix + one_round)
    write("sharefile", "longer", prefix + one_round + b"\n")
    write("sharefile", "no-password", b"\0" + one_round)


def lines(prime, shares):
    return "\n".join([prime, *(part for share in shares for part in share), ""]).encode()


def sharetexts():
    vector = load("password_shares")
    shares = [(str(share["id"]), share["value"]) for share in vector["shares"]]
    write("sharetext", "three", lines(vector["prime"], shares[1:4]))
    write("sharetext", "repeated", lines(vector["prime"], shares[:1] * 2))
    write("sharetext", "id-zero", lines(vector["prime"], [("0", shares[0][1]), shares[1]]))
    tool = load("password_shares_opensc")
    typed = [(f"{i:02x}", tool[f"share{i}"]) for i in (2, 10, 12)]
    write("sharetext", "hexadecimal-ids", lines(tool["prime"], typed))


def wrapfiles():
    write("wrapfile", "ec", load("wrapfile")["file"])
    write("wrapfile", "blob-alone", "3003 0401AA")
    write("wrapfile", "request-second", "3005 0401AA 6700")
    write("wrapfile", "more-after", "300B 0401AA 3000 6700 0C024142")
    cert = bytes.fromhex(load("x509")["ec_p256"]["der"])
    size = (len(cert) + 3).to_bytes(2, "big")
    write("wrapfile", "certificate-second", b"\x30\x82" + size + b"\x04\x01\xAA" + cert)


def pkafiles():
    for name, data in load("pkafile").items():
        write("pkafile", name, data)
    device = load("genuine_device")
    request = device["generated_keys"][0]["data"]
    write("pkafile", "card-files", f"{len(request) // 2:04X}" + request + device["ef_2F02"])


if __name__ == "__main__":
    sharefiles()
    sharetexts()
    wrapfiles()
    pkafiles()
