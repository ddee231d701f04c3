"""Batteries with SunSpec model 802: state of charge, what they take and give now, alarms."""

from drivers.decode import NOT_U16, POW10, s16, u16, u32
from drivers.point import Point
from drivers.profile import Profile

_MAX_W = 20000000
_NOTHING = -1
_FAULT = 99  # of State
# Of Evt1: alarms and faults of contactor, ground, door, communication; warnings.
_ALARMS = 0x12F4AAAB
_WARNINGS = 0x250B5554


def alarm_level(buf, i):
    """Of State (22) and Evt1 (26): 3 fault, 2 alarm, 1 warning, 0 none."""
    if u16(buf, i) == _FAULT:
        return 3
    events = u32(buf, i + 8)
    if events == 0xFFFFFFFF:
        return 0
    return 2 if events & _ALARMS else 1 if events & _WARNINGS else 0


def _scaled(raw, exponent):
    """raw * 10^exponent, downwards; _NOTHING where one of the two is not implemented."""
    if raw in NOT_U16 or not -9 <= exponent <= 9:
        return _NOTHING
    return raw * POW10[exponent] if exponent >= 0 else raw // POW10[-exponent]


def _limit_w(buf, i, rating, current):
    """The smaller one of the rating in W and the current limit times the voltage. Byte offsets are from point 4."""
    rated_w = _scaled(u16(buf, i + rating), s16(buf, i + 100))
    amperes, volts = u16(buf, i + current), u16(buf, i + 60)
    current_scale, voltage_scale = s16(buf, i + 116), s16(buf, i + 110)
    if amperes in NOT_U16 or volts in NOT_U16 or not -9 <= current_scale <= 9 or not -9 <= voltage_scale <= 9:
        return rated_w
    exponent, now_w = current_scale + voltage_scale, amperes * volts
    if not -9 <= exponent <= 9:
        return rated_w
    now_w = now_w * POW10[exponent] if exponent >= 0 else now_w // POW10[-exponent]
    return now_w if rated_w == _NOTHING else min(now_w, rated_w)


def charge_limit(buf, i):
    return _limit_w(buf, i, 0, 82)


def discharge_limit(buf, i):
    return _limit_w(buf, i, 2, 84)


class SunspecBattery(Profile):
    """It reports no emergency stop."""

    name = "sunspec_battery"
    role = "bms"
    grade = "A"
    source = "SunSpec model definition 802; discovery order of pysunspec2"
    control_poll_ms = 500
    lost_after_ms = 3000
    models = (802,)
    points = (
        # Points 4 (WChaRteMax) to 62 (AMax_SF) with 34 V, 45 AChaMax, 46 ADisChaMax, 54 and 59 scale factors.
        Point("charge_max_w", 3, 4, charge_limit, words=59, absent=(_NOTHING,), high=_MAX_W, model=802),
        Point("discharge_max_w", 3, 4, discharge_limit, words=59, absent=(_NOTHING,), high=_MAX_W, model=802),
        # % to permille
        Point("soc_permille", 3, 11, u16, absent=NOT_U16, scale_at=45, scale_add=1, model=802, high=1000),
        Point("alarm", 3, 22, alarm_level, words=6, high=3, model=802),
    )


PROFILE = SunspecBattery()
