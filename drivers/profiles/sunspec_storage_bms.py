"""Batteries of SunSpec storage with model 124 only (Basic Storage Controls)."""

from drivers.decode import NOT_U16, u16
from drivers.point import Point
from drivers.profile import Profile

_MAX_W = 20000000


class SunspecStorageBms(Profile):
    """Both limits are WChaMax, the rating: prefer `sunspec_battery` where a device has model 802. It reports neither
    alarms nor an emergency stop."""

    name = "sunspec_storage_bms"
    role = "bms"
    grade = "A"
    source = "SunSpec model definition 124"
    control_poll_ms = 500
    lost_after_ms = 3000
    models = (124,)
    points = (
        Point("soc_permille", 3, 8, u16, absent=NOT_U16, scale_at=14, scale_add=1, model=124, high=1000),
        Point("charge_max_w", 3, 2, u16, absent=NOT_U16, scale_at=16, model=124, high=_MAX_W),
        Point("discharge_max_w", 3, 2, u16, absent=NOT_U16, scale_at=16, model=124, high=_MAX_W),
    )


PROFILE = SunspecStorageBms()
