"""Every vector of tests/golden is used by a test: the keys that lead to it stand as literals in a
source that names its file, or the value itself does. Only hexadecimal values count as vectors."""

import json
import re

import tree

LITERAL = re.compile(r'"((?:[^"\\]|\\.)*)"')
HEX = re.compile(r"[0-9A-Fa-f]{2}(:?[0-9A-Fa-f]{2}){3,}")
# Steps on the way from a share file's password to its share.
BETWEEN = {("dkek.json", "key"), ("dkek.json", "iv")}


def vectors(value, way=()):
    """(names that lead to it, hex digits) of all; elements of a list go by their own name."""
    if isinstance(value, dict):
        for key, inner in value.items():
            yield from vectors(inner, (*way, key))
    elif isinstance(value, list):
        for inner in value:
            named = isinstance(inner, dict) and (inner.get("name") or inner.get("plain"))
            yield from vectors(inner, (*way[:-1], named) if named else way)
    elif isinstance(value, str) and HEX.fullmatch(value):
        yield way, value.replace(":", "").upper()


class Using:
    """What the sources that name a file have in them."""

    def __init__(self, sources):
        # one by one: a quotation mark that stands alone turns the rest of its file inside out
        self.literals = {found for text in sources for found in LITERAL.findall(text)}
        self.digits = re.sub(r'[\s"]', "", "".join(sources)).upper()

    def has(self, name):
        return name in self.literals or re.sub(r"[0-9]+$", "%zu", name) in self.literals

    def uses(self, way, digits):
        return all(map(self.has, way)) or digits in self.digits


def check_vectors(path, using):
    for way, digits in vectors(json.loads(path.read_text())):
        if not using.uses(way, digits) and (path.name, way[-1]) not in BETWEEN:
            yield f"tests/golden/{path.name}: no test looks up {'/'.join(way)}"


def check(root):
    tests = tree.files(root, (".c", ".h", ".py", ".sh"), ("tests",))
    sources = [path.read_text() for path in tests if "lint" not in path.parts]
    for path in sorted((root / "tests" / "golden").rglob("*")):
        naming = [text for text in sources if path.name in text]
        if path.is_file() and path.name != "README.md" and not naming:
            yield f"tests/golden/{path.name}: no test names it"
        elif path.suffix == ".json":
            yield from check_vectors(path, Using(naming))


if __name__ == "__main__":
    tree.run(lambda root: [*check(root)])
