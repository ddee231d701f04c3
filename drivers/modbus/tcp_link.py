"""A TCP connection that never blocks the loop: connect, send and receive return at once and are polled.

asyncio's streams are not used: on MicroPython a cancelled `open_connection` keeps its socket, a cancelled read drops
bytes that it already took, and a refused connection looks open until the first read.
"""

import select
import socket

from drivers.modbus.errors import Closed, Timeout
from drivers.ticks import sleep_ms, ticks_add, ticks_diff, ticks_ms

_IN_PROGRESS = (115, 36, 119, 10035)  # EINPROGRESS on Linux and lwIP, BSD, ESP-IDF, Windows
_AGAIN = (11, 35)  # EAGAIN
_CONNECT_POLL_MS = 2


class TcpLink:
    """host: IPv4 address (a name would have to be resolved, and that blocks the loop). port: 1 to 65535."""

    is_serial = False

    def __init__(self, host: str, port: int):
        parts = host.split(".")
        if len(parts) != 4 or not all(p.isdigit() and int(p) < 256 for p in parts):
            raise ValueError("host: an IPv4 address is needed, found " + host)
        self.name = "%s:%d" % (host, port)
        self._address = socket.getaddrinfo(host, port)[0][-1]
        self._socket = None
        self._readinto = None

    @property
    def is_open(self) -> bool:
        return self._socket is not None

    async def open(self, timeout_ms: int):
        """Connect. Raises Closed (refused, unreachable) or Timeout."""
        self.close()
        sock = socket.socket()
        connected = False
        try:
            sock.setblocking(False)
            try:
                sock.connect(self._address)
            except OSError as error:
                if error.errno not in _IN_PROGRESS:
                    raise Closed(self.name, 0, "a connection", "error %s" % error.errno)
            await self._connected(sock, timeout_ms)
            connected = True
        finally:
            if not connected:  # also when cancelled
                sock.close()
        self._socket = sock
        self._readinto = sock.readinto if hasattr(sock, "readinto") else sock.recv_into  # pyright: ignore[reportAttributeAccessIssue]

    async def _connected(self, sock, timeout_ms):
        poller = select.poll()
        poller.register(sock, select.POLLOUT)
        until = ticks_add(ticks_ms(), timeout_ms)
        while True:
            for _, events in poller.poll(0):
                if events & (select.POLLERR | select.POLLHUP):
                    raise Closed(self.name, 0, "a connection", "refused")
                return
            if ticks_diff(until, ticks_ms()) <= 0:
                raise Timeout(self.name, 0, "a connection within %d ms" % timeout_ms, "none")
            await sleep_ms(_CONNECT_POLL_MS)

    def write(self, frame, length: int):
        """Send the `length` bytes of `frame`. Raises Closed; a full send buffer counts as a dead peer, as at most one
        request is in flight."""
        try:
            sent = self._socket.send(frame)
        except OSError as error:
            raise Closed(self.name, 0, "an open connection", "error %s" % error.errno)
        if sent != length:
            raise Closed(self.name, 0, "room to send %d bytes" % length, sent)

    def read(self, buffer, at: int) -> int:
        """Bytes received into buffer[at:], 0 when none are there. Raises Closed."""
        if at >= len(buffer):
            return 0
        try:
            got = self._readinto(memoryview(buffer)[at:] if at else buffer)
        except OSError as error:
            if error.errno in _AGAIN:
                return 0
            raise Closed(self.name, 0, "an open connection", "error %s" % error.errno)
        if got is None:
            return 0
        if got == 0:
            raise Closed(self.name, 0, "an open connection", "closed by the peer")
        return got

    def is_sending(self) -> bool:
        return False

    def close(self):
        if self._socket is not None:
            self._socket.close()
            self._socket = None
            self._readinto = None
