#!/usr/bin/env python3
"""Writes the seeds of manifest: tests/fuzz/make_manifest_seeds.py

Files that are already there and have another name stay.
"""
import copy
import json
from pathlib import Path

SEEDS = Path(__file__).resolve().parent / "seeds" / "manifest"
GOOD = {
    "format": "twinhsm-backup",
    "version": 1,
    "complete": True,
    "date": "2026-11-22T18:10:01Z",
    "card": {"serial": "ZZTWRRH7K8R", "label": "my\u00e4 token"},
    "items": [
        {
            "kind": "key",
            "reference": 7,
            "fid": "CC07",
            "file": "key-007.wrap",
            "size": 918,
            "sha256": "2014D066A76744144F68EDFB2A4ACA8F4308F03F8972DF3BCA81BD8AFDE43ED3",
            "kcv": "D07CBFCD87C77591",
            "label": "ec",
            "id": "13",
            "type": "EC prime256v1",
            "public_key_sha256": "3EB34D09D0183DABCAD29F79690F142838BC51111799ACF92A073244C7BC6636",
        },
        {
            "kind": "certificate",
            "fid": "CA00",
            "file": "certificate-ca00.der",
            "size": 0,
            "sha256": "E3B0C44298FC1C149AFBF4C8996FB92427AE41E4649B934CA495991B7852B855",
        },
    ],
    "missing": [{"kind": "private data", "fid": "CD01", "label": "p", "reason": "private"}],
}


def write(name, value):
    text = value if isinstance(value, str) else json.dumps(value)
    (SEEDS / name).write_text(text)


def changed(*path, to):
    """GOOD with one value replaced."""
    value = copy.deepcopy(GOOD)
    inner = value
    for key in path[:-1]:
        inner = inner[key]
    inner[path[-1]] = to
    return value


def main():
    SEEDS.mkdir(parents=True, exist_ok=True)
    write("good", GOOD)
    write("path-up", changed("items", 0, "file", to="../key-007.wrap"))
    write("path-absolute", changed("items", 0, "file", to="/etc/passwd"))
    write("terminator-in-name", changed("items", 0, "file", to="key-007.wrap\0x"))
    write("other-number", changed("items", 0, "fid", to="CC08"))
    write("device-key", changed("items", 0, "fid", to="CC00"))
    write("private-data", changed("items", 0, "fid", to="CD01"))
    write("twice", changed("items", to=GOOD["items"][:1] * 2))
    write("negative", changed("items", 0, "size", to=-1))
    write("huge", changed("items", 0, "size", to=1 << 62))
    write("short-digest", changed("items", 0, "sha256", to="00"))
    write("escape-in-label", changed("items", 0, "label", to="\u001b[2Jx\u202ey"))
    write("long-label", changed("items", 0, "label", to="x" * 300))
    write("newer", changed("version", to=2))
    write("items-object", changed("items", to={}))
    write("deep", "[" * 3000)
    write("duplicate-key", '{"format":"twinhsm-backup","format":"x"}')
    write("truncated", json.dumps(GOOD)[:200])
    write("empty-lists", changed("items", to=[]))


if __name__ == "__main__":
    main()
