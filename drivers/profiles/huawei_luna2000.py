"""Huawei LUNA2000 battery behind a SUN2000, as power conversion: forced charging and discharging.

The command ends by itself after its period, one minute, so it is written again at a third of that. It cannot be read
back. The battery's own state is the profile `huawei_luna2000_bms`, on the same unit id.
"""

from drivers.decode import NOT_S32, s32, u16
from drivers.output import IF_NEGATIVE, IF_POSITIVE, MAGNITUDE, Output
from drivers.point import Point
from drivers.profiles.huawei_sun2000 import HuaweiTimes
from drivers.sequence import Step

_ACTIVE = IF_POSITIVE | IF_NEGATIVE
_PERIOD_MIN = 1
_BY_TIME = 0


def _command(device, raw):
    """47100: 0 stop, 1 charge, 2 discharge."""
    return 0 if raw == 0 else 1 if raw > 0 else 2


class HuaweiLuna2000(HuaweiTimes):
    """`status`: 0 offline, 1 standby, 2 running, 3 fault, 4 asleep."""

    name = "huawei_luna2000"
    role = "pcs"
    grade = "A"
    source = "huawei-solar register list and evcc sun2000-hybrid template agree, also on the order of the writes"
    needs = ("rated_w",)
    watchdog_range_s = (60, 60)
    points = (
        Point("power_w", 3, 37765, s32, absent=NOT_S32, low=("rated_w", -1500), high=("rated_w", 1500)),
        Point("status", 3, 37762, u16, high=4),
    )
    outputs = (
        Output(
            "power_w", 16, 47247, words=2, low=("rated_w", -1000), high=("rated_w", 1000), read_function=0,
            steps=(
                # The vendor's order begins with the command; a power left from before must not act meanwhile.
                Step(16, 47247, MAGNITUDE, words=2, when=IF_POSITIVE, once=True),
                Step(16, 47249, MAGNITUDE, words=2, when=IF_NEGATIVE, once=True),
                Step(6, 47100, _command),
                Step(6, 47246, _BY_TIME, when=_ACTIVE, once=True),
                Step(6, 47083, _PERIOD_MIN, when=_ACTIVE),
                Step(16, 47247, MAGNITUDE, words=2, when=IF_POSITIVE),
                Step(16, 47249, MAGNITUDE, words=2, when=IF_NEGATIVE),
            ),
        ),
    )  # fmt: skip

    def refresh_ms(self, params):
        return 20000 * _PERIOD_MIN


PROFILE = HuaweiLuna2000()
