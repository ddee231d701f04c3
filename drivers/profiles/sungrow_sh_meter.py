"""The grid meter behind a Sungrow SH hybrid inverter, as the inverter hands it on."""

from drivers.decode import NOT_S32, NOT_U32, s32_lw, u32_lw
from drivers.point import COUNTER_MAX, Point
from drivers.profile import Profile

_STATION_MAX_W = 20000000


class SungrowShMeter(Profile):
    name = "sungrow_sh_meter"
    role = "meter"
    grade = "A"
    source = "Tinkerforge sungrow battery map and evcc sungrow-hybrid template agree"
    control_poll_ms = 500
    lost_after_ms = 3000
    points = (
        # + export on the wire
        Point("power_w", 4, 13009, s32_lw, num=-1, absent=NOT_S32, low=-_STATION_MAX_W, high=_STATION_MAX_W),
        Point("import_wh", 4, 13036, u32_lw, num=100, absent=NOT_U32, high=COUNTER_MAX, slow=True),
        Point("export_wh", 4, 13045, u32_lw, num=100, absent=NOT_U32, high=COUNTER_MAX, slow=True),
    )


PROFILE = SungrowShMeter()
