"""Huawei LUNA2000 battery behind a SUN2000: state of charge and what it takes and gives."""

from drivers.decode import NOT_U16, NOT_U32, u16, u32
from drivers.point import Point
from drivers.profiles.huawei_sun2000 import HuaweiTimes

_MAX_W = 5000000


class HuaweiLuna2000Bms(HuaweiTimes):
    """`alarm` is 3 while the storage says "fault" or "offline". It reports no emergency stop."""

    name = "huawei_luna2000_bms"
    role = "bms"
    grade = "A"
    source = "huawei-solar register list and evcc sun2000-hybrid template agree"
    control_poll_ms = 2000
    lost_after_ms = 10000
    points = (
        Point("charge_max_w", 3, 37046, u32, absent=NOT_U32, high=_MAX_W),
        Point("discharge_max_w", 3, 37048, u32, absent=NOT_U32, high=_MAX_W),
        Point("soc_permille", 3, 37760, u16, absent=NOT_U16, high=1000),
        Point("alarm", 3, 37762, u16, meaning={0: 3, 1: 0, 2: 0, 3: 3, 4: 0}),
    )


PROFILE = HuaweiLuna2000Bms()
