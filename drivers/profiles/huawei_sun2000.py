"""Huawei SUN2000 PV inverter, by itself, through an SDongle or a SmartLogger.

The limit is the fixed active power 40126. Feed-in limits (47415, 47416) are the inverter's own closed loop with its own
meter and would fight with ours: they are not touched.
"""

from drivers.decode import NOT_S32, s32, u16
from drivers.output import Output
from drivers.point import Point
from drivers.profile import Profile

# To SunSpec's St. 0 to 3 standby, 0x100 starting, 0x200 on grid, 0x201 limited, 0x202 self-derating, 0x203 off grid,
# 0x300 shutdown by a fault, 0x301 by command, 0x302 OVGR, 0x303 communication lost, 0xA000 no irradiation.
_STATUS = {
    0: 8, 1: 8, 2: 8, 3: 8, 0x100: 3, 0x200: 4, 0x201: 5, 0x202: 5, 0x203: 4, 0x300: 7, 0x301: 1, 0x302: 7, 0x303: 7,
    0xA000: 2,
}  # fmt: skip
_LOW, _HIGH = ("rated_w", -100), ("rated_w", 1500)


class HuaweiTimes(Profile):
    """What every unit behind a Huawei SDongle shares: quiet after the connection opens (1 to 2 s, else it does not
    answer), about one request a second, one client."""

    connect_delay_ms = 1000
    request_gap_ms = gateway_gap_ms = 1000
    control_poll_ms = 1000
    min_poll_ms = 1000
    lost_after_ms = 6000


class HuaweiSun2000(HuaweiTimes):
    """`status` is SunSpec's St, as of `sunspec_inverter`."""

    name = "huawei_sun2000"
    role = "pv"
    grade = "A"
    source = "huawei-solar register list, evcc sun2000-hybrid template and Tinkerforge huawei map agree"
    needs = ("rated_w",)
    control_poll_ms = 2000  # half of the dongle's requests are left for the limit and its read-back
    watchdog_range_s = None
    power_register = 32080  # AC side, + generation
    outputs = (Output("limit_w", 16, 40126, words=2, high=("rated_w", 1000)),)

    def __init__(self):
        self.points = (
            Point("power_w", 3, self.power_register, s32, absent=NOT_S32, low=_LOW, high=_HIGH),
            Point("status", 3, 32089, u16, meaning=_STATUS),
        )

    def refresh_ms(self, params):
        return 60000


PROFILE = HuaweiSun2000()
