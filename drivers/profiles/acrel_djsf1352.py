"""Acrel DJSF1352-RN DC meter, of a gun, a battery or a string: mantissa and decimal point side by side.

The model RN-6 counts its energies in 0.1 Wh: `acrel_djsf1352_rn6`.
"""

from drivers.decode import s16, u32
from drivers.point import COUNTER_MAX, Point
from drivers.profile import Profile

_STATION_MAX_W = 20000000


class AcrelDjsf1352(Profile):
    name = "acrel_djsf1352"
    role = "meter"
    grade = "A"
    source = "EVerest Acrel_DJSF1352_RN driver and one field source agree on the integer block"
    control_poll_ms = 100
    lost_after_ms = 1000
    wh_den = 1

    def __init__(self):
        self.points = (
            # raw * 10^(dp - 3) kW, dp in the next register
            Point("power_w", 3, 8, s16, scale_at=1, low=-_STATION_MAX_W, high=_STATION_MAX_W),
            Point("import_wh", 3, 12, u32, den=self.wh_den, high=COUNTER_MAX, slow=True),
            Point("export_wh", 3, 14, u32, den=self.wh_den, high=COUNTER_MAX, slow=True),
        )


PROFILE = AcrelDjsf1352()
