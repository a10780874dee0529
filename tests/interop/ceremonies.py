#!/usr/bin/env python3
"""The ceremonies of the manual page: each command as it is printed there, on a terminal, with
persons who type. Both cards must end with the same check value and the same key.

usage: ceremonies.py MANUAL
"""
import os
import pty
import re
import subprocess
import sys
import tempfile

SKIPPED = 77
BIN = os.environ["TWINHSM_BIN"]
PIN, SO_PIN = "64821973", "3537363231383830"


def commands(manual):
    """The command lines of each ceremony, by its heading."""
    with open(manual, encoding="utf-8") as file:
        text = file.read()
    text = text[text.index(".Sh CEREMONIES") :]
    text = text[: text.index("\n.Sh ", 1)]
    parts = re.split(r"^\.Ss (.*)$", text, flags=re.M)[1:]
    return {
        heading: re.findall(r"^\$ (.*)$", body, flags=re.M)
        for heading, body in zip(parts[::2], parts[1::2])
    }


def talk(command, environment, folder, answers):
    """Runs a command on a terminal of its own. Each time that it shows one of the patterns, what
    belongs to that is typed. What it showed; it must succeed."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.chdir(folder)
        words = command.split()
        os.execvpe(f"{BIN}/{words[0]}", words, environment)
    shown, place = "", 0
    while True:
        try:
            shown += os.read(terminal, 4096).decode()
        except OSError:  # the other side is closed
            break
        while True:
            hits = [(re.search(p, shown[place:]), typed) for p, typed in answers]
            hits = [(hit.end(), typed) for hit, typed in hits if hit]
            if not hits:
                break
            end, typed = min(hits, key=lambda hit: hit[0])
            place += end
            os.write(terminal, ((typed() if callable(typed) else typed) + "\n").encode())
    os.close(terminal)
    if os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]) != 0:
        sys.exit(f"FAILED: {command}\n{shown}")
    return shown


class Persons:
    """What they know, and type when asked."""

    def __init__(self):
        self.parts = {}
        self.present = []
        self.prime = ""

    def note(self, shown):
        form = r"Prime\s*: (\S+)\s+Share ID\s*: (\d+)\s+Share value\s*: (\S+)"
        for prime, number, value in re.findall(form, shown):
            self.prime = prime
            self.parts[number] = value

    def come(self, *numbers):
        self.present = [word for n in numbers for word in (n, self.parts[n])]

    def answers(self, password):
        return [
            (r"SO-PIN[^\n]*: ", SO_PIN),
            (r"User-PIN[^\n]*: ", PIN),
            (r"User PIN : ", PIN),
            (r"password[^\n]*: ", password),
            (r"[Pp]ress <enter>[^\n]*", ""),
            (r"enter prime: ", lambda: self.prime),
            (r"share (ID|value): ", lambda: self.present.pop(0)),
        ]


def address_of(path):
    """The token file itself, or the USB device that it is: see lib.sh."""
    if not os.environ.get("TWINHSM_CARRIER", "").startswith("usb-"):
        return f"emu:{path}"
    have = [os.environ["TWINHSM_MOCK"], "tell", "have", path]
    said = subprocess.run(have, check=True, capture_output=True, text=True).stdout
    return "usb:1-" + said.split()[0]


def new_card(folder, name):
    path = os.path.join(folder, f"{name}.token")
    made = [f"{BIN}/twinhsm-emu", "create", "--kdf", "cheap", path]
    subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
    # pkcs11-tool 0.23 reads what it has freed when it writes an EC public key to a file.
    tunables = "glibc.malloc.tcache_count=127"
    return {
        "HOME": folder,
        "TERM": "dumb",
        "PATH": os.environ["PATH"],
        "GLIBC_TUNABLES": tunables,
        **{name: os.environ[name] for name in ("LD_PRELOAD", "UMOCKDEV_DIR") if name in os.environ},
        "TWINHSM_CARDS": address_of(path),
    }


def p11(environment, *arguments):
    command = ["pkcs11-tool", "--module", os.environ["TWINHSM_MODULE"], *arguments]
    return subprocess.run(command, env=environment, check=True, capture_output=True).stdout


def make_key(environment):
    key = ["--key-type", "EC:prime256v1", "--id", "01"]
    p11(environment, "--login", "--pin", PIN, "--keypairgen", *key)


def public_key(environment):
    return p11(environment, "--read-object", "--type", "pubkey", "--id", "01")


def perform(folder, lines):
    """All commands in their order; the second --initialize is of another card."""
    persons, environment, values, cards = Persons(), None, [], []
    for line in lines:
        print("$", line, flush=True)
        if "--initialize" in line:
            environment = new_card(folder, f"card{len(cards)}")
            cards.append(environment)
        if "--wrap-key" in line:
            make_key(environment)
        if persons.parts and "--import-dkek-share" in line:
            persons.come(*("135" if len(cards) == 1 else "254"))
        password = "second password" if "second.pbe" in line else "first password"
        shown = talk(line, environment, folder, persons.answers(password))
        persons.note(shown)
        values += re.findall(r"key check value : ([0-9A-F]{16})", shown)
        if re.search(PIN + "|" + SO_PIN + "|" + password, shown):
            sys.exit(f"FAILED: a secret is shown\n{shown}")
    if len(cards) != 2 or len(values) != 2 or values[0] != values[1]:
        sys.exit(f"FAILED: check values {values}")
    if public_key(cards[0]) != public_key(cards[1]) or not public_key(cards[1]):
        sys.exit("FAILED: not the same key")


def main():
    try:
        for end in os.openpty():
            os.close(end)
    except OSError as problem:
        print(f"skipped: this machine has no terminals to give ({problem})")
        sys.exit(SKIPPED)
    found = commands(sys.argv[1])
    if len(found) != 2 or not all(found.values()):
        sys.exit("FAILED: not two ceremonies in the manual")
    for heading, lines in found.items():
        print("\n==", heading)
        with tempfile.TemporaryDirectory() as folder:
            perform(folder, lines)
    print("both ceremonies lead to the same key on a second card")


main()
