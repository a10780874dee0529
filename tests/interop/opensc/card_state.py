#!/usr/bin/env python3
"""What a card is after a command: all of its token file that a command decides, as text.

usage: card_state.py TOKEN

What is random (sealed keys, salts, a DKEK by chance) and what only counts changes is left out.
"""
import sqlite3
import sys

# A DKEK that came from no share has a check value by chance; one of which shares are missing has
# none yet.
TABLES = (
    ("card", "profile, options, domains, pka_keys, pka_required, chr", "chr"),
    ("pin", "ref, tries, initial, length, transport", "ref"),
    ("file", "printf('%04X', fid), hex(data)", "fid"),
    ("key", "kid, type, bits, curve, hex(algs), domain, uses, uses_left", "kid"),
    (
        "kek",
        "domain, shares, missing, hex(pending), iif(shares = 0, 'random', hex(kcv)), hex(uid)",
        "domain",
    ),
    ("pka", "number, hex(chr), hex(key)", "number"),
)


def main():
    token = sqlite3.connect(f"file:{sys.argv[1]}?mode=ro", uri=True)
    for table, columns, order in TABLES:
        print(f"{table}: {columns}")
        for row in token.execute(f"SELECT {columns} FROM {table} ORDER BY {order}"):
            print(" ", *row)


main()
