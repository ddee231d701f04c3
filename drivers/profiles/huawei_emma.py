"""The PV of all inverters behind a Huawei EMMA, read only: on Modbus TCP, unit id 0 is the EMMA itself."""

from drivers.decode import NOT_U32, u32
from drivers.point import Point
from drivers.profiles.huawei_sun2000 import HuaweiTimes


class EmmaTimes(HuaweiTimes):
    connect_delay_ms = 0  # unlike a dongle, an EMMA-A02 drops a connection that is quiet for a second


class HuaweiEmma(EmmaTimes):
    """It has no limit: the inverters obey the EMMA. A limit is set in an inverter, by the profile `huawei_sun2000`."""

    name = "huawei_emma"
    role = "pv"
    grade = "B"
    source = "huawei-solar register list, EMMA"
    needs = ("rated_w",)
    points = (Point("power_w", 3, 30354, u32, absent=NOT_U32, high=("rated_w", 1500)),)


PROFILE = HuaweiEmma()
