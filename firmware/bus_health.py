"""The `health` messages: how well each device answers, one message for each bus every 10 s.

The buses take turns, so that a large station needs no long page for it.
"""

from array import array

from drivers.ticks import ticks_diff, ticks_ms
from firmware.telemetry import to_json

PERIOD_MS = 10000
_MOST_ANSWERS = 17000  # between two messages, far beyond any line; times 60000 still fits 31 bits


class BusHealth:
    """buses: the running buses of the station."""

    def __init__(self, buses):
        self.seq = 0
        self._buses = buses
        self._next = 0  # the bus whose turn it is
        now_ms = ticks_ms()
        self._turn_ms = now_ms
        self._told_ms = [now_ms for _ in buses]
        self._answers = [array("l", [device.health.answers for device in bus.devices]) for bus in buses]

    def is_due(self, now_ms: int) -> bool:
        """Whether it is time for the next bus."""
        buses = len(self._buses)
        return buses > 0 and ticks_diff(now_ms, self._turn_ms) >= PERIOD_MS // buses

    def pieces(self, now_ms: int, unix_s: int | None):
        """The message of the bus whose turn it is, in pieces of bytes (firmware/telemetry.py says why); the turn is
        over when the first is taken."""
        at = self._next
        bus, before = self._buses[at], self._answers[at]
        elapsed_ms = max(1, ticks_diff(now_ms, self._told_ms[at]))
        self._turn_ms = self._told_ms[at] = now_ms
        self._next = (at + 1) % len(self._buses)
        self.seq += 1
        head = {"seq": self.seq, "at_ms": now_ms, "unix_s": unix_s, "bus": bus.id}
        head["open"] = bool(bus.client.link.is_open)
        yield to_json(head)[:-1]
        yield b',"devices":['
        comma = b""
        for index in range(len(bus.devices)):
            device = bus.devices[index]
            new = min(_MOST_ANSWERS, device.health.answers - before[index])
            before[index] = device.health.answers
            yield comma + to_json(_of_device(device, new * 60000 // elapsed_ms, now_ms))
            comma = b","
        yield b"]}"


def _of_device(device, answers_per_min, now_ms):
    health = device.health
    # A longer silence is not told as a number: ticks wrap.
    known = health.ever_answered and not device.gave_up
    return {
        "id": device.id,
        "quarantined": health.quarantined,
        "requests": health.requests,
        "answers": health.answers,
        "answers_per_min": answers_per_min,
        "turnaround_p50_ms": health.turnaround_ms(500),
        "turnaround_p99_ms": health.turnaround_ms(990),
        "turnaround_max_ms": health.turnaround_max_ms,
        "timeouts": health.timeouts,
        "crc_errors": health.crc_errors,
        "protocol_errors": health.protocol_errors,
        "exceptions": health.exceptions,
        "closed": health.closed,
        "last_good_age_ms": device.silence_ms(now_ms) if known else None,
    }
