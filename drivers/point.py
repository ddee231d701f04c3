"""A point: one line of a profile's table (`Point`), and the same line made ready for one device (`Field`)."""

from drivers.decode import FLOATS, POW10, SMALL_MAX, WORDS, rounded, s16, u16
from drivers.plausibility import guard
from drivers.reading import WHY_IMPLAUSIBLE, WHY_NOT_IMPLEMENTED, WHY_UNKNOWN_CODE

COUNTER_MAX = 1 << 50  # an energy counter may leave 31 bits; it is read slowly and never used in the cycle


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

    def __init__(self, name, function, register, decode, **features):
        self.name = name
        self.function = function
        self.register = register
        self.decode = decode
        for key, value in features.items():
            if not hasattr(Point, key):
                raise TypeError("point %s: no feature %s" % (name, key))
            setattr(self, key, value)  # what is not given stays on the class: a table of points is small
        if not self.words:
            self.words = WORDS[decode]

    def field(self, params: dict, reading):
        """The point made ready for one device. A profile's own point may give a Field of its own."""
        return Field(self, params, reading)

    def span(self):
        """(first, last + 1) register offset from `register` that one read must cover."""
        first, end = 0, self.words
        if self.scale_at is not None:
            first, end = min(first, self.scale_at), max(end, self.scale_at + 1)
        if self.sign is not None:
            first, end = min(first, self.sign[0]), max(end, self.sign[0] + 1)
        if self.product is not None:
            offset, decode = self.product
            first, end = min(first, offset), max(end, offset + WORDS[decode])
        return first, end


def bound(limit, params) -> int:
    """A plausible bound: the integer itself, or a share of a device parameter (ValueError when the device lacks it)."""
    if isinstance(limit, tuple):
        name, permille = limit
        if params.get(name) is None:
            raise ValueError("device needs %s" % name)
        return params[name] // 1000 * permille + params[name] % 1000 * permille // 1000
    return limit


class Field:
    """A point of one device: where it lies in its block and how its raw value becomes the reading. No content of the
    registers raises anything."""

    def __init__(self, point: Point, params: dict, reading):
        self.point = point
        self.reading = reading
        self.at = 0  # offset in the answer's data, set by the block: bytes, or bits of functions 1 and 2
        self.num = point.num
        for name in point.times:
            self.num *= params.get(name, 1)
        self.low = bound(point.low, params)
        self.high = bound(point.high, params)
        self.guard = guard(point, params, abs(self.num) // point.den)

    def store(self, buf, start: int, at_ms: int):
        """Decode the field out of buf[start:], the data of its block's answer whose request went out at `at_ms`."""
        point, reading = self.point, self.reading
        i = 8 * start + self.at if point.function < 3 else start + self.at
        if point.decode in FLOATS:
            self._store_float(buf, i, at_ms)
            return
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
        elif point.scale_at is None and point.sign is None and point.product is None:
            value = (raw + point.offset) * self.num
            self._keep(value if point.den == 1 else rounded(value, point.den), raw, at_ms)
        else:
            self._store_composed(raw + point.offset, buf, i, at_ms)

    def _keep(self, value, found, at_ms):
        """`value` in the reading's unit, when it is plausible; found: the raw one."""
        if not self.low <= value <= self.high:
            self.reading.absent(WHY_IMPLAUSIBLE, found)
        elif self.guard is None or self.guard.accepts(value, at_ms, self.reading):
            self.reading.good(value, at_ms)

    def _store_float(self, buf, i, at_ms):
        point = self.point
        value = point.decode(buf, i, self.num, point.den)
        if value is None:
            self.reading.absent(WHY_NOT_IMPLEMENTED, u16(buf, i))
            return
        if point.sign is not None and u16(buf, i + 2 * point.sign[0]) & point.sign[1]:
            value = -value
        self._keep(value, u16(buf, i), at_ms)

    def _store_composed(self, raw, buf, i, at_ms):
        """A value that needs other registers of the same answer: sign, second factor, scale factor (it may change
        between two reads)."""
        point, found = self.point, raw
        if point.sign is not None and u16(buf, i + 2 * point.sign[0]) & point.sign[1]:
            raw = -raw
        if point.product is not None:
            factor = point.product[1](buf, i + 2 * point.product[0])
            if factor in point.absent:
                self.reading.absent(WHY_NOT_IMPLEMENTED, factor)
                return
            raw *= factor
        if point.scale_at is None:
            self._keep(rounded(raw * self.num, point.den), found, at_ms)
            return
        exponent = s16(buf, i + 2 * point.scale_at) + point.scale_add
        if not -10 <= exponent <= 10:
            self.reading.absent(WHY_NOT_IMPLEMENTED, exponent)
        elif exponent > 9:
            self.reading.absent(WHY_IMPLAUSIBLE, found)
        elif exponent >= 0:
            factor = abs(self.num) * POW10[exponent]
            largest = max(self.high, -self.low) * point.den // factor
            if -largest <= raw <= largest:
                self._keep(rounded(raw * self.num * POW10[exponent], point.den), found, at_ms)
            else:
                self.reading.absent(WHY_IMPLAUSIBLE, found)
        else:
            value = rounded(raw * self.num, point.den * POW10[-exponent]) if exponent > -10 else 0
            self._keep(value, found, at_ms)
