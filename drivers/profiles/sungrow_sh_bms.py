"""The battery of a Sungrow SH hybrid inverter: state of charge and the power it is set to take and give."""

from drivers.decode import NOT_U16, u16
from drivers.point import Point
from drivers.profile import Profile


class SungrowShBms(Profile):
    """It reports neither alarms nor an emergency stop."""

    name = "sungrow_sh_bms"
    role = "bms"
    grade = "A"
    source = "Tinkerforge sungrow battery map and evcc sungrow-hybrid template agree"
    post_write_settle_ms = 500
    control_poll_ms = 1000
    lost_after_ms = 5000
    points = (
        Point("soc_permille", 4, 13022, u16, absent=NOT_U16, high=1000),
        Point("charge_max_w", 3, 33046, u16, num=10, absent=NOT_U16, high=655340),
        Point("discharge_max_w", 3, 33047, u16, num=10, absent=NOT_U16, high=655340),
    )


PROFILE = SungrowShBms()
