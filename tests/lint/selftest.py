"""Each lint test is shown a small tree without fault, then the same tree with one fault in it."""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

HERE = Path(__file__).resolve().parent

PAGE = """.Dd November 1, 2026
.Dt {0} {1}
.Os
.Sh NAME
.Nm {0}
.Nd page of a test
.Sh SEE ALSO
.Xr openssl 1
"""
LAYERS = """module/base:
module/card: module/base
firmware-emu: module/base
tools: module/card
pure: module/base
"""
RULE = (
    'ATTR{idVendor}=="20a0", ATTR{idProduct}=="4230", '
    'MODE="0660", GROUP="plugdev", TAG+="uaccess"\n'
)
GOOD = {
    "LICENSE": "as it is\n",
    "README.md": "[layers](specs/architecture.md)\n",
    "specs/architecture.md": f"text\n\n```layers\n{LAYERS}```\n",
    "specs/token-file.md": "text\n",
    "specs/man/twinhsm-emu.1": PAGE.format("TWINHSM-EMU", "1"),
    "specs/man/twinhsm-tool.1": PAGE.format("TWINHSM-TOOL", "1"),
    "specs/man/twinhsm.conf.5": PAGE.format("TWINHSM.CONF", "5"),
    "specs/man/twinhsm-pkcs11.7": PAGE.format("TWINHSM-PKCS11", "7"),
    "tests/lint/layers.txt": LAYERS,
    "module/base/rd.h": "int rd(void);\n",
    "module/base/rd.c": '#include "base/rd.h"\n\nint rd(void)\n{\n\treturn 0;\n}\n',
    "firmware-emu/emu.h": '#include "base/rd.h"\n',
    "module/card/card.h": '#include "base/rd.h"\n',
    "tools/tool.c": '#include "card/card.h"\n',
    "tests/golden/v.json": '{"a": {"b": "00112233", "c": "44:55:66:77", "note": "free text"}}\n',
    "tests/unit/v.c": 'static const char *const v[] = { "v.json", "a", "b", "44556677" };\n',
    "module/wire/quirks.c": "static const int known[][3] = {\n\t{ 0x20A0, 0x4230, 0 },\n};\n",
    "udev/60-twinhsm.rules": RULE,
    "scripts/run.sh": '#!/bin/sh\necho "$1"\n',
}
# lint, file, its faulty contents (None: it is not there), a word of the complaint
FAULTS = [
    ("udev.py", "udev/60-twinhsm.rules", "# none\n", "only in one"),
    ("udev.py", "udev/60-twinhsm.rules", RULE.replace("4230", "4231"), "20a0:4231"),
    ("udev.py", "udev/60-twinhsm.rules", RULE.replace("0660", "0666"), "not as the others"),
    ("udev.py", "udev/60-twinhsm.rules", RULE * 2, "twice"),
    ("udev.py", "module/wire/quirks.c", "\n", "no device found"),
    ("includes.py", "module/base/rd.c", '#include "card/card.h"\n', "module/base may not"),
    ("includes.py", "tools/tool.c", '#include "base/rd.h"\n', "tools may not"),
    ("includes.py", "module/base/rd.c", "#include <stdio.h>\n", "is pure"),
    ("includes.py", "module/base/rd.c", "#include <openssl/bio.h>\n", "is pure"),
    ("includes.py", "module/base/rd.c", '#include "base/gone.h"\n', "not there"),
    ("includes.py", "module/new/new.c", '#include "base/rd.h"\n', "not in the picture"),
    ("includes.py", "specs/architecture.md", "no picture\n", "layers.txt"),
    ("includes.py", "specs/architecture.md", "```layers\nmodule/base:\n```\n", "layers.txt"),
    ("size.py", "module/base/rd.c", "int x;\n" * 501, "501 lines"),
    ("size.py", "module/base/rd.c", "int f(void)\n{\n" + "\tx();\n" * 81 + "}\n", "function of 81"),
    ("size.py", "module/base/rd.c", "\t" * 10 + "x" * 21 + "\n", "columns"),
    ("size.py", "module/base/rd.c", "int f(void)\n{\n \tx();\n}\n", "a tab behind a space"),
    ("words.py", "module/base/rd.c", "/* TO" "DO */\n", "unfinished"),
    ("words.py", "README.md", "space \n", "space at the end"),
    ("words.py", "README.md", "no newline", "newline"),
    ("words.py", "README.md", "\U0001f600\n", "picture"),
    ("words.py", "LICENSE", None, "missing"),
    ("docs.py", "specs/man/twinhsm-emu.1", None, "missing"),
    ("docs.py", "specs/man/twinhsm-emu.1", ".Dd x\n.Bl -tag\n", "twinhsm-emu.1:"),
    ("docs.py", "README.md", "[x](specs/gone.md)\n", "gone.md"),
    ("golden.py", "tests/golden/w.bin", "bytes", "w.bin: no test names it"),
    ("golden.py", "tests/golden/v.json", '{"a": {"d": "00112233"}}', "looks up a/d"),
    ("golden.py", "tests/golden/v.json", '{"e": [{"name": "f", "b": "00112233"}]}', "up f/b"),
    ("golden.py", "tests/unit/v.c", 'char *v[] = { "v.json", "a", "b" };', "looks up a/c"),
    ("format.sh", "module/base/rd.c", "int  rd( void );\n", "should be clang-formatted"),
    ("scripts.sh", "scripts/run.sh", "#!/bin/sh\necho $1\n", "SC2086"),
]


