"""SunSpec meters, models 201 to 204, + import: the first of the device.

SunSpec does not fix the sign of a meter: where it counts + export, turn its transformers, or use a custom profile.
"""

from drivers.decode import NOT_S16, s16, u32
from drivers.point import COUNTER_MAX, Point
from drivers.profile import Profile

_STATION_MAX_W = 20000000


class SunspecMeter(Profile):
    name = "sunspec_meter"
    role = "meter"
    grade = "A"
    source = "SunSpec model definition 203; 201, 202 and 204 have the same layout: D"
    control_poll_ms = 100
    lost_after_ms = 1000
    which = 203

    def __init__(self):
        self.models = (self.which,)
        self.points = (
            Point("power_w", 3, 18, s16, absent=NOT_S16, scale_at=4, model=self.which, low=-_STATION_MAX_W,
                  high=_STATION_MAX_W),
            Point("export_wh", 3, 38, u32, scale_at=16, model=self.which, high=COUNTER_MAX, slow=True),
            Point("import_wh", 3, 46, u32, scale_at=8, model=self.which, high=COUNTER_MAX, slow=True),
        )  # fmt: skip


PROFILE = SunspecMeter()
