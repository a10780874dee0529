"""Man pages are there and please mandoc; links from one document to another lead somewhere."""

import re
import subprocess

import tree

PAGES = ("twinhsm-emu.1", "twinhsm-tool.1", "twinhsm.conf.5", "twinhsm-pkcs11.7")
LINK = re.compile(r"\]\(([^)#:]+)(?:#[^)]*)?\)")


def check_pages(root):
    folder = root / "specs" / "man"
    for name in PAGES:
        if not (folder / name).is_file():
            yield f"specs/man/{name}: missing"
    for page in sorted(folder.glob("*.[1-8]")):
        run = subprocess.run(
            ["mandoc", "-Tlint", "-Wwarning", page], capture_output=True, text=True, check=False
        )
        if run.returncode != 0:
            yield run.stdout.strip().replace(str(root) + "/", "")


def check_links(root):
    for path in tree.files(root, (".md",)):
        for target in LINK.findall(path.read_text()):
            if not (path.parent / target).exists():
                yield f"{path.relative_to(root)}: link to {target}, which is not there"


def check(root):
    return [*check_pages(root), *check_links(root)]


if __name__ == "__main__":
    tree.run(check)
