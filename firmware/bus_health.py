"""The `health` messages: how well each device answers, one message for each bus every 10 s.

The buses take turns, so that a large station needs the heap for one small message and not for one large one.
"""

from array import array

from drivers.ticks import ticks_diff, ticks_ms

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

    def message(self, now_ms: int):
        """The message of the bus whose turn it is, None when it is too early."""
        if not self._buses or ticks_diff(now_ms, self._turn_ms) < PERIOD_MS // len(self._buses):
            return None
        self._turn_ms = now_ms
        at = self._next
        self._next = (at + 1) % len(self._buses)
        return self._of_bus(at, now_ms)

    def _of_bus(self, at, now_ms):
        bus, before = self._buses[at], self._answers[at]
        elapsed_ms = max(1, ticks_diff(now_ms, self._told_ms[at]))
        self._told_ms[at] = now_ms
        self.seq += 1
        devices = []
        for index in range(len(bus.devices)):
            device = bus.devices[index]
            new = min(_MOST_ANSWERS, device.health.answers - before[index])
            before[index] = device.health.answers
            devices.append(_of_device(device, new * 60000 // elapsed_ms, now_ms))
        link = bus.client.link
        return {"seq": self.seq, "at_ms": now_ms, "bus": bus.id, "open": bool(link.is_open), "devices": devices}


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
