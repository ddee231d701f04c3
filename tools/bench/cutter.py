"""Passes TCP connections on to a port of 127.0.0.1 and cuts each after a second: `python -m tools.bench.cutter PORT`.

Prints its own port; goes when its input ends.
"""

import json
import selectors
import socket
import sys
import threading
import time

LIFE_S = 1.0


def pass_on(connection, port):
    end_s = time.monotonic() + LIFE_S
    with connection, socket.create_connection(("127.0.0.1", port)) as onward, selectors.DefaultSelector() as both:
        both.register(connection, selectors.EVENT_READ, onward)
        both.register(onward, selectors.EVENT_READ, connection)
        while time.monotonic() < end_s:
            for key, _ in both.select(0.05):
                data = key.fileobj.recv(4096)
                if not data:
                    return
                key.data.sendall(data)


def serve(listener, port):
    while True:
        connection, _ = listener.accept()
        threading.Thread(target=_one, args=(connection, port), daemon=True).start()


def _one(connection, port):
    try:
        pass_on(connection, port)
    except OSError:
        pass  # one of the two has left


def main(port):
    listener = socket.create_server(("127.0.0.1", 0))
    threading.Thread(target=serve, args=(listener, port), daemon=True).start()
    print(json.dumps(listener.getsockname()[1]), flush=True)
    sys.stdin.read()


if __name__ == "__main__":
    main(int(sys.argv[1]))
