"""ABB Terra AC wallbox, Modbus RTU or TCP. It wants to be read at least every 30 s."""

from drivers.decode import u16, u32
from drivers.phase_current import PhaseCurrent
from drivers.point import Point
from drivers.profile import Profile

_FAULT = 4
_STOPPED = 5  # then the socket (0x400A) tells whether a cable is in
_CABLE_IN = 0x0101
_MA_PER_A = 1000
# 0 no vehicle (A), 1 and 2 vehicle there (B1, B2), 3 it asks but is not allowed (C1), 4 charging (C2).
_STATES = {0: 0, 1: 1, 2: 1, 3: 3, 4: 2, 5: 3}


def gun_state(buf, i):
    """Error (0x4008), socket (0x400A) and state (0x400C: third of its four bytes, without its highest bit) in one."""
    if u32(buf, i):
        return _FAULT
    state = buf[i + 10] & 0x7F
    if state == _STOPPED and u16(buf, i + 6) < _CABLE_IN:
        return 0
    return _STATES.get(state, 100)


class AbbTerraAc(Profile):
    name = "abb_terra_ac"
    role = "gun"
    grade = "B"
    source = "evcc ABB Terra AC driver"
    needs = ("max_w", "phases")
    control_poll_ms = 500
    points = (
        Point("state", 3, 0x4008, gun_state, words=6, meaning={0: 0, 1: 1, 2: 2, 3: 3, 4: 4}),
        Point("power_w", 3, 0x401C, u32, high=("max_w", 2000)),
        Point("energy_wh", 3, 0x401E, u32),
    )
    outputs = (PhaseCurrent("limit_w", 16, 0x4100, counts_per_a=_MA_PER_A, words=2, high=("max_w", 1000)),)


PROFILE = AbbTerraAc()
