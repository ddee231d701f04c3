"""Gold (高特) battery control unit (BCU) over RTU: state of charge, current limits, three levels of alarms.

Function 4 has the measurements 1 to 64, function 2 the alarms 1 to 58; both are read whole, as the field drivers do.
"""

from drivers.decode import u16
from drivers.point import Point
from drivers.profile import Profile

_CHARGE_FORBIDDEN, _DISCHARGE_FORBIDDEN = 1 << 0, 1 << 1  # register 61
_LEVELS_END, _TRIP = 45, 57  # alarms 1 to 45 come in threes: levels 1, 2 and 3 of one cause


def charge_max(buf, i):
    """W: rack voltage (register 1, 0.1 V) times allowed charge current (59, 0.1 A); 0 while charging is forbidden."""
    return 0 if u16(buf, i + 120) & _CHARGE_FORBIDDEN else u16(buf, i) * u16(buf, i + 116) // 100


def discharge_max(buf, i):
    """W: rack voltage times allowed discharge current (register 60); 0 while discharging is forbidden."""
    return 0 if u16(buf, i + 120) & _DISCHARGE_FORBIDDEN else u16(buf, i) * u16(buf, i + 118) // 100


def alarm_level(buf, i):
    """Highest level of the alarms 1 to 58 (i: bit of the first): levels of the threes; inputs, communication and
    sampling (46 to 56) 2; trip and battery-limit fault (57, 58) 3. That the third of each three is the worst is by
    symmetry: the source reads the first for the over-voltage of the rack."""
    highest = 0
    for number in range(1, 59):
        at = i + number - 1
        if buf[at >> 3] >> (at & 7) & 1:
            level = (number - 1) % 3 + 1 if number <= _LEVELS_END else 3 if number >= _TRIP else 2
            highest = max(highest, level)
    return highest


class GoldBcu(Profile):
    name = "gold_bcu"
    role = "bms"
    grade = "C"
    beta = True
    source = "Gold BCU protocol (field EMS in C; the split of functions 2 and 4 agrees with three other field sources)"
    control_poll_ms = 1000  # 64 registers are 152 ms of a 9600 baud line
    lost_after_ms = 5000
    request_gap_ms = 30
    fixed_reads = ((4, 1, 64), (2, 1, 58))
    points = (
        Point("alarm", 2, 1, alarm_level, words=58, high=3),
        Point("soc_permille", 4, 3, u16, num=10, high=1000),
        Point("charge_max_w", 4, 1, charge_max, words=61, high=5000000),
        Point("discharge_max_w", 4, 1, discharge_max, words=61, high=5000000),
    )


PROFILE = GoldBcu()
