"""An output: the registers that make a device obey a setpoint, and how watts become their content.

A limit is always rounded down (towards less import), so the value asked for is an upper bound of what the device holds.
"""

from drivers.decode import s16, u16, u32
from drivers.point import bound


class Output:
    """A linear register: raw = sign * (value * num // den).

    name: setpoint of the role.   function: 6 or 16.   register: 0-based, or offset from the device's base.   words: 1
    or 2.
    low, high: range of the value, an integer or (device parameter, permille); a wanted value outside is moved to its
    end.
    read_function: 3 or 4 where the register can be read back, else 0.   model: SunSpec model of the register.
    """

    read_words = 0  # registers that the read-back needs; 0: as many as are written
    read_offset = 0

    def __init__(
        self, name, function, register, words=1, num=1, den=1, sign=1, low=0, high=0, read_function=3, model=None
    ):
        self.name = name
        self.function = function
        self.register = register
        self.words = words
        self.num = num
        self.den = den
        self.sign = sign
        self.low = low
        self.high = high
        self.read_function = read_function
        self.model = model

    def limits(self, params):
        """(low, high) of the setpoint for a device with `params`."""
        return bound(self.low, params), bound(self.high, params)

    def to_raw(self, device, value: int) -> int:
        """Register content for a value that is within the limits."""
        return self.sign * (value * self.num // self.den)

    def to_value(self, device, raw: int) -> int:
        """Watts that a register content stands for."""
        return self.sign * raw * self.den // self.num

    def put(self, device, raw: int, words) -> int:
        """Fill `words` with what is written for `raw`; gives how many registers."""
        if self.words == 2:
            words[0] = raw >> 16 & 0xFFFF
            words[1] = raw & 0xFFFF
            return 2
        words[0] = raw & 0xFFFF
        return 1

    def get(self, device, buf, at: int):
        """Raw content out of a read-back's data; None when it stands for no limit that we know."""
        raw = u32(buf, at) if self.words == 2 else s16(buf, at) if self.sign < 0 or self.low != 0 else u16(buf, at)
        low, high = self.limits(device.params)
        return raw if low - abs(low) // 8 <= self.to_value(device, raw) <= high + high // 8 else None


class PhaseCurrent(Output):
    """A charging current in 0.1 A per phase. 230 V per phase and the device's `phases`; below 6.0 A, the smallest
    current that IEC 61851-1 can signal, the register gets 0 (pause)."""

    MIN_DECIAMPS = 60
    VOLTAGE_V = 230

    def to_raw(self, device, value):
        deciamps = deciamps_from_w(value, device.params.get("phases", 3))
        return deciamps if deciamps >= self.MIN_DECIAMPS else 0

    def to_value(self, device, raw):
        return raw * device.params.get("phases", 3) * self.VOLTAGE_V // 10


def deciamps_from_w(power_w: int, phases: int) -> int:
    """0.1 A per phase that draw at most `power_w` at 230 V."""
    return power_w * 10 // (phases * PhaseCurrent.VOLTAGE_V)
