"""json_value.py TEXT PATH [WANT]: the value at PATH ("cards.0.label") of a JSON text must be WANT,
which is compared as text; without WANT it is printed. An array is joined by commas; no such member
is "-"."""

import json
import sys


def find(value, path):
    for name in path.split("."):
        try:
            value = value[int(name)] if isinstance(value, list) else value[name]
        except (KeyError, IndexError, ValueError, TypeError):
            return "-"
    return value


def as_text(value):
    if isinstance(value, list):
        return ",".join(as_text(inner) for inner in value)
    return value if isinstance(value, str) else json.dumps(value)


got = as_text(find(json.loads(sys.argv[1]), sys.argv[2]))
if len(sys.argv) == 3:
    print(got)
elif got != sys.argv[3]:
    sys.exit(f"FAILED: {sys.argv[2]} is '{got}', not '{sys.argv[3]}', in:\n{sys.argv[1]}")
