"""The contacts of the board that is a process: their levels come as UDP datagrams from the simulated station.

A datagram names each contact with its level, `ESTOP 1 RESET 0` (1: closed). It goes to the port that `wiring.json` in
the current directory names, `{"inputs_port": N}`, on 127.0.0.1. A contact that no datagram named for a second is
unknown, as a cut wire is on a real board.
"""

import json
import select
import socket
from array import array

STALE_MS = 1000
# The ticks of every runtime wrap at a multiple of 2^30 ms, so the low 30 bits of a difference are the time passed.
_TICKS = 0x3FFFFFFF
_MOST_PER_POLL = 8  # a flood of datagrams must not hold the cycle
_LONGEST = 128  # bytes of a datagram


class Inputs:
    """names: the contacts to read. port: of the datagrams (None: from wiring.json; 0: a free one, see `port`).

    Without wiring.json every contact stays unknown. Raises OSError when the port is taken.
    """

    def __init__(self, names, port=None):
        self.names = tuple(names)
        self.bad_datagrams = 0
        self._patterns = [name.encode() for name in self.names]
        self._levels = array("i", [-1] * len(self.names))
        self._seen_ms = array("i", [0] * len(self.names))
        self._socket = None
        self.port = wired_port() if port is None else port
        if self.port is not None:
            self._open()

    def _open(self):
        self._socket = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._socket.bind(socket.getaddrinfo("127.0.0.1", self.port)[0][-1])
        self._socket.setblocking(False)
        poller = select.poll()
        poller.register(self._socket, select.POLLIN)
        # MicroPython's ipoll makes no list. Its readinto() would join datagrams until the buffer is full, so recv() it
        # is: one small object for a datagram, none while nothing comes.
        self._waiting = getattr(poller, "ipoll", poller.poll)
        if hasattr(self._socket, "getsockname"):
            self.port = self._socket.getsockname()[1]

    def poll(self, now_ms):
        """Takes what has come; call it once a cycle, just before the levels are read."""
        if self._socket is not None:
            for _ in range(_MOST_PER_POLL):
                if not self._has_datagram():
                    break
                if not self._take(self._socket.recv(_LONGEST), now_ms):
                    self.bad_datagrams += 1
        for index in range(len(self._levels)):
            if self._levels[index] >= 0 and (now_ms - self._seen_ms[index]) & _TICKS > STALE_MS:
                self._levels[index] = -1

    def level(self, name) -> int:
        """1: closed, 0: open, -1: unknown. Raises ValueError for a name that was not asked for."""
        return self._levels[self.names.index(name)]

    def close(self):
        if self._socket is not None:
            self._socket.close()
            self._socket = None

    def _has_datagram(self):
        for _ in self._waiting(0):
            return True
        return False

    def _take(self, datagram, now_ms):
        """Reads `NAME 0|1` pairs without making objects; False when the datagram is something else."""
        start, count = 0, len(datagram)
        while start < count:
            end = start
            while end < count and datagram[end] != 0x20:
                end += 1
            # After the name: a space, one digit, and a space or the end.
            if end == start or end + 1 >= count or not 0x30 <= datagram[end + 1] <= 0x31:
                return False
            if end + 2 < count and datagram[end + 2] != 0x20:
                return False
            for index in range(len(self._patterns)):
                if _is(self._patterns[index], datagram, start, end):
                    self._levels[index] = datagram[end + 1] - 0x30
                    self._seen_ms[index] = now_ms
            start = end + 3
        return count > 0


def _is(pattern, datagram, start, end):
    if end - start != len(pattern):
        return False
    for offset in range(end - start):
        if datagram[start + offset] != pattern[offset]:
            return False
    return True


def wired_port(path="wiring.json"):
    """The port that the wiring of this board gives to its contacts, or None when there is none."""
    try:
        with open(path) as file:
            port = json.load(file).get("inputs_port")
    except (OSError, ValueError, AttributeError):
        return None
    return port if isinstance(port, int) and not isinstance(port, bool) and 0 < port < 65536 else None
