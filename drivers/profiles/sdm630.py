"""Eastron SDM630 three-phase meter."""

from drivers.decode import f32
from drivers.point import COUNTER_MAX, Point
from drivers.profile import Profile

_STATION_MAX_W = 20000000


class Sdm630(Profile):
    name = "sdm630"
    role = "meter"
    grade = "A"
    source = "Tinkerforge eastron map, EVerest SDM630-V2 model, SmartEVSE meter table agree"
    control_poll_ms = 100
    lost_after_ms = 1000
    max_read = 80
    even_reads = True
    points = (
        Point("power_w", 4, 52, f32, low=-_STATION_MAX_W, high=_STATION_MAX_W),
        Point("import_wh", 4, 72, f32, num=1000, high=COUNTER_MAX, slow=True),
        Point("export_wh", 4, 74, f32, num=1000, high=COUNTER_MAX, slow=True),
    )


PROFILE = Sdm630()
