"""Which limits from outside are in force on which circuit, and until when.

A limit that nobody signed, or that cannot be dated, may only tighten. Several limits of one source can overlap: a tight
one for a minute must not end a looser one that was ordered for an hour. So each circuit keeps a small staircase of
limits, the tightest of which counts; it never holds two of which one is both looser and shorter. Nothing of one source
ends what another one has set. What changes a limit is in firmware/command_steps.py.
"""

from array import array

from drivers.ticks import ticks_diff

STEPS = 4
FREE = -1  # in place of a limit


class LimitsInForce:
    """Limits by source and circuit. `circuits` are the circuit objects of the station file ("id", "cap_w" in W), or
    objects like them of what else is limited, which `kind` names. `orders`: what else the platform has ordered, once it
    has (firmware/orders.py). `steps_w`, `steps_until_ms`: STEPS places for each circuit of each source.

    `effective_w` and `source` allocate nothing: they are asked in every cycle.
    """

    def __init__(self, circuits: list, sources: tuple = ("mqtt",), kind: str = "circuit"):
        self.kind, self.orders = kind, None
        self.circuits = [circuit["id"] for circuit in circuits]
        self.sources = sources
        self._cap_w = [circuit["cap_w"] for circuit in circuits]
        slots = len(sources) * len(circuits) * STEPS
        self.steps_w = array("l", [FREE] * slots)
        self.steps_until_ms = array("l", [0] * slots)

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
        first = (source_index * len(self._cap_w) + circuit_index) * STEPS
        tightest_w = -1
        for at in range(first, first + STEPS):
            if self.steps_w[at] != FREE:
                if ticks_diff(self.steps_until_ms[at], now_ms) <= 0:
                    self.steps_w[at] = FREE
                elif tightest_w < 0 or self.steps_w[at] < tightest_w:
                    tightest_w = self.steps_w[at]
        return tightest_w

    def items(self, now_ms: int) -> list:
        """What is in force, for telemetry: [{"source", "circuit", "w", "expires_s"}, ...], seconds rounded up."""
        found = []
        for source_index in range(len(self.sources)):
            for circuit_index in range(len(self._cap_w)):
                first = (source_index * len(self._cap_w) + circuit_index) * STEPS
                self.limit_w(source_index, circuit_index, now_ms)
                for at in range(first, first + STEPS):
                    if self.steps_w[at] != FREE:
                        left_ms = ticks_diff(self.steps_until_ms[at], now_ms)
                        found.append(
                            {
                                "source": self.sources[source_index],
                                self.kind: self.circuits[circuit_index],
                                "w": self.steps_w[at],
                                "expires_s": (left_ms + 999) // 1000,
                            }
                        )
        return found
