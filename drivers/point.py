"""A point: one line of a profile's table (`Point`), and the same line made ready for one device (`Field`)."""

from drivers.decode import POW10, SMALL_MAX, WORDS, rounded, s16
from drivers.reading import WHY_IMPLAUSIBLE, WHY_NOT_IMPLEMENTED, WHY_UNKNOWN_CODE


class Point:
    """A register of a device and the reading that it gives.

    name: reading of the role, e.g. "power_w".   function: 3 or 4.   register: 0-based address, or offset from the
    device's base.
    decode: function of `drivers.decode` or one of the profile's (then `words` says how many registers it looks at).
    num, den: reading = raw * num / den, rounded.   times: device parameters that multiply it, e.g. ("ct_ratio",).
    low, high: plausible range of the reading, an integer or (device parameter, permille of it).
    absent: raw values that mean "not implemented".   meaning: {raw: value} for states.   mask: the reading is 1 when
    raw has one of its bits.
    scale_at: offset from `register` of a SunSpec scale factor in the same block.   model: SunSpec model of the
    register.
    slow: read every `slow_poll_ms` instead of every `control_poll_ms`.
    """

    def __init__(
        self, name, function, register, decode, num=1, den=1, times=(), low=0, high=SMALL_MAX, absent=(), meaning=None,
        mask=0, scale_at=None, model=None, slow=False, words=0,
    ):  # fmt: skip
        self.name = name
        self.function = function
        self.register = register
        self.decode = decode
        self.num = num
        self.den = den
        self.times = times
        self.low = low
        self.high = high
        self.absent = absent
        self.meaning = meaning
        self.mask = mask
        self.scale_at = scale_at
        self.model = model
        self.slow = slow
        self.words = words or WORDS[decode]

    def span(self):
        """(first, last + 1) register offset from `register` that one read must cover."""
        if self.scale_at is None:
            return 0, self.words
        return min(0, self.scale_at), max(self.words, self.scale_at + 1)


def bound(limit, params) -> int:
    """A plausible bound: the integer itself, or a share of a device parameter (ValueError when the device lacks it)."""
    if isinstance(limit, tuple):
        name, permille = limit
        if params.get(name) is None:
            raise ValueError("device needs %s" % name)
        return params[name] // 1000 * permille + params[name] % 1000 * permille // 1000
    return limit


class Field:
    """A point of one device: where it lies in its block and how its raw value becomes the reading."""

    def __init__(self, point: Point, params: dict, reading):
        self.point = point
        self.reading = reading
        self.at = 0  # byte offset in the answer's data, set by the block
        self.num = point.num
        for name in point.times:
            self.num *= params.get(name, 1)
        self.den = point.den
        self.low = bound(point.low, params)
        self.high = bound(point.high, params)
        # Checked on the raw value, so that nothing implausible is ever multiplied.
        low, high = (self.low, self.high) if self.num > 0 else (self.high, self.low)
        self.raw_low = -(-low * self.den // self.num)
        self.raw_high = high * self.den // self.num

    def store(self, buf, start: int, at_ms: int):
        """Decode the field out of buf[start:], the data of its block's answer whose request went out at `at_ms`."""
        point, reading = self.point, self.reading
        i = start + self.at
        raw = point.decode(buf, i)
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
        elif point.scale_at is not None:
            self._store_scaled(raw, s16(buf, i + 2 * point.scale_at), at_ms)
        elif self.raw_low <= raw <= self.raw_high:
            reading.good(raw * self.num if self.den == 1 else rounded(raw * self.num, self.den), at_ms)
        else:
            reading.absent(WHY_IMPLAUSIBLE, raw)

    def _store_scaled(self, raw, exponent, at_ms):
        """SunSpec: value = raw * 10^exponent, exponent -10 to 10 from the same answer (it may change between two
        reads)."""
        if not -10 <= exponent <= 10:
            self.reading.absent(WHY_NOT_IMPLEMENTED, exponent)
        elif exponent == 10:
            self.reading.absent(WHY_IMPLAUSIBLE, raw)
        elif exponent >= 0:
            factor = POW10[exponent]
            if -(-self.low // factor) <= raw <= self.high // factor:
                self.reading.good(raw * factor, at_ms)
            else:
                self.reading.absent(WHY_IMPLAUSIBLE, raw)
        else:
            value = rounded(raw, POW10[-exponent]) if exponent > -10 else 0
            if self.low <= value <= self.high:
                self.reading.good(value, at_ms)
            else:
                self.reading.absent(WHY_IMPLAUSIBLE, raw)
