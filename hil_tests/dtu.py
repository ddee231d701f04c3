"""A 4G DTU in transparent mode on a UART of the emulated board, and a platform on the broker behind it.

Broker and platform live in this machine's time, the board in its own. What the board sends and the broker must answer
stops the board's time until the answer is there; it then arrives as much later as in a mobile network. So a run does
not depend on how fast the machine is; what the platform sends by itself comes with the next step of the board.
"""

import asyncio
import json
import select
import socket
import threading
import time

import paho.mqtt.client as mqtt

from tools.broker import Broker

HOST, USER, PASSWORD = "127.0.0.1", "station", "secret"
_REDIAL_NS = 300_000_000
_ROUND_TRIP_NS = 40_000_000
_ANSWER_S = 5  # of the broker, in this machine's time: then the board goes on without
_CONNECT, _CONNACK, _PUBLISH, _PUBACK, _SUBSCRIBE, _SUBACK, _PINGREQ, _PINGRESP = 1, 2, 3, 4, 8, 9, 12, 13


class _Packets:
    """Tells the MQTT packets of one direction of a connection apart."""

    def __init__(self):
        self._rest = b""

    def feed(self, data) -> list:
        """[(type, flags), ...] of the packets that are complete now."""
        self._rest += data
        found = []
        while (size := self._size()) and size <= len(self._rest):
            found.append((self._rest[0] >> 4, self._rest[0] & 15))
            self._rest = self._rest[size:]
        return found

    def _size(self):
        """Of the first packet, 0 while its header is not complete."""
        length = 0
        for at in range(1, min(5, len(self._rest))):
            length |= (self._rest[at] & 127) << 7 * (at - 1)
            if self._rest[at] < 128:
                return at + 1 + length
        return 0


class Dtu:
    """What the board sends goes into a TCP connection to `port`, and back; a lost one is dialled again. Call `turn()`
    often.

    is_held: what the broker says is kept back, as a mobile network does for some seconds. is_cut: the connection is
    away. dials: connections so far. published: messages that the board has sent.
    """

    def __init__(self, board, uart, port):
        self.board, self.uart, self.port = board, uart, port
        self.is_held, self.is_cut, self.dials, self.published = False, False, 0, 0
        self._line, self._dial_ns = None, 0
        board.peers[uart] = self
        board.heed_rts(uart)

    def heard(self, frame):
        self.turn()
        if self._line is not None:
            try:
                self._line.sendall(frame.data)
            except OSError:
                self._hang_up()
                return
            sent = self._to_broker.feed(frame.data)
            self.published += sum(kind == _PUBLISH for kind, _ in sent)
            self._owed += sum(
                kind in (_CONNECT, _SUBSCRIBE, _PINGREQ) or kind == _PUBLISH and flags & 6 != 0 for kind, flags in sent
            )
            until = time.monotonic() + _ANSWER_S
            while self._owed > 0 and not self.is_held and self._line is not None:
                left_s = until - time.monotonic()
                if left_s <= 0:
                    self._owed = 0
                else:
                    self._listen(left_s)

    def turn(self):
        if self.is_cut:
            self._hang_up()
        elif self._line is None:
            if self.board.now_ns >= self._dial_ns:
                self._dial()
        elif not self.is_held:
            while self._line is not None and self._listen(0):
                pass

    def _listen(self, seconds) -> bool:
        """Takes what the broker says within `seconds`; False when that is nothing."""
        try:
            if not select.select([self._line], [], [], seconds)[0]:
                return False
            data = self._line.recv(4096)
        except OSError:
            data = b""
        if not data:
            self._hang_up()
            return False
        answers = (_CONNACK, _PUBACK, _SUBACK, _PINGRESP)
        self._owed -= sum(kind in answers for kind, _ in self._from_broker.feed(data))
        self.board.send(self.uart, self.board.now_ns + _ROUND_TRIP_NS, data)
        return True

    def _dial(self):
        try:
            self._line = socket.create_connection((HOST, self.port), 5)
            self.dials += 1
            self._to_broker, self._from_broker, self._owed = _Packets(), _Packets(), 0
        except OSError:
            self._dial_ns = self.board.now_ns + _REDIAL_NS

    def _hang_up(self):
        if self._line is not None:
            self._line.close()
            self._line, self._dial_ns = None, self.board.now_ns + _REDIAL_NS

    def close(self):
        self._hang_up()


class Platform:
    """A broker of its own, and all that the station said: `got` {kind: [message]}. Leaving the context ends it."""

    def __init__(self, station):
        self.root = f"guangchu/v1/{station}/"
        self.got = {}
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, daemon=True)
        self._broker = Broker(USER, PASSWORD, 0)
        self._client = mqtt.Client(mqtt.CallbackAPIVersion.VERSION2, client_id="platform")

    def __enter__(self):
        self._thread.start()
        self._call(self._broker.start())
        self.port = self._broker.port
        self._client.username_pw_set(USER, PASSWORD)
        self._client.on_connect = lambda client, *_: client.subscribe(self.root + "#", qos=1)
        self._client.on_message = self._take
        self._client.connect(HOST, self.port, 60)
        self._client.loop_start()
        until = time.monotonic() + 20
        while not self._client.is_connected():
            assert time.monotonic() < until
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        self._client.disconnect()
        self._client.loop_stop()
        self._call(self._broker.stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def command(self, message: bytes):
        self._client.publish(self.root + "command", message, qos=1)

    def said(self, kind) -> list:
        return list(self.got.get(kind, []))

    def wait_for(self, messages):
        """Until so many messages of all kinds have come through the broker."""
        until = time.monotonic() + 60
        while sum(len(each) for each in list(self.got.values())) < messages:
            assert time.monotonic() < until, f"{ {kind: len(each) for kind, each in self.got.items()} } of {messages}"
            time.sleep(0.05)

    def _take(self, client, userdata, message):
        kind = message.topic.removeprefix(self.root)
        if kind != "command":
            self.got.setdefault(kind, []).append(json.loads(message.payload))

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)
