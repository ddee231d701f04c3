"""A device of the station: its readings, its setpoints, and how well it answers."""

from array import array

from drivers.reading import WHY_SILENT
from drivers.ticks import ticks_add, ticks_diff, ticks_ms

# Gun states after normalisation.
IDLE, PREPARING, CHARGING, SUSPENDED, FAULT, UNAVAILABLE = 0, 1, 2, 3, 4, 5

# Upper edges of the buckets, ms; the last bucket holds everything above.
_EDGES_MS = (1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 96, 128, 192, 256, 384, 512, 768, 1024)
_LONGEST_SILENCE_MS = 1 << 28  # 3.1 days: half of what a difference of ticks can tell
_HALVE_AT = 4096  # answers in one bucket; then all are halved, so that the newest few thousand answers decide


class Health:
    """Counters since start. requests: put on the wire; answers: of the device itself, exception replies included;
    ok: those that did what was asked; protocol_errors: bytes that are no answer; closed: requests that a lost line cut
    off. last_good_ms: ticks of the last answer, of the start before the first one; quarantined: probed with back-off
    because it does not answer.
    last_error: the newest ModbusError.   turnaround_max_ms: longest time from a request sent to its answer complete,
    air time included.

    What a device that is well never needs is on the class until then.
    """

    timeouts = crc_errors = exceptions = protocol_errors = closed = 0
    quarantined = False
    last_error = None

    def __init__(self):
        self.requests = 0
        self.answers = 0
        self.ok = 0
        self.last_good_ms: "int" = ticks_ms()  # pyright: ignore (the stubs tell kinds of ticks apart)
        self.ever_answered = False
        self.turnaround_max_ms = 0
        self._buckets = array("H", bytearray(2 * len(_EDGES_MS) + 2))

    def add_turnaround(self, duration_ms: int):
        """Another answer came after this time."""
        if duration_ms > self.turnaround_max_ms:
            self.turnaround_max_ms = duration_ms
        buckets = self._buckets
        at = 0
        while at < len(_EDGES_MS) and duration_ms > _EDGES_MS[at]:
            at += 1
        buckets[at] += 1
        if buckets[at] >= _HALVE_AT:
            for at in range(len(buckets)):
                buckets[at] >>= 1

    def turnaround_ms(self, permille: int) -> int:
        """The time within which this share of the answers came: the upper edge of its bucket, at most the longest time
        seen. 0 before the first answer."""
        need = (sum(self._buckets) * permille + 999) // 1000
        if not need:
            return 0
        for at in range(len(_EDGES_MS)):
            need -= self._buckets[at]
            if need <= 0:
                return min(_EDGES_MS[at], self.turnaround_max_ms)
        return self.turnaround_max_ms


class Device:
    """id, role, unit, bus_id as in the station file; params: the device's object of the station file.

    readings, setpoints: by normalised name.   facts: what a SunSpec device told about itself, e.g. scale factors.
    gave_up: silent for so long that ticks would wrap: set by the bus.
    """

    facts: "dict | None" = None
    gave_up = False

    def __init__(self, params: dict, profile):
        from drivers import outfit  # forgotten once the station stands

        self.id = params["id"]
        self.role = params["role"]
        self.profile = profile
        self.params = params
        self.bus_id = params["bus"]
        self.unit = params["unit"]
        self.lost_after_ms = params.get("lost_after_ms", profile.lost_after_ms)
        self.readings, self.setpoints, self.health = outfit.made(params, profile)
        if profile.models:
            self.facts = {}

    def alive(self, now_ms: int) -> bool:
        """It answered within its `lost_after_ms`."""
        health = self.health
        if not health.ever_answered or self.gave_up:
            return False
        return ticks_diff(now_ms, health.last_good_ms) <= self.lost_after_ms

    def silence_ms(self, now_ms: int) -> int:
        """Since its last answer, or since the start when there was none; 0..2^28: a longer silence is told as that,
        however the ticks wrap, as long as somebody asks at least every three days."""
        health = self.health
        silence_ms = ticks_diff(now_ms, health.last_good_ms)
        if silence_ms > _LONGEST_SILENCE_MS:
            silence_ms = _LONGEST_SILENCE_MS
            health.last_good_ms = ticks_add(now_ms, -silence_ms)
        return max(0, silence_ms)

    def answered(self, now_ms: int, turnaround_ms: int):
        health = self.health
        health.last_good_ms = now_ms
        health.ever_answered = True
        health.answers += 1
        health.add_turnaround(turnaround_ms)
        if self.gave_up:
            self.gave_up = False

    def give_up(self):
        """Silent for minutes: its values are no values any more, however the ticks wrap."""
        self.gave_up = True
        for reading in self.readings.values():
            reading.absent(WHY_SILENT)
