"""The grid meter behind a Sungrow SG string inverter, as the inverter hands it on."""

from drivers.decode import NOT_S32, NOT_U32, s32_lw, u32_lw
from drivers.point import COUNTER_MAX, Point
from drivers.profile import Profile

_STATION_MAX_W = 20000000


class SungrowSgMeter(Profile):
    """+ import on the wire (D: no source says so, field software takes it so): check the sign on site."""

    name = "sungrow_sg_meter"
    role = "meter"
    grade = "C"
    beta = True
    source = "Tinkerforge sungrow map: meter power of SG inverters; its sign and 0x7FFFFFFF for no meter: D"
    control_poll_ms = 500
    lost_after_ms = 3000
    points = (
        Point("power_w", 4, 5082, s32_lw, absent=NOT_S32, low=-_STATION_MAX_W, high=_STATION_MAX_W),
        Point("export_wh", 4, 5094, u32_lw, num=100, absent=NOT_U32, high=COUNTER_MAX, slow=True),
        Point("import_wh", 4, 5098, u32_lw, num=100, absent=NOT_U32, high=COUNTER_MAX, slow=True),
    )


PROFILE = SungrowSgMeter()
