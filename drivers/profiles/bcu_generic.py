"""Two-level battery control unit (BCU) towards an EMS, sheet V1.3: state of charge, power limits, alarm words."""

from drivers.decode import u16
from drivers.point import Point
from drivers.profile import Profile

_EMERGENCY_STOP_BIT = 1 << 9  # of the communication and hardware fault word 0x0044


def alarm_level(buf, i):
    """Highest level of the three alarm words: 3 critical (0x0012), 2 alarm (0x0013), 1 pre-alarm (0x0014), 0 none."""
    for level in (3, 2, 1):
        if buf[i] | buf[i + 1]:
            return level
        i += 2
    return 0


class BcuGeneric(Profile):
    name = "bcu_generic"
    role = "bms"
    grade = "C"
    beta = True
    source = "two-level BCU to EMS sheet V1.3 (one field source, vendor not named)"
    control_poll_ms = 500
    lost_after_ms = 3000
    points = (
        Point("alarm", 3, 0x0012, alarm_level, words=3, high=3),
        Point("emergency_stop", 3, 0x0044, u16, mask=_EMERGENCY_STOP_BIT),
        Point("soc_permille", 3, 0x0227, u16, high=1000),
        Point("charge_max_w", 3, 0x0270, u16, num=100, high=5000000),
        Point("discharge_max_w", 3, 0x0271, u16, num=100, high=5000000),
    )


PROFILE = BcuGeneric()
