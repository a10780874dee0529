#!/usr/bin/env python3
"""The parts of a password, as a tool showed them: every choice of 3 gives the same password of less
than 64 bits, and no choice of 2 gives that one.

usage: split_choices.py SHOWN     prints how many choices of 3 there are
"""
import itertools
import re
import sys


def at_zero(points, prime):
    """Lagrange's interpolation: the value at 0 of the polynomial through the points."""
    total = 0
    for x, y in points:
        factor = 1
        for other, _ in points:
            if other != x:
                factor = factor * other * pow(other - x, -1, prime) % prime
        total += y * factor
    return total % prime


def main():
    with open(sys.argv[1], encoding="utf-8", errors="replace") as file:
        shown = file.read()
    number = "([0-9a-f]{1,2}(?::[0-9a-f]{1,2})*)"
    form = rf"Prime\s*: {number}\s+Share ID\s*: (\d+)\s+Share value\s*: {number}"
    rows = re.findall(form, shown)
    primes = {int(row[0].replace(":", ""), 16) for row in rows}
    parts = [(int(row[1]), int(row[2].replace(":", ""), 16)) for row in rows]
    if len(primes) != 1 or [part[0] for part in parts] != [1, 2, 3, 4, 5]:
        sys.exit(f"not five parts with one prime: {rows}")
    prime = primes.pop()
    passwords = {at_zero(three, prime) for three in itertools.combinations(parts, 3)}
    if len(passwords) != 1 or max(passwords) >= 1 << 63:
        sys.exit("the choices of 3 do not give one password")
    if any(at_zero(two, prime) in passwords for two in itertools.combinations(parts, 2)):
        sys.exit("two parts are enough")
    print(len(list(itertools.combinations(parts, 3))))


main()
