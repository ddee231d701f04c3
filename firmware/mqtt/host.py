"""CPython's sockets, plain and TLS, with the manners of MicroPython's: `readinto` and `write` give None where they
would wait, and `readable` and `writable` give way until they would not. Not on the board.
"""

# The board's stubs do not know CPython.
# pyright: reportAttributeAccessIssue=false

import asyncio
import socket
import ssl


class new_socket(socket.socket):
    """A TCP socket as MicroPython makes it. The lower-case name is that of the function it stands for."""

    def readinto(self, buffer):
        try:
            return self.recv_into(buffer)
        except BlockingIOError:
            return None

    def write(self, data):
        try:
            return self.send(data)
        except BlockingIOError:
            return None


class TlsSocket:
    """Wraps a connected socket; the handshake runs inside the first writes, as on MicroPython."""

    def __init__(self, context, sock, server_name):
        self._tls = context.wrap_socket(sock, server_hostname=server_name, do_handshake_on_connect=False)
        self.wants_read = False

    def fileno(self):
        return self._tls.fileno()

    def close(self):
        self._tls.close()

    def readinto(self, buffer):
        return self._try(self._tls.recv_into, buffer)

    def write(self, data):
        return self._try(self._tls.send, data)

    def _try(self, action, data):
        self.wants_read = False
        try:
            return action(data)
        except ssl.SSLWantReadError:
            self.wants_read = True
        except ssl.SSLWantWriteError:
            pass
        return None


async def readable(sock):
    await _ready(sock, asyncio.get_running_loop(), "reader")


async def writable(sock):
    wants_read = isinstance(sock, TlsSocket) and sock.wants_read
    await _ready(sock, asyncio.get_running_loop(), "reader" if wants_read else "writer")


async def _ready(sock, loop, end):
    ready = asyncio.Event()
    number = sock.fileno()
    getattr(loop, "add_" + end)(number, ready.set)
    try:
        await ready.wait()
    finally:
        getattr(loop, "remove_" + end)(number)
