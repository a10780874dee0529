"""Compares every #include "..." with the picture of the layers in layers.txt, checks that
specs/architecture.md shows the same picture, and that pure folders do no input or output."""

import re
from pathlib import Path

import tree

INCLUDE = re.compile(r'^\s*#\s*include\s+([<"])([^>"]+)[>"]')
BLOCK = re.compile(r"^```layers\n(.*?)^```$", re.MULTILINE | re.DOTALL)
ROOTS = ("module", "firmware-emu", "tools")
PURE_HEADERS = {"limits.h", "stdbool.h", "stddef.h", "stdint.h", "stdlib.h", "string.h"}
PURE_OPENSSL = re.compile(r"openssl/(?!bio\.h)")


def read_layers(path):
    rules = {}
    for line in path.read_text().splitlines():
        if line and not line.startswith("#"):
            name, allowed = line.split(":")
            rules[name] = allowed.split()
    return rules, rules.pop("pure", [])


def is_below(name, place):
    return name == place or name.startswith(place + "/")


def place_of(name, rules):
    """The rule for a file: the longest path that fits."""
    fitting = [place for place in rules if is_below(name, place)]
    return max(fitting, key=len, default=None)


def resolve(root, source, target):
    for base in (source.parent, *(root / r for r in ROOTS)):
        if (base / target).is_file():
            return str((base / target).resolve().relative_to(root.resolve()))
    return None


def check_local(root, source, target, rules):
    name = str(source.relative_to(root))
    place = place_of(name, rules)
    found = resolve(root, source, target)
    if place is None:
        return f"{name}: not in the picture of the layers"
    if found is None:
        return f"{name}: includes {target}, which is not there"
    if Path(found).parent == Path(name).parent:
        return None
    if any(is_below(found, allowed) for allowed in rules[place]):
        return None
    return f"{name}: includes {found}, which {place} may not"


def check_system(root, source, target, pure):
    name = str(source.relative_to(root))
    if not any(is_below(name, place) for place in pure):
        return None
    if target in PURE_HEADERS or PURE_OPENSSL.match(target):
        return None
    return f"{name}: is pure and includes <{target}>"


def check_document(root):
    document = root / "specs" / "architecture.md"
    if not document.is_file():
        return ["specs/architecture.md: missing"]
    blocks = BLOCK.findall(document.read_text())
    if blocks != [(root / "tests" / "lint" / "layers.txt").read_text()]:
        return ["specs/architecture.md: its ```layers block is not tests/lint/layers.txt"]
    return []


def check(root):
    rules, pure = read_layers(root / "tests" / "lint" / "layers.txt")
    complaints = check_document(root)
    for source in tree.files(root, tree.SOURCES, ROOTS):
        for line in source.read_text().splitlines():
            match = INCLUDE.match(line)
            if match is None:
                continue
            if match[1] == '"':
                complaint = check_local(root, source, match[2], rules)
            else:
                complaint = check_system(root, source, match[2], pure)
            if complaint is not None:
                complaints.append(complaint)
    return complaints


if __name__ == "__main__":
    tree.run(check)
