"""The battery of a Sungrow SH hybrid inverter, as power conversion: forced charging and discharging."""

from drivers.decode import s16, u16
from drivers.output import Output
from drivers.point import Point
from drivers.profile import Profile

_FORCED = 2
_CHARGE, _DISCHARGE, _STOP = 0xAA, 0xBB, 0xCC
_SIGN = {_CHARGE: 1, _DISCHARGE: -1, _STOP: 0}
_CHARGING = 1 << 1
_NOT_S16 = 1 << 17


def battery_power(buf, i):
    """W, + charging, out of the running state (13000) and the battery power (13021).

    Newer firmware has a sign, - for charging; older firmware always +, and the direction is in the running state.
    """
    state, power = u16(buf, i), s16(buf, i + 42)
    if power in (0x7FFF, -0x8000):
        return _NOT_S16
    return abs(power) if power < 0 or state & _CHARGING else -power


class ForcedPower(Output):
    """Mode 13049, command 13050 and power 13051 in W, in one write."""

    def __init__(self):
        Output.__init__(self, "power_w", 16, 13049, words=3, low=("rated_w", -1000), high=("rated_w", 1000))

    def to_raw(self, device, value):
        return max(-0xFFFF, min(0xFFFF, value))

    def to_value(self, device, raw):
        return raw

    def put(self, device, raw, words):
        words[0] = _FORCED
        words[1] = _STOP if raw == 0 else _CHARGE if raw > 0 else _DISCHARGE
        words[2] = abs(raw)
        return 3

    def get(self, device, buf, at):
        sign = _SIGN.get(u16(buf, at + 2))
        if u16(buf, at) != _FORCED or sign is None:
            return None  # the inverter goes its own ways: what it may do is not known
        return sign * u16(buf, at + 4)


class SungrowShPcs(Profile):
    """No watchdog: the last command stays. At most 65 kW, the width of the register."""

    name = "sungrow_sh_pcs"
    role = "pcs"
    grade = "A"
    source = "Tinkerforge sungrow battery map and evcc sungrow-hybrid template agree"
    needs = ("rated_w",)
    watchdog_range_s = None
    post_write_settle_ms = 500
    control_poll_ms = 500
    lost_after_ms = 5000
    points = (
        Point(
            "power_w", 4, 13000, battery_power, words=22, absent=(_NOT_S16,), low=("rated_w", -1500),
            high=("rated_w", 1500),
        ),
        Point("status", 4, 13000, u16, high=0xFFFE),
    )  # fmt: skip
    outputs = (ForcedPower(),)

    def refresh_ms(self, params):
        return 60000


PROFILE = SungrowShPcs()
