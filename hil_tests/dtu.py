"""A 4G DTU in transparent mode on a UART of the emulated board, and a platform on the broker behind it.

Broker and platform live in this machine's time, the board in its own: what comes from the broker is put on the wire as
soon as the board's time allows, so the network is as fast as the emulation is slow.
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


class Dtu:
    """What the board sends goes into a TCP connection to `port`, and back; a lost one is dialled again. Call `turn()`
    often.

    is_held: what the broker says is kept back, as a mobile network does for some seconds. is_cut: the connection is
    away. dials: connections so far.
    """

    def __init__(self, board, uart, port):
        self.board, self.uart, self.port = board, uart, port
        self.is_held, self.is_cut, self.dials = False, False, 0
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

    def turn(self):
        if self.is_cut:
            self._hang_up()
        elif self._line is None:
            if self.board.now_ns >= self._dial_ns:
                self._dial()
        elif not self.is_held:
            try:
                while self._line is not None and select.select([self._line], [], [], 0)[0]:
                    data = self._line.recv(4096)
                    if data:
                        self.board.send(self.uart, self.board.now_ns, data)
                    else:
                        self._hang_up()
            except OSError:
                self._hang_up()

    def _dial(self):
        try:
            self._line = socket.create_connection((HOST, self.port), 5)
            self.dials += 1
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

    def _take(self, client, userdata, message):
        kind = message.topic.removeprefix(self.root)
        if kind != "command":
            self.got.setdefault(kind, []).append(json.loads(message.payload))

    def _call(self, coroutine):
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(30)
