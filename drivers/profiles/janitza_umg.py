"""Janitza UMG 96, 604, 801 and 806 power analysers."""

from drivers.decode import f32
from drivers.point import COUNTER_MAX, Point
from drivers.profile import Profile

_STATION_MAX_W = 20000000


class JanitzaUmg(Profile):
    name = "janitza_umg"
    role = "meter"
    grade = "A"
    source = "Tinkerforge janitza map, OpenEMS meter.janitza and evcc agree"
    control_poll_ms = 100
    lost_after_ms = 1000
    points = (
        Point("power_w", 3, 19026, f32, low=-_STATION_MAX_W, high=_STATION_MAX_W),
        Point("import_wh", 3, 19068, f32, high=COUNTER_MAX, slow=True),
        Point("export_wh", 3, 19076, f32, high=COUNTER_MAX, slow=True),
    )


PROFILE = JanitzaUmg()
