"""The grid meter behind a Huawei SUN2000 (DTSU666-H and relatives), as the inverter hands it on."""

from drivers.decode import NOT_S32, s32
from drivers.point import COUNTER_MAX, Point
from drivers.profiles.huawei_sun2000 import HuaweiTimes

_STATION_MAX_W = 20000000


class HuaweiMeter(HuaweiTimes):
    name = "huawei_meter"
    role = "meter"
    grade = "A"
    source = "huawei-solar register list, evcc sun2000-hybrid template and Tinkerforge huawei map agree"
    points = (
        # + export on the wire
        Point("power_w", 3, 37113, s32, num=-1, absent=NOT_S32, low=-_STATION_MAX_W, high=_STATION_MAX_W),
        # In the same read: a second request a second is too much for the dongle.
        Point("export_wh", 3, 37119, s32, num=10, absent=NOT_S32, high=COUNTER_MAX),
        Point("import_wh", 3, 37121, s32, num=10, absent=NOT_S32, high=COUNTER_MAX),
    )


PROFILE = HuaweiMeter()
