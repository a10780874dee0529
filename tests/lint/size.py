"""Sizes that keep a file readable in one sitting: lines of a file, lines of a function, columns."""

import tree

FILE_LINES = 500
FUNCTION_LINES = 80
COLUMNS = 100
TAB = 8


def functions(lines):
    """Line number and length of each function body: from a brace in column one to the next."""
    start = None
    for number, line in enumerate(lines, 1):
        if line == "{":
            start = number
        elif line == "}" and start is not None:
            yield start, number - start - 1
            start = None


def long_lines(lines):
    """Tables between "clang-format off" and "on" keep their columns."""
    fenced = False
    for number, line in enumerate(lines, 1):
        if "clang-format off" in line:
            fenced = True
        elif "clang-format on" in line:
            fenced = False
        if not fenced and len(line.expandtabs(TAB)) > COLUMNS:
            yield number


def check_file(name, lines, is_c):
    if len(lines) > FILE_LINES:
        yield f"{name}: {len(lines)} lines, more than {FILE_LINES}"
    for number in long_lines(lines):
        yield f"{name}:{number}: more than {COLUMNS} columns"
    for number, line in enumerate(lines, 1):
        indent = line[: len(line) - len(line.lstrip())]
        if " \t" in indent:
            yield f"{name}:{number}: a tab behind a space"
    if is_c:
        for number, length in functions(lines):
            if length > FUNCTION_LINES:
                yield f"{name}:{number}: function of {length} lines, more than {FUNCTION_LINES}"


def check(root):
    complaints = []
    for path in tree.files(root, (*tree.SOURCES, ".py", ".sh", ".cmake")):
        lines = path.read_text().splitlines()
        complaints += check_file(path.relative_to(root), lines, path.suffix in tree.SOURCES)
    return complaints


if __name__ == "__main__":
    tree.run(check)
