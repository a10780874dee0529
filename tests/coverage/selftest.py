"""table.py is shown a small card that is covered, then the same card with one gap."""

import subprocess
import sys
import tempfile
from pathlib import Path

TABLE = Path(__file__).resolve().parent / "table.py"

DISPATCH = """static const struct emu_cmd rows[] = {
	{ 0x00, INS_SELECT, ACCESS_FREE, 0, 255, cmd_select },
	{ 0x80, INS_SIGN,   ACCESS_USER, 0, 255, cmd_sign },
};
"""
STATED = """# comment
other class | (any) | * | 6E00 | pin
SELECT key | 00 A4 00 ?? | CC* | 9000 | pin
SELECT | 00 A4 ?? ?? | * | 9000 6A82 | pin
SIGN | 80 68 ?? ?? | + | 9000 63Cx | pin
SIGN, no data | 80 68 ?? ?? | - | 6700 | pin
"""
RECORDED = """00A40400 E82B 9000 select__name
00A40000 CC01 9000 select__key
01A40400 E82B 6E00 select__class
10A40400 E82B 6A82 select__name
0CA40000 2F02 6A82 select__gone
80680170 0102 9000 sign__right
80680170 0102 63C2 sign__wrong
80680170 0102 63C1 sign__wrong
80680170 - 6700 sign__nothing
"""
GOOD = {
    "module/apdu/smartcardhsm.h": "enum { INS_SIGN = 0x68, INS_SELECT = 0xA4, INS_PKA = 0x54, };\n",
    "firmware-emu/dispatch.c": DISPATCH,
    "tests/coverage/commands.txt": STATED,
    "records/emu/pin": RECORDED,
}
# file, what is replaced in it, by what, a word of the complaint
FAULTS = [
    ("firmware-emu/dispatch.c", "INS_SIGN, ", "INS_PKA, ", "INS_PKA: not stated"),
    ("firmware-emu/dispatch.c", "INS_SIGN, ", "INS_PKA, ", "INS_PKA: no test reaches it"),
    ("firmware-emu/dispatch.c", "INS_SIGN, ", "INS_PKA, ", "8068: stated, but no command"),
    ("firmware-emu/dispatch.c", "0x80", "0x00", "8068: stated, but no command"),
    ("tests/coverage/commands.txt", "9000 63Cx", "9000", "SIGN: 63Cx is not stated"),
    ("tests/coverage/commands.txt", "| - | 6700", "| - | 6700 6982", "data: no test reaches 6982"),
    ("tests/coverage/commands.txt", "| - | 6700", "| FF* | 6700", "80680170 -: 6700 is not"),
    ("tests/coverage/commands.txt", "(any)", "(unknown)", "(any) E82B: 6E00 is not stated"),
    ("records/emu/pin", "80680170 - 6700", "80680170 - 9000", "9000 is not stated"),
    ("records/emu/pin", "80680170 - 6700", "80690170 - 6D00", "(unknown) -: 6D00"),
    ("records/emu/pin", "80680170 - 6700", "80690170 - 6A86", "80690170 -: 6A86 is not"),
    ("records/emu/pin", "CC01", "CE01", "SELECT key: no test reaches 9000"),
    ("records/emu/pin", "10A40400 E82B 6A82", "10A40400 E82B 9000", "(part) E82B: 9000"),
    ("records/emu/pin", "0CA40000 2F02 6A82", "0CA40000 2F02 6988", "(protected) 2F02: 6988"),
    ("records/emu/pin", "sign__right", "dispatch__random_bytes__x", "SIGN: no test reaches 9000"),
    ("specs/command-coverage.md", "sign__right", "sign__other", "not up to date"),
]


def table(action, root):
    run = subprocess.run(
        [sys.executable, "-B", TABLE, action, root, root / "records", "emu/pin"],
        capture_output=True,
        text=True,
        check=False,
    )
    return run.returncode, run.stdout + run.stderr


def plant(root):
    for name, text in GOOD.items():
        path = root / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
    (root / "specs").mkdir()
    return table("write", root)


def complaint(fault):
    name, old, new, word = fault
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        plant(root)
        text = (root / name).read_text()
        (root / name).write_text(text.replace(old, new))
        status, output = table("check", root)
    if old not in text or status == 0 or word not in output:
        yield f"{name} with {new!r} for {old!r}: should say {word!r}:\n{output}"


def good():
    with tempfile.TemporaryDirectory() as folder:
        for status, output in (plant(Path(folder)), table("check", Path(folder))):
            if status != 0:
                yield f"complains about what is covered:\n{output}"


def main():
    complaints = [*good()]
    for fault in FAULTS:
        complaints += complaint(fault)
    for text in complaints:
        print(text)
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
