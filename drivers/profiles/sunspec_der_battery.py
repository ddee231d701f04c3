"""Batteries of SunSpec storage with models 713 (capacity) and 702 (ratings of charging and discharging)."""

from drivers.decode import NOT_U16, u16
from drivers.point import Point
from drivers.profile import Profile

_MAX_W = 20000000


class SunspecDerBattery(Profile):
    """The limits are settings, not what the battery takes at this moment: prefer `sunspec_battery` where a device has
    model 802. It reports no emergency stop."""

    name = "sunspec_der_battery"
    role = "bms"
    grade = "A"
    source = "SunSpec model definitions 702, 713; Sta as 0 good, 1 warning, 2 error: D"
    control_poll_ms = 500
    lost_after_ms = 3000
    models = (702, 713)
    points = (
        Point("soc_permille", 3, 4, u16, absent=NOT_U16, scale_at=4, scale_add=1, model=713, high=1000),
        Point("alarm", 3, 6, u16, absent=NOT_U16, model=713, meaning={0: 0, 1: 1, 2: 3}),
        Point("charge_max_w", 3, 34, u16, absent=NOT_U16, scale_at=11, model=702, high=_MAX_W),
        Point("discharge_max_w", 3, 35, u16, absent=NOT_U16, scale_at=10, model=702, high=_MAX_W),
    )


PROFILE = SunspecDerBattery()
