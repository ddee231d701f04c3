"""Acrel ADW300 wireless three-phase meter. Leaves the works with 1200 baud: give the bus that, or set the meter."""

from drivers.decode import s32, u32
from drivers.point import COUNTER_MAX, Point
from drivers.profile import Profile

_RATIOS = ("ct_ratio", "pt_ratio")
_STATION_MAX_W = 20000000


class AcrelAdw300(Profile):
    name = "acrel_adw300"
    role = "meter"
    grade = "A"
    source = "evcc acrel-adw300 template and one field source agree; secondary side of the transformers: D"
    needs = ("ct_ratio",)
    control_poll_ms = 100
    lost_after_ms = 1000
    points = (
        Point("power_w", 3, 36, s32, times=_RATIOS, low=-_STATION_MAX_W, high=_STATION_MAX_W),
        Point("import_wh", 3, 62, u32, num=10, times=_RATIOS, high=COUNTER_MAX, slow=True),
        Point("export_wh", 3, 64, u32, num=10, times=_RATIOS, high=COUNTER_MAX, slow=True),
    )


PROFILE = AcrelAdw300()
