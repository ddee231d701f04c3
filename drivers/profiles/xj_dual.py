"""XJ (许继) 120/240 kW DC pile with two guns, read only: the layout of its control frame (0x4000) is not published."""

from drivers.decode import u16, u32
from drivers.point import Point
from drivers.profile import Profile

# 0, 1, 2 idle; 3 charging; 4, 5 fault.
_STATES = {0: 0, 1: 0, 2: 0, 3: 2, 4: 4, 5: 4}


class XjDual(Profile):
    """Nothing can be commanded, so such a gun counts with its `max_w` for ever. The power is taken as that of the DC
    side; 95 % efficiency is assumed (D)."""

    name = "xj_dual"
    role = "gun"
    grade = "C"
    beta = True
    source = "XJ dual-gun pile register map (one field source with its own simulator)"
    needs = ("connector", "max_w")
    watchdog_range_s = None
    control_poll_ms = 500
    points = (
        Point("state", 3, 0x00, u16, meaning=_STATES),
        Point("energy_wh", 3, 0x0A, u32),
        Point("power_w", 3, 0x0E, u32, num=20, den=19, high=("max_w", 2000)),
        Point("soc_permille", 3, 0x12, u16, num=10, high=1000),
    )

    def base(self, params):
        return 0x2000 + 0x100 * (params["connector"] - 1)


PROFILE = XjDual()
