#!/usr/bin/env python3
"""Writes the header with the files and answers of sim_card.c, from tests/golden: its argument."""
import json
import pathlib
import sys

GOLDEN = pathlib.Path(__file__).resolve().parent.parent / "golden"


def golden(name):
    return json.loads((GOLDEN / f"{name}.json").read_text())


def main():
    genuine = golden("genuine_device")
    k1, r1, rsa = (key["data"] for key in genuine["generated_keys"])
    records = golden("pkcs15")
    blobs = {b["name"]: b["blob"] for b in golden("keyblobs")["blobs"]}
    arrays = {
        "point": golden("x509")["ec_p256"]["point"],
        "request_k1": k1,
        "request_r1": r1,
        "request_rsa": rsa,
        "blob": blobs["EC secp256r1"],
    }
    files = {
        0x2F02: genuine["ef_2F02"],
        0x2F03: records["tokeninfo_opensc_label_mytoken"],
        0xCC00: "00",
        0xCC01: "00", 0xC401: records["prkd_ec_smartcardshell"], 0xCE01: r1,
        0xCC02: "00", 0xC402: records["prkd_rsa_smartcardshell"], 0xCE02: rsa,
        0xCC03: "00", 0xC403: records["prkd_ec_smartcardshell"],
        0xCE03: golden("x509")["ec_p256"]["der"],
        0xCC04: "00", 0xC404: records["skd_aes_smartcardshell"],
        0xC800: records["cd_ca_cert"], 0xCA00: golden("x509")["rsa_v1"]["der"],
        0xC900: "3023300D0C077075626461746103020640300A0C0361707006032A0304A10630040402CF00",
        0xCF00: b"a public value".hex(),
        0xC901: "3023300D0C077072766461746103020780300A0C0361707006032A0304A10630040402CD01",
        0xCD01: b"a private value".hex(),
    }
    lines = ["#include <stdint.h>", ""]
    for name, text in [*arrays.items(), *((f"file_{fid:04x}", v) for fid, v in files.items())]:
        values = ", ".join(f"0x{b:02X}" for b in bytes.fromhex(text))
        lines.append(f"static const uint8_t sim_{name}[] = {{ {values} }};")
    entries = " ".join(f"SIM_FILE(0x{fid:04X}, sim_file_{fid:04x})" for fid in files)
    lines.append(f"#define SIM_FILES {entries}")
    pathlib.Path(sys.argv[1]).write_text("\n".join(lines) + "\n")


if __name__ == "__main__":
    main()
