"""BYD Battery-Box Commercial C130: state of charge, current limits, alarms, main contactor."""

from drivers.decode import u16
from drivers.output import Output
from drivers.point import Point
from drivers.profile import Profile

_CONNECT = 1  # starts the pre-charge; the register then shows 1 or 2, 3 when the contactor is closed, 4 when it failed


def charge_max(buf, i):
    """W: voltage (0x2100, 0.1 V) times charge current limit (0x216C, 0.1 A)."""
    return u16(buf, i) * u16(buf, i + 216) // 100


def discharge_max(buf, i):
    """W: voltage times discharge current limit (0x216D)."""
    return u16(buf, i) * u16(buf, i + 218) // 100


def alarm_level(buf, i):
    """3 for level 2 (0x2143) or a hardware fault (0x2144), 2 for level 1 (0x2141), 1 for a pre-alarm (0x2140)."""
    if u16(buf, i + 6) or u16(buf, i + 8):
        return 3
    if u16(buf, i + 2):
        return 2
    return 1 if u16(buf, i) else 0


class Contactor(Output):
    """0 open, 1 closed (by way of the pre-charge)."""

    def to_raw(self, device, value):
        return _CONNECT if value else 0

    def to_value(self, device, raw):
        return 1 if raw else 0

    def get(self, device, buf, at):
        """A failed pre-charge is not taken as open: nobody may try it again and again."""
        raw = u16(buf, at)
        return _CONNECT if raw in (1, 2, 3) else 0 if raw == 0 else None


class BydC130(Profile):
    name = "byd_c130"
    role = "bms"
    grade = "B"
    source = "OpenEMS BYD Battery-Box Commercial C130 driver"
    control_poll_ms = 500
    lost_after_ms = 5000
    points = (
        Point("charge_max_w", 3, 0x2100, charge_max, words=110, high=5000000),
        Point("discharge_max_w", 3, 0x2100, discharge_max, words=110, high=5000000),
        Point("soc_permille", 3, 0x2103, u16, num=10, high=1000),
        Point("alarm", 3, 0x2140, alarm_level, words=5, high=3),
    )
    outputs = (Contactor("contactor", 6, 0x2010, high=1, refresh=False),)


PROFILE = BydC130()
