"""One TCP connection that never blocks the loop: opened, read and written a piece at a time.

MicroPython's `asyncio.open_connection` resolves names in the loop (blocking) and leaves its socket open when it is
cancelled; CPython's streams buffer without bound. Both are avoided: the caller resolves the address once, the socket is
always closed here, and a write ends only when the kernel has the bytes.
"""

# The board's stubs know neither CPython's half of this file nor the poller inside MicroPython's loop.
# pyright: reportAttributeAccessIssue=false, reportGeneralTypeIssues=false

import asyncio
import socket
import sys

from firmware.mqtt.errors import ConnectionClosed

_MICROPYTHON = sys.implementation.name == "micropython"

_IPPROTO_TCP = 6
_TCP_NODELAY = 1


def resolve(host: str, port: int) -> tuple:
    """Address of the broker for `open()`. Blocks while a *name* is looked up; an IP address needs no look-up."""
    return socket.getaddrinfo(host, port, 0, socket.SOCK_STREAM)[0]


class Link:
    """A non-blocking TCP connection. Whoever reads or writes is cancelled before `close()`, which may be repeated."""

    def __init__(self):
        self._socket = None
        self._open = False

    @property
    def is_open(self) -> bool:
        return self._open

    async def open(self, address: tuple) -> None:
        """Connect to an address from `resolve`. Raises OSError. The caller limits the time by cancelling."""
        self.close()
        self._socket = socket.socket(address[0], address[1], address[2])
        self._socket.setblocking(False)
        try:
            # a packet is one write, so waiting for more bytes (Nagle) could only delay it
            self._socket.setsockopt(_IPPROTO_TCP, _TCP_NODELAY, 1)
        except (OSError, AttributeError):
            pass  # a port without the option is slower, not wrong
        try:
            await self._connect(address[-1])
            self._open = True
        except BaseException:
            self.close()
            raise

    def close(self) -> None:
        self._open = False
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    if _MICROPYTHON:

        async def _connect(self, address) -> None:
            from errno import EINPROGRESS

            try:
                self._socket.connect(address)
            except OSError as error:
                if error.errno != EINPROGRESS:
                    raise
            # a refused connection also becomes writable; the first write then raises the reason
            await _writable(self._socket)

        async def read_some(self, buffer: bytearray) -> int:
            """Bytes read into `buffer`, at least 1. Raises OSError, ConnectionClosed."""
            while True:
                await _readable(self._socket)
                count = self._socket.readinto(buffer)
                if count:
                    return count
                if count == 0:
                    raise ConnectionClosed("the broker closed the connection")

        async def write_all(self, packet: bytearray) -> None:
            """Hand the whole packet to the kernel, in one write unless the kernel takes only part. Raises OSError."""
            done = self._socket.write(packet) or 0
            if done < len(packet):
                rest = memoryview(packet)
                while done < len(packet):
                    await _writable(self._socket)
                    done += self._socket.write(rest[done:]) or 0

    else:

        async def _connect(self, address) -> None:
            await asyncio.get_running_loop().sock_connect(self._socket, address)

        async def read_some(self, buffer: bytearray) -> int:
            count = await asyncio.get_running_loop().sock_recv_into(self._socket, buffer)
            if count == 0:
                raise ConnectionClosed("the broker closed the connection")
            return count

        async def write_all(self, packet: bytearray) -> None:
            await asyncio.get_running_loop().sock_sendall(self._socket, packet)


if _MICROPYTHON:
    # The poller of MicroPython's loop: queue the running task for the socket, then give way until it is ready.
    def _readable(sock):
        yield asyncio.core._io_queue.queue_read(sock)

    def _writable(sock):
        yield asyncio.core._io_queue.queue_write(sock)
