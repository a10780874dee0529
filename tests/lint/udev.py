"""The udev rule names the devices of module/wire/quirks.c, each once, and gives them all the same
rights."""

import re

import tree

ROW = re.compile(r"\{ 0x([0-9A-F]{4}), 0x([0-9A-F]{4}),")
RULE = re.compile(
    r'ATTR\{idVendor\}=="([0-9a-f]{4})", ATTR\{idProduct\}=="([0-9a-f]{4})", '
    r'MODE="0660", GROUP="plugdev", TAG\+="uaccess"'
)


def check(root):
    quirks = (root / "module/wire/quirks.c").read_text()
    lines = (root / "udev/60-twinhsm.rules").read_text().splitlines()
    known = {f"{vid}:{pid}".lower() for vid, pid in ROW.findall(quirks)}
    named = []
    complaints = []
    for number, line in enumerate(lines, 1):
        if "idVendor" not in line:
            continue
        rule = RULE.fullmatch(line)
        if rule is None:
            complaints.append(f"udev/60-twinhsm.rules:{number}: not as the others")
        else:
            named.append(":".join(rule.groups()))
    if not known:
        complaints.append("module/wire/quirks.c: no device found")
    for device in sorted(known ^ set(named)):
        complaints.append(f"{device}: only in one of quirks.c and 60-twinhsm.rules")
    for device in sorted({d for d in named if named.count(d) > 1}):
        complaints.append(f"udev/60-twinhsm.rules: {device} twice")
    return complaints


if __name__ == "__main__":
    tree.run(check)
