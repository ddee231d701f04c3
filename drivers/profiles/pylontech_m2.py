"""Pylontech PowerCube M2 battery: state of charge, current limits, protections."""

from drivers.decode import s32, u16
from drivers.point import Point
from drivers.profile import Profile

_EMERGENCY_STOP_BIT = 1 << 13  # of the error word 0x1132


def charge_max(buf, i):
    """W: voltage (0x1103, 0.1 V) times charge current limit (0x110A, 0.01 A); 0 while 0x1138 forbids charging."""
    return 0 if u16(buf, i + 106) else u16(buf, i) * (s32(buf, i + 14) // 10) // 100


def discharge_max(buf, i):
    """W: voltage times discharge current limit (0x110D, 0.01 A, negative); 0 while 0x1139 forbids discharging."""
    return 0 if u16(buf, i + 108) else u16(buf, i) * (-s32(buf, i + 20) // 10) // 100


def alarm_level(buf, i):
    """3 for an error (0x1132) or a protection that acts (0x1101), 1 for a warning (0x1102), 0 none."""
    if u16(buf, i) or u16(buf, i + 98):
        return 3
    return 1 if u16(buf, i + 2) else 0


class PylontechM2(Profile):
    name = "pylontech_m2"
    role = "bms"
    grade = "B"
    source = "OpenEMS Pylontech PowerCube M2 driver; what the marks 0x1138 and 0x1139 hold when they forbid: D"
    control_poll_ms = 500
    lost_after_ms = 5000
    points = (
        Point("alarm", 3, 0x1101, alarm_level, words=50, high=3),
        Point("charge_max_w", 3, 0x1103, charge_max, words=55, high=5000000),
        Point("discharge_max_w", 3, 0x1103, discharge_max, words=55, high=5000000),
        Point("soc_permille", 3, 0x1107, u16, num=10, high=1000),
        Point("emergency_stop", 3, 0x1132, u16, mask=_EMERGENCY_STOP_BIT),
    )


PROFILE = PylontechM2()
