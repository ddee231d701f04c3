"""Acrel ADL400 three-phase meter by its primary-side block, which has the transformers counted in. (Its secondary-side
block is that of the profile `acrel_dtsd1352`.)"""

from drivers.decode import f32, u32
from drivers.point import COUNTER_MAX, Point
from drivers.profile import Profile

_STATION_MAX_W = 20000000


class AcrelAdl400(Profile):
    name = "acrel_adl400"
    role = "meter"
    grade = "C"
    beta = True
    source = "ADL400 vendor sheet, primary-side block (one field source)"
    control_poll_ms = 100
    lost_after_ms = 1000
    points = (
        Point("power_w", 3, 0x081A, f32, num=1000, low=-_STATION_MAX_W, high=_STATION_MAX_W),  # kW
        Point("import_wh", 3, 0x084C, u32, num=100, high=COUNTER_MAX, slow=True),
        Point("export_wh", 3, 0x0856, u32, num=100, high=COUNTER_MAX, slow=True),
    )


PROFILE = AcrelAdl400()
