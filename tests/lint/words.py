"""What must not be left in a text file: marks of unfinished work, stray spaces, pictures; and the
files that must be there."""

import re

import tree

UNFINISHED = re.compile(r"\b(" + "|".join(("TO" "DO", "FIX" "ME", "XX" "X")) + r")\b")
PICTURES = re.compile("[\u2600-\u27bf\U0001f000-\U0001faff]")
TRAILING = re.compile(r"[ \t]+$")
REQUIRED = ("LICENSE", "README.md", "specs/architecture.md", "specs/token-file.md")


def check_text(name, text):
    if text and not text.endswith("\n"):
        yield f"{name}: does not end with a newline"
    for number, line in enumerate(text.splitlines(), 1):
        if UNFINISHED.search(line):
            yield f"{name}:{number}: unfinished"
        if PICTURES.search(line):
            yield f"{name}:{number}: a picture among the letters"
        if TRAILING.search(line):
            yield f"{name}:{number}: space at the end"


def text_of(path):
    """None for binary files: seeds, tokens, DER."""
    try:
        text = path.read_bytes().decode()
    except UnicodeDecodeError:
        return None
    return None if "\0" in text else text


def is_data(path):
    return "seeds" in path.parts or "golden" in path.parts


def check(root):
    complaints = [f"{name}: missing" for name in REQUIRED if not (root / name).is_file()]
    for path in tree.files(root):
        text = None if is_data(path) else text_of(path)
        if text is not None:
            complaints += check_text(path.relative_to(root), text)
    return complaints


if __name__ == "__main__":
    tree.run(check)
