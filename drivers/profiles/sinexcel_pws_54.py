"""Sinexcel PWS power conversion systems with the 54xxx/53xxx register map (RTU)."""

from drivers.decode import u16
from drivers.output import Output
from drivers.point import Point
from drivers.profile import Profile

_RUN, _ANY_FAULT = 1 << 0, 1 << 16
_START = 53900
_ZERO = 12000  # register content that stands for 0 kW: 0.1 kW with an offset of -1200 kW


def power(buf, i):
    """0.1 kW, + discharge."""
    return u16(buf, i) - _ZERO


def status(buf, i):
    """State word 53010 (bit 0 run, 2 on grid, 3 off grid), with bit 16 for any of the ten fault words before it."""
    for at in range(i, i + 20):
        if buf[at]:
            return _ANY_FAULT | u16(buf, i + 20)
    return u16(buf, i + 20)


class SinexcelPws54(Profile):
    """The direction of the registers is not in the source: + is discharging, as in the maker's other map (D). To be
    tried with a small setpoint when the station is commissioned."""

    name = "sinexcel_pws_54"
    role = "pcs"
    grade = "C"
    beta = True
    source = "Sinexcel PWS register map 53xxx/54xxx (one field source); signs: D"
    needs = ("rated_w",)
    watchdog_range_s = None  # none is known
    slow_poll_ms = 1000
    points = (
        Point("power_w", 4, 54221, power, words=1, num=-100, low=("rated_w", -1500), high=("rated_w", 1500)),
        Point("status", 3, 53000, status, words=11, high=0x1FFFF, slow=True),
    )
    outputs = (
        Output("power_w", 6, 53622, den=100, sign=-1, low=("rated_w", -1000), high=("rated_w", 1000)),
    )

    def start(self, device):
        reading = device.readings["status"]
        if reading.quality and not reading.value & (_RUN | _ANY_FAULT):
            return _START, 1
        return None


PROFILE = SinexcelPws54()
