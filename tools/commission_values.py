"""From what a station has seen of its guns to the values of its station file, with their margins.

A lag is taken at the end of the span in which it ended (`seen` + `within_ms`), a ramp with an eighth of margin, which
is what the instants of two samples may be wrong by. docs/commissioning.md says why.
"""

from dataclasses import dataclass

KINDS = ("lag_ms", "ramp_down_w_s", "ramp_up_w_s")
ENOUGH = 2  # observations: one that confirms another
ENOUGH_TO_NARROW = 5
_LAG_STEP_MS = 50
_MOST = {"lag_ms": 10_000, "ramp_down_w_s": 2_000_000, "ramp_up_w_s": 2_000_000}  # as in docs/station-file.md
_LEAST = {"lag_ms": 0, "ramp_down_w_s": 100, "ramp_up_w_s": 100}


@dataclass
class Measured:
    """One value of one gun: what the station file says, the second worst observation (None with fewer than two), the
    number of observations (63: or more), and what the file should say."""

    gun: str
    kind: str
    file: int
    seen: int | None
    count: int
    proposed: int

    @property
    def changes(self) -> bool:
        return self.proposed != self.file

    @property
    def has_enough(self) -> bool:
        return self.count >= ENOUGH


def measured(response: dict) -> list[Measured]:
    """The three values of one gun. response: a message of the topic `response`."""
    found = []
    for kind in KINDS:
        part = response[kind]
        seen, file = part["seen"], part["file"]
        proposed = file if seen is None else _proposed(kind, file, seen, part["count"], response["within_ms"])
        found.append(Measured(response["gun"], kind, file, seen, part["count"], proposed))
    return found


def _proposed(kind, file, seen, count, within_ms):
    if kind == "lag_ms":
        is_worse, value = seen > file, -(-(seen + within_ms) // _LAG_STEP_MS) * _LAG_STEP_MS
        is_narrower = value < file
    elif kind == "ramp_down_w_s":
        is_worse, value = seen < file - file // 8, _rounded(seen - seen // 8)
        is_narrower = value > file
    else:
        is_worse, value = seen > file + file // 8, -_rounded(-(seen + seen // 8))
        is_narrower = False  # that a gun has not risen faster yet is no proof that it cannot
    if not is_worse and not (is_narrower and count >= ENOUGH_TO_NARROW):
        return file
    return max(_LEAST[kind], min(_MOST[kind], value))


def _rounded(value):
    """Down, to three figures at most."""
    step = 1
    while abs(value) >= 1000 * step:
        step *= 10
    return value // step * step


def with_values(station: dict, values: list[Measured]) -> dict:
    """A copy of a station file's dict with what is proposed. Raises KeyError for a gun that it does not have."""
    devices = [dict(device) for device in station["devices"]]
    guns = {device["id"]: device for device in devices if device["role"] == "gun"}
    for each in values:
        if each.changes:
            guns[each.gun][each.kind] = each.proposed
    return {**station, "devices": devices}
