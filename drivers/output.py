"""An output: the registers that make a device obey a setpoint, and how watts become their content.

A limit is always rounded down (towards less import), so the value asked for is an upper bound of what the device holds.
"""

from drivers.decode import s16, s32, s32_lw, u16, u32, u32_lw
from drivers.point import bound

# When a step of a sequence is written, by the raw content that the setpoint has now.
IF_POSITIVE, IF_NEGATIVE, IF_ZERO = 1, 2, 4
ALWAYS = IF_POSITIVE | IF_NEGATIVE | IF_ZERO
RAW, MAGNITUDE = "raw", "magnitude"  # what a step writes instead of a constant: the content, or it without its sign


class Output:
    """A linear register: raw = sign * (value * num // den).

    name: setpoint of the role.   function: 5 (a coil, on when raw is not 0), 6 or 16.   register: 0-based, or offset
    from the device's base.

    Further, by keyword:
    words: 1 or 2; low_first: the low word comes first.   num, den, sign: as above.
    low, high: range of the value, an integer or (device parameter, permille); a wanted value outside is moved to its
    end.
    smallest: a value nearer to 0 becomes 0, for a device that must never be sent so little.
    codes: {value: raw} where the setpoint is a choice.
    refresh: False for an action (start, stop), which is written only when it changes.
    read_function: 3 or 4 where the register can be read back, else 0.   read_sign: (offset, {content: -1, 0 or 1}):
    another register that gives the sign of what is read back.
    steps: of a sequence (`drivers.sequence.Step`) that is written instead of the one register.
    model: SunSpec model of the register, as in a point.
    """

    words = num = den = sign = 1
    low = high = smallest = 0
    low_first = False
    refresh = True
    codes: "dict | None" = None
    read_sign: "tuple | None" = None
    model = None
    steps = ()
    read_function = 3
    read_words = 0  # registers that the read-back needs; 0: as many as are written
    read_offset = 0

    def __init__(self, name, function, register, **features):
        self.name = name
        self.function = function
        self.register = register
        for key, value in features.items():
            if not hasattr(Output, key):
                raise TypeError("output %s: no feature %s" % (name, key))
            setattr(self, key, value)
        if self.read_sign is not None:
            offset = self.read_sign[0]
            self.read_offset = min(0, offset)
            self.read_words = max(self.words, offset + 1) - self.read_offset

    def limits(self, params):
        """(low, high) of the setpoint for a device with `params`."""
        return bound(self.low, params), bound(self.high, params)

    def clamped(self, params, value: int) -> int:
        """`value`, or the end of the range that it is beyond."""
        return max(bound(self.low, params), min(bound(self.high, params), value))

    def to_raw(self, device, value: int) -> int:
        """Register content for a value that is within the limits."""
        if self.codes is not None:
            return self.codes.get(value, self.codes[0])
        if -self.smallest < value < self.smallest:
            return 0
        return self.sign * (value * self.num // self.den)

    def to_value(self, device, raw: int) -> int:
        """Watts that a register content stands for."""
        if self.codes is not None:
            for value, code in self.codes.items():
                if code == raw:
                    return value
            return 0
        return self.sign * raw * self.den // self.num

    def put(self, device, raw: int, words) -> int:
        """Fill `words` with what is written for `raw`; gives how many registers."""
        return put_words(raw, self.words, self.low_first, words)

    def get(self, device, buf, at: int):
        """Raw content out of a read-back's data; None when it stands for no limit that we know."""
        i = at - 2 * self.read_offset
        raw = self._decoded(buf, i)
        if self.codes is not None:
            return raw if raw in self.codes.values() else None
        if self.read_sign is not None:
            sign = self.read_sign[1].get(u16(buf, i + 2 * self.read_sign[0]))
            if sign is None:
                return None
            raw *= sign
        low, high = self.limits(device.params)
        return raw if low - abs(low) // 8 <= self.to_value(device, raw) <= high + high // 8 else None

    def _decoded(self, buf, i):
        signed = self.read_sign is None and (self.sign < 0 or self.low != 0)
        if self.words == 1:
            return s16(buf, i) if signed else u16(buf, i)
        if self.low_first:
            return s32_lw(buf, i) if signed else u32_lw(buf, i)
        return s32(buf, i) if signed else u32(buf, i)


def put_words(raw, count, low_first, words):
    """`raw` in two's complement as `count` registers (1 or 2); gives the count."""
    if count == 1:
        words[0] = raw & 0xFFFF
    else:
        words[low_first] = raw >> 16 & 0xFFFF
        words[not low_first] = raw & 0xFFFF
    return count
