#!/usr/bin/env python3
"""A card that loses its power: stands between a program and `twinhsm-emu serve --socket`.

usage: power_cut.py SOCKET SERVED PID N
           listens at SOCKET; the card is at SERVED. After N commands kills process PID, the card,
           and is gone. Says "cut" then, and "whole" when the program needed no more.
       power_cut.py --send SERVED COMMAND...
           sends commands in hex, prints the answers
"""
import os
import signal
import socket
import struct
import sys


def receive(stream):
    """A message behind its length, None at the end."""
    head = stream.recv(4, socket.MSG_WAITALL)
    if len(head) < 4:
        return None
    return stream.recv(struct.unpack(">I", head)[0], socket.MSG_WAITALL)


def send(stream, message):
    stream.sendall(struct.pack(">I", len(message)) + message)


def connect(path):
    stream = socket.socket(socket.AF_UNIX)
    stream.connect(path)
    return stream


def stand_between(path, served, pid, limit):
    listener = socket.socket(socket.AF_UNIX)
    listener.bind(path)
    listener.listen()
    client, _ = listener.accept()
    card = connect(served)
    count = 0
    while True:
        message = receive(client)
        if message is None:
            print("whole")
            return
        is_command = len(message) > 1
        if is_command and count == limit:
            os.kill(pid, signal.SIGKILL)
            print("cut")
            return
        count += is_command
        send(card, message)
        # Of what is about power only the question for the ATR is answered.
        if is_command or message == b"\x04":
            send(client, receive(card))


def main():
    if sys.argv[1] == "--send":
        card = connect(sys.argv[2])
        for command in sys.argv[3:]:
            send(card, bytes.fromhex(command))
            print(receive(card).hex().upper())
    else:
        stand_between(sys.argv[1], sys.argv[2], int(sys.argv[3]), int(sys.argv[4]))


main()
