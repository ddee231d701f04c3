"""Sungrow SH hybrid inverters, their PV side: the DC power, since the AC side has the battery in it.

Battery and meter of the same unit id are the profiles `sungrow_sh_pcs`, `sungrow_sh_bms` and `sungrow_sh_meter`.
"""

from drivers.decode import NOT_U32, u32_lw
from drivers.point import Point
from drivers.profiles.sungrow_sg import SungrowPv


class SungrowSh(SungrowPv):
    name = "sungrow_sh"
    source = "Tinkerforge sungrow battery map and evcc sungrow-hybrid template agree"
    points = (Point("power_w", 4, 5016, u32_lw, absent=NOT_U32, high=("rated_w", 2000)),)


PROFILE = SungrowSh()
