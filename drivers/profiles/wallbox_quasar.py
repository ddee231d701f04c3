"""Wallbox Quasar 1, bidirectional DC (CHAdeMO) on one phase, Modbus TCP, in power mode under remote control."""

from drivers.decode import s16, u16
from drivers.device import CHARGING, PREPARING, SUSPENDED
from drivers.output import Output
from drivers.point import Point
from drivers.profile import Profile

_REMOTE, _AUTOSTART, _SETPOINT_TYPE, _IDLE_TIMEOUT_S = 81, 82, 83, 88
_ACTION, _ACTION_START = 257, 1
_POWER_MODE = 1
# 0 no vehicle, 1 charging, 2 waits for the vehicle, 3 waits for its schedule, 4 paused, 5 end of schedule, 6 locked,
# 7 error, 8-10 in a queue, 11 discharging.
_STATES = {0: 0, 1: CHARGING, 2: PREPARING, 3: 3, 4: 3, 5: 3, 6: 5, 7: 4, 8: 3, 9: 3, 10: 3, 11: CHARGING}
_NO_SOC = (0, 1)  # what it shows while it does not know


class WallboxQuasar(Profile):
    """The idle time-out is its watchdog. Nothing starts by itself: a session starts when there is power for it."""

    name = "wallbox_quasar"
    role = "gun"
    grade = "B"
    source = "v2g-liberty Wallbox Quasar 1 driver"
    needs = ("max_w",)
    may_discharge = True
    control_poll_ms = 1000
    lost_after_ms = 5000
    fixed_reads = ((3, 526, 1), (3, 537, 2))
    points = (
        Point("power_w", 3, 526, s16, low=("max_w", -2000), high=("max_w", 2000)),
        Point("state", 3, 537, u16, meaning=_STATES),
        Point("soc_permille", 3, 538, u16, num=10, high=1000, absent=_NO_SOC),
    )
    outputs = (Output("limit_w", 6, 260, low=("max_w", -1000), high=("max_w", 1000)),)

    def arms(self, params):
        remote = ((6, _REMOTE, 1, 3), (6, _AUTOSTART, 0, 3), (6, _SETPOINT_TYPE, _POWER_MODE, 3))
        watchdog_s = params.get("watchdog_s")
        return remote + ((6, _IDLE_TIMEOUT_S, watchdog_s, 3),) if watchdog_s else remote

    def start(self, device):
        state = device.readings["state"]
        if device.setpoints["limit_w"].wanted and state.quality and state.value in (PREPARING, SUSPENDED):
            return _ACTION, _ACTION_START
        return None


PROFILE = WallboxQuasar()
