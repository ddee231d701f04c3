"""KEBA P30 and P40 AC wallboxes, Modbus TCP (unit 255).

Each value is a request of its own, at least 0.5 s after the one before; writes are at least 5 s apart.
"""

from drivers.decode import u32
from drivers.phase_current import PhaseCurrent, deciamps_from_w
from drivers.point import Point
from drivers.profile import Profile

# 0 starting up, 1 not ready, 2 ready, 3 charging, 4 error, 5 suspended.
_STATES = {0: 5, 1: 0, 2: 1, 3: 2, 4: 4, 5: 3}
_ENABLE, _FAILSAFE_MA, _FAILSAFE_S = 5014, 5016, 5018
_MA_PER_A = 1000


class KebaP30(Profile):
    """What is written cannot be read at the same address, so the fail-safe is written once after each start."""

    name = "keba_p30"
    role = "gun"
    grade = "A"
    source = "evcc and OpenEMS KEBA drivers agree; 5016 as fail-safe current: D (a P40 before 1.2.1 counts Wh)"
    needs = ("max_w", "phases")
    watchdog_range_s = (10, 600)  # D
    request_gap_ms = 500
    write_gap_ms = 5000
    control_poll_ms = 1200
    lost_after_ms = 6000
    slow_poll_ms = 10000
    fixed_reads = ((3, 1000, 2), (3, 1020, 2), (3, 1502, 2, True))
    points = (
        Point("state", 3, 1000, u32, meaning=_STATES),
        Point("power_w", 3, 1020, u32, den=1000, high=("max_w", 2000)),  # mW
        Point("energy_wh", 3, 1502, u32, den=10, slow=True),
    )
    outputs = (PhaseCurrent("limit_w", 6, 5004, counts_per_a=_MA_PER_A, high=("max_w", 1000), read_function=0),)

    def arms(self, params):
        watchdog_s = params.get("watchdog_s")
        if not watchdog_s:
            return ((6, _ENABLE, 1, 0),)
        fallback = 100 * deciamps_from_w(params.get("fallback_w", 0), params.get("phases", 3))
        return ((6, _ENABLE, 1, 0), (6, _FAILSAFE_MA, fallback, 0), (6, _FAILSAFE_S, watchdog_s, 0))


PROFILE = KebaP30()
