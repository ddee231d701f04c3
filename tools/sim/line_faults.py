"""What can go wrong on a wire, and what was seen on it: shared by the serial and the TCP line."""

import random
import time
from collections import deque

KEPT_POLLS = 200_000  # per unit: about 5 hours at 10 requests/s


class LineFaults:
    """Faults of one line, set at run time, and the log of requests.

    silent: units that neither hear nor answer; mute: units that hear and act but whose answers are lost; delay_ms:
    unit -> extra time before its answer leaves; noise: probability that a frame is damaged on its way, each direction
    by itself, from a seeded generator.
    """

    def __init__(self, seed=1):
        self.silent = set()
        self.mute = set()
        self.delay_ms = {}
        self.noise = 0.0
        self.damaged = 0
        self._random = random.Random(seed)
        self._polls = {}

    def record(self, unit, function, address, count, seen_s=None):
        log = self._polls.get(unit)
        if log is None:
            log = self._polls[unit] = deque(maxlen=KEPT_POLLS)
        log.append((time.monotonic() if seen_s is None else seen_s, function, address, count))

    def requests(self, unit):
        """All requests seen for a unit, oldest first: (monotonic_s, function code, address, count)."""
        return list(self._polls.get(unit, ()))

    def polls(self, unit, function, address):
        """Monotonic seconds at which each request with this function code and start address entered the line."""
        return [seen_s for seen_s, fc, start, _ in self._polls.get(unit, ()) if (fc, start) == (function, address)]

    def hit(self):
        """Whether noise strikes the next frame."""
        if self.noise <= 0.0 or self._random.random() >= self.noise:
            return False
        self.damaged += 1
        return True


def request_fields(pdu):
    """(function code, address, count) of a request PDU; address and count 0 where the function has none."""
    function = pdu[0] if pdu else 0
    if function in (1, 2, 3, 4, 15, 16, 23) and len(pdu) >= 5:
        return function, pdu[1] << 8 | pdu[2], pdu[3] << 8 | pdu[4]
    if function in (5, 6, 22) and len(pdu) >= 5:
        return function, pdu[1] << 8 | pdu[2], 1
    return function, 0, 0
