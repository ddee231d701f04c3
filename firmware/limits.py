"""Which limits from outside are in force on which circuit, and until when.

A limit that nobody signed, or that cannot be dated, may only tighten. Several limits of one source can overlap: a tight
one for a minute must not end a looser one that was ordered for an hour. So each circuit keeps a small staircase of
limits, the tightest of which counts; it never holds two of which one is both looser and shorter. Nothing of one source
ends what another one has set.
"""

from array import array

from drivers.ticks import ticks_add, ticks_diff

_STEPS = 4
_FREE = -1  # in place of a limit

# Ticks wrap at 2^30 ms on boards and compare over half of that, 6.2 days; a day stays far inside.
MAX_EXPIRES_S = 86_400


class LimitsInForce:
    """Limits by source and circuit. `circuits` are the circuit objects of the station file ("id", "cap_w" in W), or
    objects like them of what else is limited, which `kind` names. `orders`: what else the platform has ordered, once it
    has (firmware/orders.py).

    `effective_w` and `source` allocate nothing: they are asked in every cycle.
    """

    def __init__(self, circuits: list, sources: tuple = ("mqtt",), kind: str = "circuit"):
        self.kind, self.orders = kind, None
        self.circuits = [circuit["id"] for circuit in circuits]
        self.sources = sources
        self._cap_w = [circuit["cap_w"] for circuit in circuits]
        slots = len(sources) * len(circuits) * _STEPS
        self._limit_w = array("l", [_FREE] * slots)
        self._until_ms = array("l", [0] * slots)

    def cap_w(self, circuit_index: int) -> int:
        """The contract cap of the circuit in W: no limit in force can be looser."""
        return self._cap_w[circuit_index]

    def effective_w(self, circuit_index: int, now_ms: int) -> int:
        """The tightest of the contract cap and all limits in force on this circuit, in W."""
        tightest_w = self._cap_w[circuit_index]
        for source_index in range(len(self.sources)):
            limit_w = self.limit_w(source_index, circuit_index, now_ms)
            if 0 <= limit_w < tightest_w:
                tightest_w = limit_w
        return tightest_w

    def source(self, circuit_index: int, now_ms: int) -> str:
        """Who set what `effective_w` gives: "contract" or one of the sources."""
        tightest_w = self._cap_w[circuit_index]
        name = "contract"
        for source_index in range(len(self.sources)):
            limit_w = self.limit_w(source_index, circuit_index, now_ms)
            if 0 <= limit_w < tightest_w:
                tightest_w = limit_w
                name = self.sources[source_index]
        return name

    def limit_w(self, source_index: int, circuit_index: int, now_ms: int) -> int:
        """The tightest limit that this source has in force on this circuit in W, or -1. Lets go of what has expired."""
        first = (source_index * len(self._cap_w) + circuit_index) * _STEPS
        tightest_w = -1
        for at in range(first, first + _STEPS):
            if self._limit_w[at] != _FREE:
                if ticks_diff(self._until_ms[at], now_ms) <= 0:
                    self._limit_w[at] = _FREE
                elif tightest_w < 0 or self._limit_w[at] < tightest_w:
                    tightest_w = self._limit_w[at]
        return tightest_w

    def tighten(self, source_index: int, circuit_index: int, limit_w: int, expires_s: int, now_ms: int) -> None:
        """Put a limit in force for `expires_s` (1..86,400 s). The caller has made sure that it loosens nothing.

        Raises ValueError when it would, or when the time is out of range.
        """
        in_force_w = self.limit_w(source_index, circuit_index, now_ms)
        if not 0 <= limit_w <= self._cap_w[circuit_index] or (0 <= in_force_w < limit_w):
            raise ValueError("limit_w: %d would loosen what is in force" % limit_w)
        if not 1 <= expires_s <= MAX_EXPIRES_S:
            raise ValueError("expires_s: %d, allowed 1..%d" % (expires_s, MAX_EXPIRES_S))
        until_ms = ticks_add(now_ms, expires_s * 1000)
        first = (source_index * len(self._cap_w) + circuit_index) * _STEPS
        # Every limit in force is at least as loose as the new one: those that end no later are covered by it.
        for at in range(first, first + _STEPS):
            if self._limit_w[at] != _FREE and ticks_diff(self._until_ms[at], until_ms) <= 0:
                self._limit_w[at] = _FREE
        at = self._free(first)
        self._limit_w[at] = limit_w
        self._until_ms[at] = until_ms

    def withdraw(self, source_index: int, circuit_index: int) -> None:
        """End everything that this source has in force on this circuit."""
        first = (source_index * len(self._cap_w) + circuit_index) * _STEPS
        for at in range(first, first + _STEPS):
            self._limit_w[at] = _FREE

    def _free(self, first: int) -> int:
        """A free step. Without one, the two that last longest become one: the tighter power for the longer time."""
        for at in range(first, first + _STEPS):
            if self._limit_w[at] == _FREE:
                return at
        last = second = -1
        for at in range(first, first + _STEPS):
            if last < 0 or ticks_diff(self._until_ms[at], self._until_ms[last]) > 0:
                last, second = at, last
            elif second < 0 or ticks_diff(self._until_ms[at], self._until_ms[second]) > 0:
                second = at
        self._limit_w[last] = min(self._limit_w[last], self._limit_w[second])
        return second

    def items(self, now_ms: int) -> list:
        """What is in force, for telemetry: [{"source", "circuit", "w", "expires_s"}, ...], seconds rounded up."""
        found = []
        for source_index in range(len(self.sources)):
            for circuit_index in range(len(self._cap_w)):
                first = (source_index * len(self._cap_w) + circuit_index) * _STEPS
                self.limit_w(source_index, circuit_index, now_ms)
                for at in range(first, first + _STEPS):
                    if self._limit_w[at] != _FREE:
                        left_ms = ticks_diff(self._until_ms[at], now_ms)
                        found.append(
                            {
                                "source": self.sources[source_index],
                                self.kind: self.circuits[circuit_index],
                                "w": self._limit_w[at],
                                "expires_s": (left_ms + 999) // 1000,
                            }
                        )
        return found
