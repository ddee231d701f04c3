"""Heidelberg Energy Control AC wallbox, RS-485."""

from drivers.decode import u16, u32
from drivers.phase_current import PhaseCurrent, deciamps_from_w
from drivers.point import Point
from drivers.profile import Profile

# 2, 3 no vehicle (A); 4 vehicle, charging not allowed (B1); 5 vehicle, allowed (B2); 6 vehicle asks, not allowed (C1);
# 7 charging (C2); 8 derating, 9 error, 11 error (D); 10 locked or standby.
_STATES = {2: 0, 3: 0, 4: 1, 5: 1, 6: 3, 7: 2, 8: 2, 9: 4, 10: 5, 11: 4}
_WATCHDOG_MS = 257
_FAILSAFE_DECIAMPS = 262


class HeidelbergEc(Profile):
    name = "heidelberg_ec"
    role = "gun"
    grade = "A"
    source = "evcc and OpenEMS Heidelberg drivers agree; states 8, 9 and 11: D"
    needs = ("max_w", "phases")
    watchdog_range_s = (1, 65)  # register 257, U16 in ms
    request_gap_ms = 100
    control_poll_ms = 400
    points = (
        Point("state", 4, 5, u16, meaning=_STATES),
        Point("power_w", 4, 14, u16, high=("max_w", 2000)),  # VA: never below the watts
        Point("energy_wh", 4, 17, u32, slow=True),  # VAh since power-on
    )
    outputs = (PhaseCurrent("limit_w", 6, 261, high=("max_w", 1000)),)

    def arms(self, params):
        watchdog_s = params.get("watchdog_s")
        if not watchdog_s:
            return ()
        fallback = deciamps_from_w(params.get("fallback_w", 0), params.get("phases", 3))
        return ((6, _WATCHDOG_MS, min(65000, watchdog_s * 1000), 3), (6, _FAILSAFE_DECIAMPS, fallback, 3))


PROFILE = HeidelbergEc()
