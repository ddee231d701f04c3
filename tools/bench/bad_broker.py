"""A broker that misbehaves: `python -m tools.bench.bad_broker WAY` prints its port, and goes when its input ends.

unreachable: nobody answers a connection attempt (the queue of a listener that never accepts is full). slow: one byte a
second. flood: small messages as fast as the line takes them. cut: accepts, and closes after half a second.
"""

import json
import socket
import sys
import threading
import time

CONNACK = b"\x20\x02\x00\x00"
MESSAGE = b"\x30\x06\x00\x01tabc"


def slow(connection):
    for byte in CONNACK + MESSAGE * 20:
        connection.sendall(bytes([byte]))
        time.sleep(1)


def flood(connection):
    connection.recv(4096)
    connection.sendall(CONNACK)
    connection.settimeout(0.5)
    while True:
        try:
            connection.sendall(MESSAGE * 500)
        except TimeoutError:
            pass


def cut(connection):
    time.sleep(0.5)


def serve(listener, way):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_one, args=(connection, way), daemon=True).start()


def _one(connection, way):
    with connection:
        try:
            way(connection)
        except OSError:
            pass  # the client has left


def main(name):
    listener = socket.create_server(("127.0.0.1", 0), backlog=0)
    fillers = []
    if name == "unreachable":
        for _ in range(3):
            filler = socket.socket()
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
            fillers.append(filler)
        time.sleep(0.2)
    else:
        way = {"slow": slow, "flood": flood, "cut": cut}[name]
        threading.Thread(target=serve, args=(listener, way), daemon=True).start()
    print(json.dumps(listener.getsockname()[1]), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(sys.argv[1])
