"""Acrel DTSD1352 three-phase meter behind current transformers (also ADL400 and ADL3000, same secondary-side block)."""

from drivers.decode import s32, u32
from drivers.point import COUNTER_MAX, Point
from drivers.profile import Profile

_RATIOS = ("ct_ratio", "pt_ratio")  # the registers hold the secondary side
_STATION_MAX_W = 20000000


class AcrelDtsd1352(Profile):
    name = "acrel_dtsd1352"
    role = "meter"
    grade = "A"
    source = "Acrel DTSD1352 manual (register list) and two independent drivers; evcc acrel-adw300 for the relatives"
    needs = ("ct_ratio",)
    watchdog_range_s = None
    control_poll_ms = 100
    lost_after_ms = 1000
    max_read = 14  # more registers in one read give errors on this meter (DTSD1352 library)
    points = (
        # 0.001 kW of the secondary side: 1 W, times both ratios. + import.
        Point("power_w", 3, 0x016A, s32, times=_RATIOS, low=-_STATION_MAX_W, high=_STATION_MAX_W),
        Point("import_wh", 3, 0x000A, u32, num=10, times=_RATIOS, high=COUNTER_MAX, slow=True),
        Point("export_wh", 3, 0x0014, u32, num=10, times=_RATIOS, high=COUNTER_MAX, slow=True),
    )


PROFILE = AcrelDtsd1352()
