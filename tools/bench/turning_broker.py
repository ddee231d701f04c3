"""A way to a broker that turns bad: `python -m tools.bench.turning_broker PORT` prints a port of its own.

Connections to it are passed on to PORT of 127.0.0.1 until a line of its input names another way: `well`,
`unreachable` (nobody answers an attempt, and connections that are there fall silent), `slow` (one byte a second in
both directions) or `flood` (commands that nobody may give, as fast as the line takes them). Goes when its input ends.
"""

import json
import socket
import sys
import threading
import time

CONNACK = b"\x20\x02\x00\x00"
ALIKE = b'{"id":"flood","type":"dispatch","power_w":1000000}'
_WINDOW_BYTES = 4096  # so that a peer that does not read is felt at once
_LOOK_S = 0.05


def publication(topic: bytes, body: bytes) -> bytes:
    """A PUBLISH packet of QoS 0 with less than 16 kB."""
    length = 2 + len(topic) + len(body)
    head = bytes([0x30, length]) if length < 128 else bytes([0x30, 0x80 | length & 0x7F, length >> 7])
    return head + len(topic).to_bytes(2, "big") + topic + body


def topic_of(connect: bytes) -> bytes:
    """The command topic of the station that sends this CONNECT: its will names the station."""
    start = connect.find(b"guangchu/v1/")
    end = connect.find(b"/status", start)
    return connect[start:end] + b"/command" if 0 <= start < end else b"t"


class TurningBroker:
    def __init__(self, port):
        self.port, self.way = port, "well"
        self.listener = socket.socket()
        self.listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, _WINDOW_BYTES)
        self.listener.bind(("127.0.0.1", 0))
        self.listener.listen(0)
        self._fillers = []

    def turn(self, way):
        self.way = way
        for each in self._fillers:
            each.close()
        self._fillers = []
        if way == "unreachable":
            time.sleep(2 * _LOOK_S)  # nobody accepts any more
            for _ in range(3):
                filler = socket.socket()
                filler.setblocking(False)
                filler.connect_ex(self.listener.getsockname())
                self._fillers.append(filler)

    def serve(self):
        self.listener.settimeout(_LOOK_S)
        while True:
            if self.way == "unreachable":
                time.sleep(_LOOK_S)
                continue
            try:
                connection, _ = self.listener.accept()
            except TimeoutError:
                continue
            connection.settimeout(_LOOK_S)
            threading.Thread(target=self._one, args=(connection,), daemon=True).start()

    def _one(self, connection):
        try:
            with connection, socket.create_connection(("127.0.0.1", self.port)) as onward:
                onward.settimeout(_LOOK_S)
                self._greet(connection, onward)
        except OSError:
            pass  # one of the two has left

    def _greet(self, connection, onward):
        """The CONNECT is read here: a flood is for the station that sent it."""
        connection.settimeout(10)
        connect = connection.recv(4096)
        connection.settimeout(_LOOK_S)
        if self.way == "flood":
            connection.sendall(CONNACK)
        else:
            onward.sendall(connect)
        message = publication(topic_of(connect), ALIKE)
        back = threading.Thread(target=self._until_gone, args=(onward, connection, message), daemon=True)
        back.start()
        self._until_gone(connection, onward, b"")

    def _until_gone(self, source, target, flood):
        """Passes bytes from one to the other, each way as it is now. flood: what the target is flooded with."""
        try:
            while True:
                self._pass_some(source, target, flood)
        except OSError:
            for each in (source, target):  # the other direction is of no use any more
                try:
                    each.shutdown(socket.SHUT_RDWR)
                except OSError:
                    pass

    def _pass_some(self, source, target, flood):
        way = self.way
        if way == "unreachable":
            time.sleep(_LOOK_S)
            if self.way == "well":
                raise ConnectionError  # the silence has broken it
            return
        try:
            if way == "flood":
                if flood:
                    target.sendall(flood * 100)
                else:
                    source.recv(4096)
                return
            data = source.recv(1 if way == "slow" else 4096)
        except TimeoutError:
            return
        if not data:
            raise ConnectionError
        target.sendall(data)
        if way == "slow":
            time.sleep(1)


def main(port):
    broker = TurningBroker(port)
    threading.Thread(target=broker.serve, daemon=True).start()
    print(json.dumps(broker.listener.getsockname()[1]), flush=True)
    for line in sys.stdin:
        broker.turn(line.strip())


if __name__ == "__main__":
    main(int(sys.argv[1]))
