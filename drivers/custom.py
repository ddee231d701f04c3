"""What a custom profile does while it runs; `drivers.custom_file` makes it out of its file."""

from drivers.phase_current import PhaseCurrent
from drivers.profile import Profile


class Custom(Profile):
    """data: what the file says of `arms`, `start`, `refresh_ms` and `registers_per_connector`."""

    def __init__(self, name, data):
        self.name = name
        self._per_connector = data.get("registers_per_connector", 0)
        self._refresh_ms = data.get("refresh_ms")
        self._arms = data.get("arms", ())
        self._start = data.get("start")

    def base(self, params):
        return self._per_connector * params.get("connector", 0)

    def refresh_ms(self, params):
        return self._refresh_ms or Profile.refresh_ms(self, params)

    def arms(self, params):
        found = []
        for arm in self._arms:
            if params.get("watchdog_s"):
                value = _value_of(arm, params)
                found.append((arm["function"], arm["register"], value, arm.get("read_function", 0), arm.get("model")))
        return found if self.models else [arm[:4] for arm in found]

    def start(self, device):
        start = self._start
        if start is None:
            return None
        reading = device.readings[start["reading"]]
        if reading.quality and not reading.value & start["unless_mask"]:
            return start["register"], start["value"]
        return None


def _value_of(arm, params):
    """A constant, or a device parameter turned into the register's unit and kept within its range."""
    value = arm["value"]
    if isinstance(value, str):
        value = params.get(value) or 0
    if "counts_per_a" in arm:
        value = value * arm["counts_per_a"] // (params.get("phases", 3) * PhaseCurrent.VOLTAGE_V)
    value = value * arm.get("num", 1) // arm.get("den", 1)
    return max(arm.get("low", 0), min(arm.get("high", 0xFFFF), value))
