#!/usr/bin/env python3
"""Writes seeds/template: what applications send to C_CreateObject; removes nothing."""
import json
import pathlib

HERE = pathlib.Path(__file__).resolve().parent
X509 = json.loads((HERE.parent / "golden" / "x509.json").read_text())

TYPES = ["CLASS", "TOKEN", "PRIVATE", "LABEL", "ID", "APPLICATION", "VALUE", "OBJECT_ID",
         "CERTIFICATE_TYPE", "ISSUER", "SERIAL_NUMBER", "SUBJECT", "KEY_TYPE", "SENSITIVE",
         "EXTRACTABLE", "ENCRYPT", "VERIFY", "DERIVE", "MODULUS", "PUBLIC_EXPONENT", "EC_PARAMS",
         "EC_POINT", "MODIFIABLE", "COPYABLE", "ALLOWED_MECHANISMS", "UNIQUE_ID", "CHECK_VALUE"]
P256 = bytes.fromhex("06082A8648CE3D030107")
G256 = bytes.fromhex("046B17D1F2E12C4247F8BCE6E563A440F277037D812DEB33A0F4A13945D898C296"
                     "4FE342E2FE1A7F9B8EE7EB4A7C0F9E162BCE33576B315ECECBB6406837BF51F5")
YES, NO = b"\1", b"\0"


def attribute(name, value):
    """A number travels in one byte, None is a NULL value with a length, -1 an unset length."""
    head = bytes([TYPES.index(name)])
    if value is None:
        return head + b"\xFF"
    if value == -1:
        return head + b"\xFE"
    if isinstance(value, int):
        return head + bytes([0xFD, value])
    if len(value) < 0xFC:
        return head + bytes([len(value)]) + value
    return head + b"\xFC" + len(value).to_bytes(2, "big") + value


def certificate(token, **more):
    der = bytes.fromhex(X509["ec_p256"]["der"])
    return dict(CLASS=1, CERTIFICATE_TYPE=0, TOKEN=token, LABEL=b"cert", ID=b"1", VALUE=der, **more)


SEEDS = {
    "empty": {},
    "certificate-token": certificate(YES),
    "certificate-session": certificate(NO),
    "certificate-other-subject": certificate(NO, SUBJECT=bytes.fromhex("3000")),
    "data-token": dict(CLASS=0, TOKEN=YES, LABEL=b"data", APPLICATION=b"app", OBJECT_ID=P256,
                       VALUE=b"value"),
    "data-private": dict(CLASS=0, TOKEN=YES, PRIVATE=YES, LABEL=b"data", VALUE=b"value"),
    "data-session": dict(CLASS=0, VALUE=b"value"),
    "public-ec": dict(CLASS=2, KEY_TYPE=3, EC_PARAMS=P256, EC_POINT=b"\x04\x41" + G256),
    "public-ec-raw-point": dict(CLASS=2, KEY_TYPE=3, EC_PARAMS=P256, EC_POINT=G256, VERIFY=YES),
    "public-rsa": dict(CLASS=2, KEY_TYPE=0, MODULUS=b"\xC0" + 127 * b"\x55",
                       PUBLIC_EXPONENT=b"\1\0\1", ENCRYPT=NO),
    "secret": dict(CLASS=4, KEY_TYPE=16, VALUE=32 * b"k", SENSITIVE=YES, EXTRACTABLE=NO),
    "private": dict(CLASS=3, KEY_TYPE=0),
    "null-value": dict(CLASS=0, LABEL=None),
    "unset-length": dict(CLASS=0, LABEL=-1),
    "read-only": dict(CLASS=0, UNIQUE_ID=b"mine"),
    "bad-bool": dict(CLASS=0, TOKEN=b"\2"),
}


def main():
    folder = HERE / "seeds" / "template"
    folder.mkdir(parents=True, exist_ok=True)
    for name, attributes in SEEDS.items():
        (folder / name).write_bytes(b"".join(attribute(k, v) for k, v in attributes.items()))


main()
