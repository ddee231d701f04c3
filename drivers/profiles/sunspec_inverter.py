"""Any three-phase PV inverter with SunSpec models 101 to 103 (or 111 to 113), 120 or 121, 122, and 123."""

from drivers.decode import NOT_S16, NOT_U16, f32, s16, u16
from drivers.point import Point
from drivers.profile import Profile
from drivers.profiles.sunspec_controls import LimitPercent, Rating, refresh_ms

_LOW, _HIGH = ("rated_w", -100), ("rated_w", 1500)


class SunspecInverter(Profile):
    """`status` is St: 1 off, 2 sleeping, 3 starting, 4 MPPT, 5 throttled, 6 shutting down, 7 fault, 8 standby."""

    name = "sunspec_inverter"
    role = "pv"
    grade = "A"
    source = "SunSpec model definitions 103, 113, 120 to 123; discovery order of pysunspec2"
    needs = ("rated_w",)
    control_poll_ms = 100
    models = (103, 113, 120, 121, 122, 123)
    extra = ("available_w",)  # what it could give without a limit
    points = (
        Point("power_w", 3, 14, s16, absent=NOT_S16, scale_at=1, model=103, low=_LOW, high=_HIGH),
        Point("status", 3, 38, u16, absent=NOT_U16, model=103, high=8),
        Point("power_w", 3, 22, f32, model=113, low=_LOW, high=_HIGH),
        Point("status", 3, 48, u16, absent=NOT_U16, model=113, high=8),
        Point("available_w", 3, 31, u16, absent=NOT_U16, scale_at=1, model=122, high=_HIGH, slow=True),
    )
    outputs = (LimitPercent(),)

    def surveys(self, device, bases):
        return (Rating(device, bases),)

    def refresh_ms(self, params):
        return refresh_ms(params)


PROFILE = SunspecInverter()
