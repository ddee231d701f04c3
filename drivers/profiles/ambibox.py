"""ambibox ambiCHARGE bidirectional DC wallbox, Modbus TCP: connectors 1 and up, 32-bit values."""

from drivers.decode import f32, s32, u32
from drivers.output import Output
from drivers.point import Point
from drivers.profile import Profile

_ERROR = 9
# 0 set-up, 1 authorisation, 2 parameters, 3 cable check, 4 pre-charge, 5 charge loop, 6 post-processing, 7 paused, 8
# stopped, 9 error.
_STATES = {0: 1, 1: 1, 2: 1, 3: 1, 4: 1, 5: 2, 6: 3, 7: 3, 8: 3, 9: 4}


def gun_state(buf, i):
    """Session state (+82) and "vehicle connected" (+84) in one. 100: unknown."""
    state = u32(buf, i)
    if state != _ERROR and not u32(buf, i + 4):
        return 0
    return _STATES.get(state, 100)


class Ambibox(Profile):
    """A negative target charges; the measured power is taken to have the same sign (D)."""

    name = "ambibox"
    role = "gun"
    grade = "B"
    source = "evcc ambibox driver; sign of the measured power: D"
    needs = ("connector", "max_w")
    watchdog_range_s = None
    may_discharge = True
    control_poll_ms = 500
    points = (
        Point("power_w", 4, 18, s32, num=-1, low=("max_w", -2000), high=("max_w", 2000)),  # AC side
        Point("soc_permille", 4, 54, f32, num=10, high=1000),
        Point("state", 4, 82, gun_state, words=4, meaning={0: 0, 1: 1, 2: 2, 3: 3, 4: 4}),
        Point("energy_wh", 4, 98, f32),
    )
    outputs = (
        Output("limit_w", 16, 0, words=2, sign=-1, low=("max_w", -1000), high=("max_w", 1000)),
    )

    def base(self, params):
        return 4000 + 200 * (params["connector"] - 1)

    def output_base(self, params):
        return 3000 + 100 * (params["connector"] - 1)


PROFILE = Ambibox()
