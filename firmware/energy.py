"""Energy of the grid connection, each PV, storage and gun in the current quarter of an hour, from the measured power.

Sums are integers, carried over from watt-milliseconds into watt-hours, so nothing is lost to rounding. A span without a
reading counts as nothing, and `known_s` says how many seconds were measured.
"""

from array import array

from drivers.reading import GOOD
from drivers.ticks import ticks_diff

QUARTER_S = 900
_MOST_AGE_MS = 10000  # an older reading says nothing about now
_PARTS = 7  # of a channel: + Wh, Ws, W ms, then the same of -, then known ms
_MOST_STEP_MS = 5000


class Energy:
    """seen: Telemetry, which knows the devices. `sample(now_ms)` about once a second."""

    def __init__(self, seen, now_ms):
        devices = seen.pvs + seen.storages + seen.guns
        self.ids = ["grid"] + [each.id for each in devices]
        self._readings = [seen.grid] + [each.readings.get("power_w") for each in devices]
        self._sums = array("l", [0] * (_PARTS * len(self.ids)))
        self._at_ms = self._since_ms = now_ms
        self._quarter = None

    def sample(self, now_ms: int) -> None:
        step_ms = ticks_diff(now_ms, self._at_ms)
        self._at_ms = now_ms
        if not 0 < step_ms <= _MOST_STEP_MS:
            return
        sums = self._sums
        for at in range(len(self._readings)):
            reading = self._readings[at]
            if reading is None or reading.quality != GOOD or ticks_diff(now_ms, reading.at_ms) > _MOST_AGE_MS:
                continue
            part = at * _PARTS
            sums[part + 6] += step_ms
            if reading.value < 0:
                part += 3
            total = abs(reading.value) * step_ms + sums[part + 2]
            sums[part + 2] = total % 1000
            total = total // 1000 + sums[part + 1]
            sums[part + 1] = total % 3600
            sums[part] += total // 3600

    def ended(self, now_ms: int, now_s: int | None):
        """(start in unix s or None, length in s) of the quarter that has just ended, None while it goes on. Quarters
        are those of the wall clock where the time is known, else they are counted from the start of the last one."""
        passed_s = ticks_diff(now_ms, self._since_ms) // 1000
        quarter = None if now_s is None else now_s // QUARTER_S
        before, self._quarter = self._quarter, quarter
        if passed_s < QUARTER_S and (quarter == before or before is None or quarter is None):
            return None
        if passed_s < 1:
            return None
        return (None if now_s is None else now_s - passed_s), passed_s

    def take(self, now_ms: int) -> dict:
        """{id: [+ Wh, - Wh, known s]} since the last call. What is below a watt-hour goes into the next quarter."""
        sums, found = self._sums, {}
        for at in range(len(self.ids)):
            part = at * _PARTS
            found[self.ids[at]] = [sums[part], sums[part + 3], sums[part + 6] // 1000]
            sums[part] = sums[part + 3] = sums[part + 6] = 0
        self._since_ms = now_ms
        return found
