"""Whether the next sample can follow the one before it: powers that jump, counters that run backwards or ahead.

One sample that cannot follow is taken for a fault of the wire or of the device (32-bit counters read while they change
give spikes of 65536: sunsynk and SolaX drivers): the reading keeps its last value, with its old time, as SUSPECT. A
second one that agrees with the first is taken: then it is the world that has changed.
"""

from drivers.ticks import ticks_diff

# A power that may move by no more than this between two samples, by role: (device parameter, permille of it).
_JUMPS = {"pv": ("rated_w", 1100), "pcs": ("rated_w", 1100), "gun": ("max_w", 1100)}
_FOLLOWS_WITHIN_MS = 2000  # a power is only compared with a sample as fresh as this
_LONGEST_MS = 1 << 28
_STATION_MAX_W = 20000000  # what a counter counts at most where nothing tells the device's own rating


def guard(point, params, step: int):
    """The guard of a point's reading, None where there is nothing to hold it against. params: of the device; step: how
    much one count of the register changes the reading."""
    if point.meaning is not None or point.mask:
        return None
    if point.name.endswith("_wh"):
        most_w = params.get("max_w") or params.get("rated_w") or _STATION_MAX_W
        return Guard(2 * step + 2, most_w * 3 // 2)
    jump = point.jump
    if jump is None and point.name == "power_w":
        jump = _JUMPS.get(params.get("role"))
    if isinstance(jump, tuple):
        name, permille = jump
        if params.get(name) is None:
            return None
        jump = params[name] // 1000 * permille + params[name] % 1000 * permille // 1000
    return Guard(jump, 0) if jump else None


class Guard:
    """slack: change that is always possible, in the reading's unit.   counts_w: 0, or the power that an energy counter
    counts at most: it may then only rise, by `slack` and what that power gives in the time between."""

    def __init__(self, slack: int, counts_w: int):
        self.slack = slack
        self.counts_w = counts_w
        self._last = None  # newest sample accepted
        self._last_ms = 0
        self._doubt = None  # the sample that could not follow it
        self._doubt_ms = 0

    def accepts(self, value: int, at_ms: int, reading) -> bool:
        """False when `value`, asked for at ticks `at_ms`, cannot follow; the reading is then marked. Allocates
        nothing."""
        if (
            self._last is None
            or self._follows(value, at_ms, self._last, self._last_ms)
            or self._doubt is not None
            and self._follows(value, at_ms, self._doubt, self._doubt_ms)
        ):
            self._last = value
            self._last_ms = at_ms
            self._doubt = None
            return True
        self._doubt = value
        self._doubt_ms = at_ms
        reading.suspect(value)
        return False

    def _follows(self, value, at_ms, last, last_ms):
        elapsed_ms = ticks_diff(at_ms, last_ms)
        if not 0 <= elapsed_ms < _LONGEST_MS:
            return True
        if not self.counts_w:
            return elapsed_ms > _FOLLOWS_WITHIN_MS or -self.slack <= value - last <= self.slack
        most_wh = self.counts_w // 3600 * min(elapsed_ms // 1000 + 1, 86400) + self.slack
        return 0 <= value - last <= most_wh
