"""The grid connection as a Huawei EMMA sees it, with its own sensor or an external one. Unit id 0."""

from drivers.decode import NOT_S32, s32
from drivers.point import Point
from drivers.profiles.huawei_emma import EmmaTimes

_STATION_MAX_W = 20000000


class HuaweiEmmaMeter(EmmaTimes):
    name = "huawei_emma_meter"
    role = "meter"
    grade = "B"
    source = "huawei-solar register list, EMMA: feed-in power"
    # + feed-in on the wire
    points = (Point("power_w", 3, 30358, s32, num=-1, absent=NOT_S32, low=-_STATION_MAX_W, high=_STATION_MAX_W),)


PROFILE = HuaweiEmmaMeter()
