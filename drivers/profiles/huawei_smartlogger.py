"""The PV of all inverters behind a Huawei SmartLogger 3000, read only."""

from drivers.decode import NOT_U32, u32
from drivers.point import Point
from drivers.profiles.huawei_sun2000 import HuaweiTimes


class HuaweiSmartlogger(HuaweiTimes):
    """The register is the input of the inverters; 97 % of it are taken to reach the grid (D)."""

    name = "huawei_smartlogger"
    role = "pv"
    grade = "B"
    source = "Tinkerforge huawei map, SmartLogger 3000: PV input power"
    needs = ("rated_w",)
    points = (Point("power_w", 3, 40521, u32, num=97, den=100, absent=NOT_U32, high=("rated_w", 1500)),)


PROFILE = HuaweiSmartlogger()
