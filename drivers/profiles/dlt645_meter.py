"""A DL/T 645-2007 energy meter, on a bus of the kind "dlt645"."""

from drivers.dlt645 import READ, bcd3_signed, bcd4
from drivers.point import COUNTER_MAX, Point
from drivers.profile import Profile

_RATIOS = ("ct_ratio", "pt_ratio")  # a meter behind transformers shows the secondary side
_POWER, _IMPORT, _EXPORT = 0x02030000, 0x00010000, 0x00020000
_STATION_MAX_W = 20000000


class Dlt645Meter(Profile):
    """`unit` only numbers the meters of a line; `meter_address` of the station file is what the meter answers to."""

    name = "dlt645_meter"
    role = "meter"
    grade = "D"
    beta = True
    source = "DL/T 645-2007 from general knowledge; frames and identifiers agree with the dlt645 package"
    control_poll_ms = 1000  # an exchange takes 0.3 to 0.7 s at 2400 baud
    slow_poll_ms = 10000
    lost_after_ms = 5000
    fixed_reads = ((READ, _POWER, 3), (READ, _IMPORT, 4, True), (READ, _EXPORT, 4, True))
    points = (
        # XX.XXXX kW: 0.1 W. + import.
        Point("power_w", READ, _POWER, bcd3_signed, words=3, den=10, times=_RATIOS, low=-_STATION_MAX_W,
              high=_STATION_MAX_W),
        # XXXXXX.XX kWh.
        Point("import_wh", READ, _IMPORT, bcd4, words=4, num=10, times=_RATIOS, high=COUNTER_MAX, slow=True),
        Point("export_wh", READ, _EXPORT, bcd4, words=4, num=10, times=_RATIOS, high=COUNTER_MAX, slow=True),
    )  # fmt: skip


PROFILE = Dlt645Meter()
