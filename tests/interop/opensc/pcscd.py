#!/usr/bin/env python3
"""Becomes a pcscd with nothing but a virtual reader, or the readers on USB, on a socket of its own.

usage: pcscd.py FOLDER [--usb]

pcscd has no option for its socket, but takes one from systemd as descriptor 3.  FOLDER gets the
socket `comm` (for PCSCLITE_CSOCK_NAME), the configuration, and `port`, where the card connects to.
The reader driver listens on that port and the one above it.
"""
import os
import random
import socket
import sys

DRIVER = "/usr/lib/pcsc/drivers/serial/libifdvpcd.so"


def is_free(port):
    for number in (port, port + 1):
        with socket.socket() as probe:
            try:
                probe.bind(("", number))
            except OSError:
                return False
    return True


def free_port():
    """Below the ports that the system gives to outgoing connections."""
    while True:
        port = random.randrange(10000, 32000, 2)
        if is_free(port):
            return port


def write(path, text):
    with open(path + ".new", "w", encoding="ascii") as file:
        file.write(text)
    os.rename(path + ".new", path)


def configure(conf):
    """The port of the virtual reader."""
    port = free_port()
    write(
        os.path.join(conf, "reader"),
        f'FRIENDLYNAME "Virtual PCD"\nDEVICENAME /dev/null:{port:#x}\n'
        f"LIBPATH {DRIVER}\nCHANNELID {port:#x}\n",
    )
    return port


def main():
    folder = os.path.abspath(sys.argv[1])
    conf = os.path.join(folder, "conf")
    os.mkdir(conf)
    port = 0 if "--usb" in sys.argv else configure(conf)
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(os.path.join(folder, "comm"))
    listener.listen(16)
    write(os.path.join(folder, "port"), f"{port}\n")
    if listener.fileno() != 3:
        os.dup2(listener.fileno(), 3)
    os.set_inheritable(3, True)
    os.environ.update(LISTEN_FDS="1", LISTEN_PID=str(os.getpid()))
    os.environ["PATH"] += ":/usr/sbin"
    os.execvp("pcscd", ["pcscd", "-f", "-c", conf])


main()
