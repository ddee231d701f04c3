"""Huawei SUN2000 with a LUNA2000 battery at its DC side: PV is the DC input, as the AC side has the battery in it."""

from drivers.profiles.huawei_sun2000 import HuaweiSun2000


class HuaweiSun2000Hybrid(HuaweiSun2000):
    name = "huawei_sun2000_hybrid"
    power_register = 32064


PROFILE = HuaweiSun2000Hybrid()
