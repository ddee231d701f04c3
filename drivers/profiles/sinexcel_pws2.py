"""Sinexcel PWS2-30K family of power conversion systems (PCS)."""

from drivers.decode import s16, u16
from drivers.output import Output
from drivers.point import Point
from drivers.profile import Profile

_FAULT, _ON = 1 << 0, 1 << 2  # bits of the status word
_START = 650
_EMS_TIMEOUT_S = 327


class SinexcelPws2(Profile):
    """`status` is the status word: bit 0 fault, 1 alert, 2 on, 3 grid mode, 4 island, 5 derating, 6 allow grid, 7
    standby."""

    name = "sinexcel_pws2"
    role = "pcs"
    grade = "B"
    source = "OpenEMS Sinexcel driver, vendor sheet pws2-30k-sunspec v106"
    needs = ("rated_w",)
    control_poll_ms = 100
    points = (
        # 0.01 kW, + discharge on the wire; ours is + charging.
        Point("power_w", 3, 122, s16, num=-10, low=("rated_w", -1500), high=("rated_w", 1500)),
        Point("status", 3, 32, u16, high=0xFFFF, slow=True),
    )
    outputs = (
        # 0.1 kW, + discharge on the wire.
        Output("power_w", 6, 135, den=100, sign=-1, low=("rated_w", -1000), high=("rated_w", 1000)),
    )
    slow_poll_ms = 1000

    def arms(self, params):
        watchdog_s = params.get("watchdog_s")
        return ((6, _EMS_TIMEOUT_S, watchdog_s, 3),) if watchdog_s else ()

    def start(self, device):
        status = device.readings["status"]
        if status.quality and not status.value & (_ON | _FAULT):
            return _START, 1
        return None


PROFILE = SinexcelPws2()
