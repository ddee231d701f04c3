"""A point: one line of a profile's table (`Point`), and the same line made ready for one device (`Field`)."""

from drivers.decode import SMALL_MAX, rounded
from drivers.reading import WHY_IMPLAUSIBLE, WHY_NOT_IMPLEMENTED, WHY_UNKNOWN_CODE
from drivers.ticks import const, ticks_diff

COUNTER_MAX = 1 << 50  # an energy counter may leave 31 bits; it is read slowly and never used in the cycle
_FOLLOWS_WITHIN_MS = const(2000)  # a power is only compared with a sample as fresh as this
_LONGEST_MS = const(1 << 28)


class Point:
    """A register of a device and the reading that it gives.

    name: reading of the role, e.g. "power_w".   function: 1 (coils), 2 (discrete inputs), 3 or 4.   register: 0-based
    address, or offset from the device's base.   decode: function of `drivers.decode` or one of the profile's; of
    functions 1 and 2 it gets an index in bits.

    Further, by keyword; an offset counts registers from `register`, and lies in the same read:
    words: registers (bits) that a decode of the profile's looks at.
    num, den: reading = raw * num / den, rounded.   times: device parameters that multiply it, e.g. ("ct_ratio",).
    offset: added to raw first, e.g. -16000 for a current of 0.1 A that counts from -1600 A.
    low, high: plausible range of the reading, an integer or (device parameter, permille of it).
    jump: largest change between two samples (default: of the role, see `drivers.plausibility`), as low and high.
    absent: raw values that mean "not implemented".   meaning: {raw: value} for states.   mask: the reading is 1 when
    raw has one of its bits, else 0.
    sign: (offset, mask): raw is negated when that register has one of the bits.
    product: (offset, decode): raw is multiplied by that value, e.g. a limit in A by the voltage.
    scale_at: offset of a scale factor (power of ten, signed) with scale_add added to it.
    model: SunSpec model of the register, or (model, which) for its second and further occurrence.
    slow: read every `slow_poll_ms` instead of every `control_poll_ms`.
    """

    num = den = 1
    times = absent = ()
    offset = mask = low = scale_add = words = 0
    high = SMALL_MAX
    jump = meaning = scale_at = model = None
    sign: "tuple | None" = None
    product: "tuple | None" = None
    slow = False
    field = None  # class of the point's field, where it is one of the profile's own

    def __init__(self, name, function, register, decode, **features):
        self.name = name
        self.function = function
        self.register = register
        self.decode = decode
        for key, value in features.items():
            if not hasattr(Point, key):
                raise TypeError("point %s: no feature %s" % (name, key))
            setattr(self, key, value)  # what is not given stays on the class: a table of points is small


def bound(limit, params) -> int:
    """A plausible bound: the integer itself, or a share of a device parameter (ValueError when the device lacks it)."""
    if isinstance(limit, tuple):
        name, permille = limit
        if params.get(name) is None:
            raise ValueError("device needs %s" % name)
        return params[name] // 1000 * permille + params[name] % 1000 * permille // 1000
    return limit


class Field:
    """A point in its block, and how its raw value becomes a reading, for all devices of which that is the same. No
    content of the registers raises anything.

    at: offset in the answer's data: bytes, or bits of functions 1 and 2.   num: the point's, times the device's ratios.
    low, high: plausible range.   slack: change from one sample to the next that is always possible, 0: any change is.
    counts_w: 0, or the power that an energy counter counts at most: it may then only rise, by `slack` and what that
    power gives in the time between.

    A sample that cannot follow the one before is taken for a fault of the wire or of the device (32-bit counters read
    while they change give spikes of 65536: sunsynk and SolaX drivers): the reading keeps its last value, with its old
    time, as SUSPECT. A second one that agrees with the first is taken: then it is the world that has changed.
    """

    def __init__(self, point: Point, at: int, num: int, low: int, high: int, slack: int, counts_w: int):
        self.point = point
        self.at = at
        self.num = num
        self.low = low
        self.high = high
        self.slack = slack
        self.counts_w = counts_w

    def store(self, reading, buf, start: int, at_ms: int):
        """Decode the field out of buf[start:], the data of its block's answer whose request went out at `at_ms`."""
        point = self.point
        raw = point.decode(buf, 8 * start + self.at if point.function < 3 else start + self.at)
        if raw in point.absent:
            reading.absent(WHY_NOT_IMPLEMENTED, raw)
        elif point.meaning is not None:
            value = point.meaning.get(raw, -1)
            if value < 0:
                reading.absent(WHY_UNKNOWN_CODE, raw)
            else:
                reading.good(value, at_ms)
        elif point.mask:
            reading.good(1 if raw & point.mask else 0, at_ms)
        else:
            value = (raw + point.offset) * self.num
            self.keep(reading, value if point.den == 1 else rounded(value, point.den), raw, at_ms)

    def keep(self, reading, value, found, at_ms):
        """`value` in the reading's unit, when it is plausible; found: the raw one."""
        if not self.low <= value <= self.high:
            reading.absent(WHY_IMPLAUSIBLE, found)
        elif (
            not self.slack
            or reading.at_ms is None
            or self._follows(value, at_ms, reading.value, reading.at_ms)
            or reading.doubt is not None
            and self._follows(value, at_ms, reading.doubt, reading.doubt_ms)
        ):
            reading.good(value, at_ms)
        else:
            reading.suspect(value, at_ms)

    def _follows(self, value, at_ms, last, last_ms):
        elapsed_ms = ticks_diff(at_ms, last_ms)
        if not 0 <= elapsed_ms < _LONGEST_MS:
            return True
        if not self.counts_w:
            return elapsed_ms > _FOLLOWS_WITHIN_MS or -self.slack <= value - last <= self.slack
        most_wh = self.counts_w // 3600 * min(elapsed_ms // 1000 + 1, 86400) + self.slack
        return 0 <= value - last <= most_wh
