"""What a reading can change by from one sample to the next: powers that jump, counters that run backwards or ahead.
`drivers.point.Field` holds the samples against it. Only needed at the start."""

from drivers.point import bound

# A power that may move by no more than this between two samples, by role: (device parameter, permille of it).
_JUMPS = {"pv": ("rated_w", 1100), "pcs": ("rated_w", 1100), "gun": ("max_w", 1100), "meter": ("jump_w", 1000)}
_STATION_MAX_W = 20000000  # what a counter counts at most where nothing tells the device's own rating


def limits(point, params, step: int):
    """(slack, counts_w) of a point's field, (0, 0) where there is nothing to hold it against. params: of the device;
    step: how much one count of the register changes the reading."""
    if point.meaning is not None or point.mask:
        return 0, 0
    if point.name.endswith("_wh"):
        most_w = params.get("max_w") or params.get("rated_w") or _STATION_MAX_W
        return 2 * step + 2, most_w * 3 // 2
    jump = point.jump
    if jump is None and point.name == "power_w":
        jump = _JUMPS.get(params.get("role"))
    if isinstance(jump, tuple) and params.get(jump[0]) is None:
        return 0, 0
    return bound(jump, params) if jump else 0, 0
