"""Chint DTSU666 three-phase meter.

Three meters have this name, each with registers of its own: this one, whose floats count in steps (0.1 W);
`dtsu666_huawei` (DTSU666-H, floats direct); `dtsu666_sungrow` (DTSU666-20, Acrel's integers).
"""

from drivers.decode import f32
from drivers.point import COUNTER_MAX, Point
from drivers.profile import Profile

_STATION_MAX_W = 20000000


class Dtsu666(Profile):
    name = "dtsu666"
    role = "meter"
    grade = "A"
    source = "SmartEVSE meter table (Chint 3P) and gerontec dtsu666 agree"
    control_poll_ms = 100
    lost_after_ms = 1000
    watts_den = 10  # registers hold 0.1 W
    energies = (
        Point("import_wh", 3, 0x101E, f32, num=1000, high=COUNTER_MAX, slow=True),
        Point("export_wh", 3, 0x1028, f32, num=1000, high=COUNTER_MAX, slow=True),
    )

    def __init__(self):
        power = Point("power_w", 3, 0x2012, f32, den=self.watts_den, low=-_STATION_MAX_W, high=_STATION_MAX_W)
        self.points = (power,) + self.energies


PROFILE = Dtsu666()
