"""Charging currents of AC wallboxes. Loaded only where a profile has one."""

from drivers.output import Output


class PhaseCurrent(Output):
    """A charging current per phase, `counts_per_a` to the ampere (10: 0.1 A, 1000: mA). 230 V per phase and the
    device's `phases`; below 6.0 A, the smallest current that IEC 61851-1 can signal, the register gets 0 (pause)."""

    MIN_A = 6
    VOLTAGE_V = 230
    counts_per_a = 10

    def __init__(self, name, function, register, counts_per_a=10, **features):
        Output.__init__(self, name, function, register, **features)
        self.counts_per_a = counts_per_a

    def to_raw(self, device, value):
        counts = value * self.counts_per_a // (device.params.get("phases", 3) * self.VOLTAGE_V)
        return counts if counts >= self.MIN_A * self.counts_per_a else 0

    def to_value(self, device, raw):
        return raw * device.params.get("phases", 3) * self.VOLTAGE_V // self.counts_per_a


def deciamps_from_w(power_w: int, phases: int) -> int:
    """0.1 A per phase that draw at most `power_w` at 230 V."""
    return power_w * 10 // (phases * PhaseCurrent.VOLTAGE_V)
