"""The table of commands, status words and tests, from what the tests recorded.

table.py check ROOT RECORDS TEST...   complains unless everything stated is reached and nothing else
table.py write ROOT RECORDS TEST...   writes specs/command-coverage.md as well

commands.txt states forms and status words; dispatch.c says which instructions there are. Each TEST
("emu/pin") has left the file RECORDS/TEST; record.c says what is in it.
"""

import re
import sys
from fnmatch import fnmatchcase
from pathlib import Path
from typing import NamedTuple

STATED = "tests/coverage/commands.txt"
TABLE = "specs/command-coverage.md"
INSTRUCTION = re.compile(r"\b(INS_\w+) = 0x([0-9A-F]{2})")
ROW = re.compile(r"\{ *0x([0-9A-F]{2}), *(INS_\w+),")
CHAIN, SECURE = 0x10, 0x0C
# These look at no status word, so none counts as tested by them.
LOOKS_AWAY = ("dispatch__random_bytes__",)
SHOWN = 3
SOME = "[!-]*"

HEAD = """# Which test reaches which answer of the card

Made by `cmake --build build/dev --target command-coverage` from what the tests send; do not edit.
The forms and their status words are stated in `tests/coverage/commands.txt`. Named are at most
three tests for an answer, those of the command first. What the commands do:
[card-commands.md](card-commands.md).

| Command | Header | Data | Status word | Tests |
| --- | --- | --- | --- | --- |
"""


class Form(NamedTuple):
    name: str
    header: str  # of hex digits and wildcards, or a word in parentheses
    data: str
    words: tuple
    programs: tuple  # the command's own tests

    @property
    def pattern(self):
        return self.header.replace(" ", "")

    def fits(self, header, data):
        data_pattern = SOME if self.data == "+" else self.data
        return fnmatchcase(header, self.pattern) and fnmatchcase(data, data_pattern)


class Record(NamedTuple):
    header: str
    data: str
    word: str
    program: str
    test: str


def stated(root):
    for line in (root / STATED).read_text().splitlines():
        if line and not line.startswith("#"):
            name, header, data, words, programs = (cell.strip() for cell in line.split("|"))
            yield Form(name, header, data, (*words.split(),), (*programs.split(),))


def instructions(root):
    """CLA INS of every row of the card's table, and its name."""
    names = (root / "module/apdu/smartcardhsm.h").read_text()
    numbers = dict(INSTRUCTION.findall(names))
    rows = ROW.findall((root / "firmware-emu/dispatch.c").read_text())
    return {cla + numbers[name]: name for cla, name in rows}


def recorded(folder, programs):
    for program in programs:
        for line in (folder / program).read_text().splitlines():
            header, data, word, test = line.split()
            yield Record(header, data, re.sub("^63C.$", "63Cx", word), program, test)


def kind(record):
    """The header that commands.txt has for it: plain, or a word for what all commands share."""
    if record.header == "-":
        return "(malformed)"
    cla = int(record.header[:2], 16)
    plain = f"{cla & ~(CHAIN | SECURE):02X}{record.header[2:]}"
    if record.word == "6E00":
        return "(any)"
    if record.word == "6D00":
        return "(unknown)"
    if cla & CHAIN and record.word in ("9000", "6A80"):
        return "(part)"
    if cla & SECURE and record.word in ("6700", "6987", "6988"):
        return "(protected)"
    return plain


def sort_out(forms, records):
    """Tests by (form, status word), in the order in which they ran; and complaints."""
    reached, complaints = {}, {}
    for record in records:
        header = kind(record)
        form = next((f for f in forms if f.fits(header, record.data)), None)
        if form is None or record.word not in form.words:
            where = form.name if form else f"{header} {record.data}"
            complaints.setdefault(
                f"{where}: {record.word} is not stated, but {record.program} {record.test} got it"
            )
        elif not record.test.startswith(LOOKS_AWAY):
            reached.setdefault((form, record.word), {}).setdefault((record.program, record.test))
    return reached, [*complaints]


def gaps(forms, known, reached):
    heads = {form.pattern[:4] for form in forms if not form.header.startswith("(")}
    for head in sorted(heads - known.keys()):
        yield f"{head}: stated, but no command of dispatch.c"
    for head in sorted(known.keys() - heads):
        yield f"{known[head]}: not stated"
    for head, name in sorted(known.items()):
        if not any(form.pattern.startswith(head) for form, _ in reached):
            yield f"{name}: no test reaches it"
    for form in forms:
        for word in form.words:
            if (form, word) not in reached:
                yield f"{form.name}: no test reaches {word}"


def cell(form, tests):
    """Own tests first, of these the ones that are named after the command."""
    own = [t for t in tests if t[0].split("/")[1] in form.programs] or sorted(tests)
    command = form.name.lower().replace(" ", "_")
    own.sort(key=lambda t: not command.startswith(t[1].split("__")[0]))
    shown = [f"`test_{program.split('/')[1]}.c` {test}" for program, test in own[:SHOWN]]
    return "; ".join(shown) + (" and more" if len(own) > SHOWN else "")


def rows(forms, reached):
    for form in forms:
        header = "" if form.header.startswith("(") else f"`{form.header}`"
        data = {"*": "", "-": "none", "+": "some"}.get(form.data, f"`{form.data}`")
        for word in form.words:
            tests = cell(form, reached.get((form, word), {}))
            yield f"| {form.name} | {header} | {data} | {word} | {tests} |\n"


def main():
    action, root, folder, programs = sys.argv[1], *map(Path, sys.argv[2:4]), sys.argv[4:]
    forms, known = [*stated(root)], instructions(root)
    reached, complaints = sort_out(forms, recorded(folder, programs))
    complaints += gaps(forms, known, reached)
    made = HEAD + "".join(rows(forms, reached))
    if action == "write":
        (root / TABLE).write_text(made)
    elif not (root / TABLE).is_file() or (root / TABLE).read_text() != made:
        complaints.append(
            f"{TABLE} is not up to date: cmake --build BUILD --target command-coverage makes it"
        )
    for complaint in complaints:
        print(complaint)
    if complaints:
        print(f"How commands are stated: the head of {STATED}")
    sys.exit(1 if complaints else 0)


if __name__ == "__main__":
    main()