def plant(root, contents):
    for name, text in contents.items():
        path = root / name
        path.unlink(missing_ok=True)
        if text is not None:
            path.parent.mkdir(parents=True, exist_ok=True)
            path.write_text(text)
    shutil.copy(HERE.parents[1] / ".clang-format", root)


def lint(name, root):
    """Exit status and output; 77 is how a shell lint says that its tool is not installed."""
    command = [sys.executable, "-B"] if name.endswith(".py") else ["sh"]
    run = subprocess.run(
        [*command, HERE / name, root], capture_output=True, text=True, check=False
    )
    return run.returncode, run.stdout + run.stderr


def exports(folder, c, listed):
    """exports.sh on a library made from `c` and a list of functions."""
    source, library, table = (Path(folder) / n for n in ("m.c", "m.so", "functions.def"))
    source.write_text(c)
    table.write_text(listed)
    subprocess.run(["cc", "-shared", "-fPIC", "-o", library, source], check=True)
    run = subprocess.run(
        ["sh", HERE / "exports.sh", library, table], capture_output=True, text=True, check=False
    )
    return run.returncode


def check_exports():
    one, two = "int C_One(void) { return 1; }\n", "int C_Two(void) { return 2; }\n"
    stray = "int stray(void) { return 3; }\n"
    listed = "X(C_One)\nX(C_Two)\n"
    with tempfile.TemporaryDirectory() as folder:
        for c, good in ((one + two, True), (one, False), (one + two + stray, False)):
            if (exports(folder, c, listed) == 0) != good:
                print(f"exports.sh: wrong about {c!r}")
                yield c


def main():
    failures = len([*check_exports()])
    for name in sorted({fault[0] for fault in FAULTS}):
        with tempfile.TemporaryDirectory() as folder:
            plant(Path(folder), GOOD)
            status, output = lint(name, folder)
        if status not in (0, 77):
            print(f"{name}: complains about a good tree:\n{output}")
            failures += 1
    for name, path, text, word in FAULTS:
        with tempfile.TemporaryDirectory() as folder:
            plant(Path(folder), {**GOOD, path: text})
            status, output = lint(name, folder)
        if status != 77 and (status == 0 or word not in output):
            print(f"{name}: lets pass {path}, should say {word!r}:\n{output}")
            failures += 1
    sys.exit(1 if failures else 0)


if __name__ == "__main__":
    main()
