"""PINs typed on a terminal: asked for twice, never echoed; what giving up and mistyping do."""

import os
import pty
import re
import subprocess
import sys
import tempfile
import time

SKIPPED = 77
BIN = os.environ["TWINHSM_BIN"]
PIN = "64821973"
SO_PIN = "3537363231383830"
SECONDS = 20


def card(folder):
    """A card as it leaves the factory, and the environment to use it."""
    path = os.path.join(folder, "my.token")
    made = [f"{BIN}/twinhsm-emu", "create", "--kdf", "cheap", path]
    subprocess.run(made, check=True, stdout=subprocess.DEVNULL)
    return {"HOME": folder, "TWINHSM_CARDS": f"emu:{path}", "PATH": os.environ["PATH"]}


def talk(command, env, dialogue):
    """Runs the command on a terminal of its own. For each (prompt, keys) waits for the prompt, then
    types the keys. Exit status, and all that the terminal showed."""
    pid, terminal = pty.fork()
    if pid == 0:
        os.execvpe(command[0], command, env)
    shown, place, end = "", 0, time.monotonic() + SECONDS
    dialogue = list(dialogue)
    while time.monotonic() < end:
        try:
            shown += os.read(terminal, 4096).decode()
        except OSError:  # the other side is closed
            break
        while dialogue and dialogue[0][0] in shown[place:]:
            prompt, keys = dialogue.pop(0)
            place = shown.index(prompt, place) + len(prompt)
            os.write(terminal, keys.encode())
    os.close(terminal)
    return os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1]), shown


def expect(what, true, shown=""):
    if not true:
        sys.exit(f"FAILED: {what}\n{shown}")


def status_of(env):
    command = [f"{BIN}/twinhsm-tool"]
    run = subprocess.run(command, env=env, capture_output=True, text=True, check=True)
    return run.stdout


def initialize(env, so_pins, pins):
    dialogue = [
        ("Enter SO-PIN (", so_pins[0]),
        ("Enter SO-PIN again", so_pins[1]),
        ("Enter initial User-PIN (", pins[0]),
        ("Enter initial User-PIN again", pins[1]),
    ]
    command = [f"{BIN}/twinhsm-tool", "--initialize", "--label", "typed"]
    return talk(command, env, dialogue)


def check_initialize(env):
    so_pin, pin = SO_PIN + "\n", PIN + "\n"

    status, shown = initialize(env, (so_pin, so_pin), (pin, "64821974\n"))
    expect("two PINs that differ are refused", status == 1 and "differ" in shown, shown)
    status, shown = initialize(env, (so_pin, "\x03"), (pin, pin))
    expect("an interrupt gives up", status == 1 and "no SO-PIN" in shown, shown)
    status, shown = initialize(env, (so_pin, so_pin), ("x" * 65 + "\n", pin))
    expect("a PIN without end is refused", status == 1 and "too long" in shown, shown)
    expect("nothing was changed", "never been initialized" in status_of(env))

    mistyped = "12\x7f\x7f" + PIN + "\n"
    started_again = "wrong\x15" + PIN + "\n"
    status, shown = initialize(env, (so_pin, so_pin), (mistyped, started_again))
    expect("corrected PINs are accepted", status == 0, shown)
    expect("nothing that was typed is shown", not re.search("3537|6482|12|wrong", shown), shown)
    expect("the label was written", "Label                : typed" in status_of(env))


def change(env, *typed):
    prompts = ["Enter user PIN :", "Enter new user PIN :", "Enter new user PIN again :"]
    return talk([f"{BIN}/twinhsm-tool", "pin", "change"], env, zip(prompts, typed))


def check_pin_change(env):
    old, new = PIN + "\n", "another-one\n"

    status, shown = change(env, old, new, "another-0ne\n")
    expect("two new PINs that differ are refused", status == 1 and "differ" in shown, shown)
    status, shown = change(env, "wrong-one\n", new, new)
    expect("a wrong PIN is counted", status == 1 and "tries left: 2" in shown, shown)
    status, shown = change(env, old, new, new)
    expect("the PIN is changed", status == 0 and "user PIN changed" in shown, shown)
    expect("nothing that was typed is shown", not re.search("6482|another|wrong", shown), shown)
    status, shown = change(env, new, old, old)
    expect("the new PIN is the PIN", status == 0, shown)


def check_delete(env):
    path = env["TWINHSM_CARDS"].removeprefix("emu:")
    command = [f"{BIN}/twinhsm-emu", "delete", path]

    status, shown = talk(command, env, [("for ever? [yes/no]", "y\n")])
    expect("only yes is yes", status == 1 and os.path.exists(path), shown)
    status, shown = talk(command, env, [("for ever? [yes/no]", "yes\n")])
    expect("yes deletes", status == 0 and not os.path.exists(path), shown)


try:
    for end in os.openpty():
        os.close(end)
except OSError as problem:
    print(f"skipped: this machine has no terminals to give ({problem})")
    sys.exit(SKIPPED)
with tempfile.TemporaryDirectory() as home:
    environment = card(home)
    check_initialize(environment)
    check_pin_change(environment)
    check_delete(environment)
print("all questions were asked and answered well")
