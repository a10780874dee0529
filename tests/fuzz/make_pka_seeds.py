#!/usr/bin/env python3
"""Writes the seeds of pka_request from tests/golden.

Files that are already there and have another name stay.
"""
import json
from pathlib import Path

HERE = Path(__file__).resolve().parent
GOLDEN = HERE.parent / "golden"
SEEDS = HERE / "seeds" / "pka_request"


def load(name):
    return json.loads((GOLDEN / f"{name}.json").read_text())


def seed(request, signature):
    return len(request).to_bytes(2, "big") + request + signature


def main():
    signature = bytes.fromhex(load("pka")["external_authenticate"])[5:]
    SEEDS.mkdir(parents=True, exist_ok=True)
    for key in load("genuine_device")["generated_keys"]:
        request = bytes.fromhex(key["data"])[4:]  # without 67 and its length
        point = request.index(b"\x7f\x49")
        name = key["name"].split("_")[1].lower()
        changed = bytearray(request)
        changed[-1] ^= 1
        content = request[point:request.index(b"\x5f\x20")]
        (SEEDS / name).write_bytes(seed(request, signature))
        (SEEDS / f"{name}-outer-signature").write_bytes(seed(bytes(changed), signature))
        (SEEDS / f"{name}-registered").write_bytes(seed(content, signature))


if __name__ == "__main__":
    main()
