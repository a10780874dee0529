"""A card on its Unix socket, command by command.

wire.py send SOCKET HEX...          sends commands, prints the answers in hexadecimal
wire.py cut SOCKET FOLDER N HOW -- COMMAND...
                                    runs a command whose card is FOLDER/cut; before it sends its
                                    command N to the card, either the card loses its power or the
                                    process is killed (HOW: power, kill). Exit status of the
                                    command; 99 when N commands were never sent
"""

import os
import signal
import socket
import subprocess
import sys
import threading

HEAD = 4
WHOLE = 99


def take(sock, n):
    """The next n bytes; None at the end."""
    data = b""
    while len(data) < n:
        more = sock.recv(n - len(data))
        if not more:
            return None
        data += more
    return data


def get(sock):
    head = take(sock, HEAD)
    return None if head is None else take(sock, int.from_bytes(head, "big"))


def put(sock, message):
    sock.sendall(len(message).to_bytes(HEAD, "big") + message)


def connect(path):
    sock = socket.socket(socket.AF_UNIX)
    sock.connect(path)
    return sock


def send(path, commands):
    card = connect(path)
    put(card, b"\x01")
    for command in commands:
        put(card, bytes.fromhex(command))
        print(get(card).hex().upper())


class Cut:
    """Carries messages from a process to a card until the command that is one too many."""

    def __init__(self, path, folder, limit):
        self.card_path, self.limit = path, limit
        self.sent, self.happened = 0, False
        self.process = None
        self.kills = False
        self.front = socket.socket(socket.AF_UNIX)
        self.path = os.path.join(folder, "cut")
        if os.path.exists(self.path):
            os.unlink(self.path)
        self.front.bind(self.path)
        self.front.listen()

    def stop(self):
        self.happened = True
        if self.kills:
            self.process.send_signal(signal.SIGKILL)
            self.process.wait()

    def carry(self, host, card):
        """True when the connection has ended by itself."""
        while (message := get(host)) is not None:
            if len(message) > 1:
                self.sent += 1
                if self.sent == self.limit:
                    return False
            put(card, message)
            if len(message) > 1 or message == b"\x04":
                put(host, get(card))
        return True

    def serve(self):
        host, _ = self.front.accept()
        card = connect(self.card_path)
        if not self.carry(host, card):
            self.stop()
        card.close()
        host.close()
        self.front.close()


def cut(path, folder, limit, how, command):
    line = Cut(path, folder, limit)
    line.kills = how == "kill"
    thread = threading.Thread(target=line.serve, daemon=True)
    line.process = subprocess.Popen(command)
    thread.start()
    status = line.process.wait()
    thread.join()
    return (status if status >= 0 else 128 - status) if line.happened else WHOLE


def main():
    if sys.argv[1] == "send":
        send(sys.argv[2], sys.argv[3:])
        return 0
    path, folder, limit, how = sys.argv[2:6]
    return cut(path, folder, int(limit), how, sys.argv[7:])


if __name__ == "__main__":
    sys.exit(main())
