"""The broker over TCP: a connection that never blocks the loop, opened, read and written a piece at a time.

MicroPython's `asyncio.open_connection` resolves names in the loop (blocking) and leaves its socket open when it is
cancelled; CPython's streams buffer without bound. Both are avoided: the socket is always closed here, and a write ends
only when the kernel has the bytes. CPython's sockets are made to look like MicroPython's by `host.py`.
"""

# The board's stubs know neither CPython's part nor the poller inside MicroPython's loop.
# pyright: reportAttributeAccessIssue=false, reportGeneralTypeIssues=false

import asyncio
import socket
import sys

from firmware.mqtt.errors import ConnectionClosed

_IPPROTO_TCP = 6
_TCP_NODELAY = 1
_EINPROGRESS = (115, 119)  # Linux and lwIP; ESP-IDF
_LOOK_UP_AGAIN = 5  # connections in a row that failed, then the broker may have moved

if sys.implementation.name == "micropython":
    # The poller of MicroPython's loop: queue the running task for the socket, then give way until it is ready.
    def readable(sock):
        yield asyncio.core._io_queue.queue_read(sock)

    def writable(sock):
        yield asyncio.core._io_queue.queue_write(sock)

    new_socket = socket.socket
else:
    from firmware.mqtt.host import new_socket, readable, writable


class TcpLink:
    """host: address or name of the broker. Whoever reads or writes is cancelled before `close()`, which may be
    repeated. CONNACK must have come `connect_ms` after `open()` was called.
    """

    connect_ms = 5000

    def __init__(self, host: str, port: int):
        self._host = host
        self._port = port
        self._address = None
        self._socket = None
        self._opened = 0  # times since the broker said something

    async def open(self) -> None:
        """Connect. Raises OSError, MqttError. The caller limits the time by cancelling."""
        self.close()
        self._opened += 1
        if self._address is None or self._opened % _LOOK_UP_AGAIN == 0:
            self._address = await self._resolve()
        self._socket = new_socket()
        self._socket.setblocking(False)
        try:
            # a packet is one write, so waiting for more bytes (Nagle) could only delay it
            self._socket.setsockopt(_IPPROTO_TCP, _TCP_NODELAY, 1)
        except OSError:
            pass  # a port without the option is slower, not wrong
        try:
            self._socket.connect(self._address)
        except OSError as error:
            if error.errno not in _EINPROGRESS:
                raise
        # a refused connection also becomes writable; the first write then raises the reason
        await writable(self._socket)

    async def _resolve(self):
        host = self._host
        if not host.replace(".", "").isdigit():
            from firmware.mqtt.dns import look_up

            host = await look_up(host)
        return socket.getaddrinfo(host, self._port)[0][-1]

    def close(self) -> None:
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    async def read_some(self, buffer: bytearray) -> int:
        """Bytes read into `buffer`, at least 1. Raises OSError, ConnectionClosed."""
        while True:
            await readable(self._socket)
            count = self._socket.readinto(buffer)
            if count:
                self._opened = 0
                return count
            if count == 0:
                raise ConnectionClosed("stream", "its end", "none before DISCONNECT")

    async def write_all(self, packet: bytearray) -> None:
        """Hand the whole packet to the kernel, in one write unless the kernel takes only part. Raises OSError."""
        done = self._socket.write(packet) or 0
        if done < len(packet):
            rest = memoryview(packet)
            while done < len(packet):
                await writable(self._socket)
                done += self._socket.write(rest[done:]) or 0
