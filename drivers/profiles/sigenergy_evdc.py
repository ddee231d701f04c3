"""Sigenergy EVDC bidirectional DC charger, Modbus TCP by way of its hybrid inverter (protocol V2.9).

At most one request a second. A limit of 0 must never be written: less than 500 W is a stop.
"""

from drivers.decode import s32, u16, u32
from drivers.output import IF_NEGATIVE, IF_POSITIVE, IF_ZERO, MAGNITUDE, Output
from drivers.point import Point
from drivers.profile import Profile
from drivers.sequence import Step

_SMALLEST_W = 500
_COMMAND, _START, _STOP = 41000, 0, 1
_CHARGE_LIMIT, _DISCHARGE_LIMIT = 41002, 41004
# 0 idle, 1 occupied, 2 preparing, 3 charging, 4 fault, 5 scheduled, 6 ended, 7 unavailable, 8 discharging, 9 alarm, 10
# insulation test.
_STATES = {0: 0, 1: 1, 2: 1, 3: 2, 4: 4, 5: 3, 6: 3, 7: 5, 8: 2, 9: 4, 10: 1}


class SigenergyEvdc(Profile):
    """The source doubts the sign of the power: negative while discharging is to be confirmed on the device. The
    registers cannot be trusted to read back, so the reply is the acknowledgement."""

    name = "sigenergy_evdc"
    role = "gun"
    grade = "B"
    source = "evcc Sigenergy EVDC driver; sign of the power: D"
    needs = ("max_w",)
    watchdog_range_s = None
    may_discharge = True
    standby_w = _SMALLEST_W
    request_gap_ms = 1000
    min_poll_ms = 1000
    control_poll_ms = 1500
    lost_after_ms = 6000
    points = (
        Point("power_w", 4, 31502, s32, low=("max_w", -2000), high=("max_w", 2000)),
        Point("soc_permille", 4, 31504, u16, high=1000),
        Point("energy_wh", 4, 31505, u32, num=10),
        Point("state", 4, 31513, u16, meaning=_STATES),
    )
    outputs = (
        Output(
            "limit_w", 16, _CHARGE_LIMIT, words=2, low=("max_w", -1000), high=("max_w", 1000), smallest=_SMALLEST_W,
            read_function=0,
            steps=(
                Step(16, _CHARGE_LIMIT, MAGNITUDE, words=2, when=IF_POSITIVE),
                Step(16, _DISCHARGE_LIMIT, MAGNITUDE, words=2, when=IF_NEGATIVE),
                Step(6, _COMMAND, _START, when=IF_POSITIVE | IF_NEGATIVE),
                Step(6, _COMMAND, _STOP, when=IF_ZERO),
            ),
        ),
    )  # fmt: skip

    def refresh_ms(self, params):
        return 60000  # it has no watchdog, and each step costs a second


PROFILE = SigenergyEvdc()
