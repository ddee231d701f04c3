"""FoxESS EVC AC wallbox, Modbus TCP protocol 1.6.

A setpoint is valid for 0x3005 seconds (10 to 60) and is then replaced by the fall-back current 0x3006.
"""

from drivers.decode import u16, u32
from drivers.phase_current import PhaseCurrent, deciamps_from_w
from drivers.point import Point
from drivers.profile import Profile

# 0 idle, 1 connected, 2 starting, 3 charging, 4 paused, 5 finished, 6 fault, 8 locked, 9 switching phases.
_STATES = {0: 0, 1: 1, 2: 1, 3: 2, 4: 3, 5: 3, 6: 4, 8: 5, 9: 1}
_VALIDITY_S = 0x3005
_FALLBACK_DECIAMPS = 0x3006


class FoxessEvc(Profile):
    name = "foxess_evc"
    role = "gun"
    grade = "B"
    source = "evcc FoxESS EVC driver, Modbus TCP protocol 1.6; 0x1018 as session energy: D (or is it 0x1016?)"
    needs = ("max_w", "phases")
    watchdog_range_s = (10, 60)
    points = (
        Point("state", 3, 0x1003, u16, meaning=_STATES),
        Point("power_w", 3, 0x100E, u16, num=100, high=("max_w", 2000)),
        Point("energy_wh", 3, 0x1018, u32, num=100, slow=True),
    )
    outputs = (PhaseCurrent("limit_w", 16, 0x3001, high=("max_w", 1000)),)

    def arms(self, params):
        watchdog_s = params.get("watchdog_s")
        if not watchdog_s:
            return ()
        fallback = deciamps_from_w(params.get("fallback_w", 0), params.get("phases", 3))
        return ((16, _VALIDITY_S, min(60, max(10, watchdog_s)), 3), (16, _FALLBACK_DECIAMPS, fallback, 3))


PROFILE = FoxessEvc()
