"""Chinese 100 kW power conversion system (PCS) with the 0x60xx register map (RTU; maker not named in the source)."""

from drivers.decode import s16, u16
from drivers.output import Output
from drivers.point import Point
from drivers.profile import Profile

_RUN, _FAULT = 1 << 0, 1 << 6
_START = 0x0291


class Pcs0x60(Profile):
    """`status` is the status word: bit 0 run, 6 fault. The source's EMS turns its own sign round before it writes; + is
    taken as charging here (D). To be tried with a small setpoint when the station is commissioned."""

    name = "pcs_0x60"
    role = "pcs"
    grade = "C"
    beta = True
    source = "100 kW PCS register map 0x60xx (one field source); signs: D"
    needs = ("rated_w",)
    watchdog_range_s = None  # none is known
    slow_poll_ms = 1000
    points = (
        Point("power_w", 3, 0x6039, s16, num=100, low=("rated_w", -1500), high=("rated_w", 1500)),
        Point("status", 3, 0x6057, u16, high=0xFFFF, slow=True),
    )
    outputs = (
        Output("power_w", 6, 0x0D57, den=100, low=("rated_w", -1000), high=("rated_w", 1000)),
    )

    def start(self, device):
        status = device.readings["status"]
        if status.quality and not status.value & (_RUN | _FAULT):
            return _START, 1
        return None


PROFILE = Pcs0x60()
