"""The grid meter of a Huawei SmartLogger 3000."""

from drivers.decode import NOT_S32, s32
from drivers.point import Point
from drivers.profiles.huawei_sun2000 import HuaweiTimes

_STATION_MAX_W = 20000000


class HuaweiSmartloggerMeter(HuaweiTimes):
    """+ import on the wire (D: no source says so): check the sign on site."""

    name = "huawei_smartlogger_meter"
    role = "meter"
    grade = "C"
    beta = True
    source = "Tinkerforge huawei map, SmartLogger 3000: active power of the grid meter; its sign: D"
    points = (Point("power_w", 3, 32278, s32, absent=NOT_S32, low=-_STATION_MAX_W, high=_STATION_MAX_W),)


PROFILE = HuaweiSmartloggerMeter()
