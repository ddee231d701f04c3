"""How well a device answers: counters and the distribution of its turnaround. Plain integers, nothing is allocated."""

from array import array

# Upper edges of the buckets, ms; the last bucket holds everything above.
_EDGES_MS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024)
_HALVE_AT = 4096  # answers; then all counts are halved, so that the newest few thousand answers decide


class Turnaround:
    """Request sent to answer complete, in ms, air time included."""

    def __init__(self):
        self.last_ms = 0
        self.max_ms = 0
        self._counts = array("H", bytearray(2 * len(_EDGES_MS) + 2))
        self._total = 0

    def add(self, duration_ms: int):
        self.last_ms = duration_ms
        if duration_ms > self.max_ms:
            self.max_ms = duration_ms
        bucket = 0
        while bucket < len(_EDGES_MS) and duration_ms > _EDGES_MS[bucket]:
            bucket += 1
        counts = self._counts
        counts[bucket] += 1
        self._total += 1
        if self._total >= _HALVE_AT:
            self._total = 0
            for bucket in range(len(counts)):
                counts[bucket] >>= 1
                self._total += counts[bucket]

    def at_ms(self, permille: int) -> int:
        """The time within which this share of the answers came: the upper edge of its bucket, at most the longest time
        seen. 0 before the first answer."""
        need = (self._total * permille + 999) // 1000
        if not need:
            return 0
        seen = 0
        for bucket in range(len(_EDGES_MS)):
            seen += self._counts[bucket]
            if seen >= need:
                return min(_EDGES_MS[bucket], self.max_ms)
        return self.max_ms


class Health:
    """Counters since start. requests: put on the wire; answers: of the device itself, exception replies included;
    ok: those that did what was asked; protocol_errors: bytes that are no answer; closed: requests that a lost line cut
    off. last_good_ms: ticks of the last answer; quarantined: probed with back-off because it does not answer."""

    def __init__(self):
        self.requests = 0
        self.answers = 0
        self.ok = 0
        self.timeouts = 0
        self.crc_errors = 0
        self.exceptions = 0
        self.protocol_errors = 0
        self.closed = 0
        self.last_good_ms = 0
        self.ever_answered = False
        self.quarantined = False
        self.turnaround = Turnaround()
        self.last_error = None  # the newest ModbusError
