"""The files of the source tree, and how a lint test reports."""

import sys
from pathlib import Path

TOP = ("module", "firmware-emu", "tools", "tests", "specs", "scripts", "cmake", "udev", ".ci")
SOURCES = (".c", ".h", ".def")


def files(root, suffixes=None, top=TOP):
    """Regular files below `top`, and those at the root itself, in a fixed order."""
    found = [p for p in Path(root).iterdir() if p.is_file()]
    for folder in top:
        found += [
            p
            for p in (Path(root) / folder).rglob("*")
            if p.is_file() and "__pycache__" not in p.parts
        ]
    return sorted(p for p in found if suffixes is None or p.suffix in suffixes)


def run(check):
    """Runs check(root) -> list of complaints on the tree named on the command line."""
    complaints = check(Path(sys.argv[1]))
    for complaint in complaints:
        print(complaint)
    sys.exit(1 if complaints else 0)
