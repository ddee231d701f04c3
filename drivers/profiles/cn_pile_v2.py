"""Chinese DC pile, "充电桩 MODBUS 协议 V2.0" over RTU: charging and discharging (V2G).

The pile answers one read only: function 3, start 0, 13 registers. Its limit cannot be read back: the echo of the write
is the acknowledgement. It has no watchdog. `limit_w` bounds both directions; `run` starts, stops and turns round.
"""

from drivers.decode import s16, u16
from drivers.output import Output
from drivers.point import Point
from drivers.profile import Profile

_CONNECTED = 1
_START = (None, 0x01AA, 0x02AA)
_STOP = (None, 0x0155, 0x0255)


def gun_state(buf, i):
    """State from registers 2 (0 idle, 1 preparing, 2 charging, 3 stopped, 4 error) and 5 (1 vehicle connected, 2 not).
    100: unknown."""
    state = u16(buf, i)
    if state == 0:
        return 1 if u16(buf, i + 6) == _CONNECTED else 0
    return state if state < 5 else 100


def signed_power(buf, i):
    """W at the AC side out of the current (register 7, its sign is the direction) and the DC power (register 8, 0.1 kW,
    no sign).

    95 % efficiency is assumed both ways (D): the vehicle's 95 kW are 100 kW of the grid, its -100 kW are -95 kW.
    """
    power = u16(buf, i + 2)
    return -power * 95 if s16(buf, i) < 0 else (power * 2000 + 9) // 19


class Run(Output):
    """0 stop, 1 charge, 2 discharge, as commands in register 0x3000: what is to be done in the high byte (1 charging, 2
    discharging), start (0xAA) or stop (0x55) in the low one. A stop names what was started last."""

    def to_raw(self, device, value):
        if value:
            return _START[value]
        run = device.setpoints["run"]
        last = run.upper if run.held_known else run.sent
        return _STOP[last or 1]

    def to_value(self, device, raw):
        return 0 if raw in _STOP else raw >> 8


class CnPileV2(Profile):
    name = "cn_pile_v2"
    role = "gun"
    grade = "C"
    beta = True
    source = "充电桩 MODBUS 协议 V2.0 (one field source, charger-side implementation)"
    needs = ("max_w",)
    watchdog_range_s = None
    fixed_reads = ((3, 0, 13),)
    points = (
        Point("state", 3, 2, gun_state, words=4, meaning={0: 0, 1: 1, 2: 2, 3: 3, 4: 4}),
        Point("soc_permille", 3, 4, u16, num=10, high=1000),
        Point("power_w", 3, 7, signed_power, words=2, low=("max_w", -2000), high=("max_w", 2000)),
        Point("energy_wh", 3, 10, u16, num=100),
    )
    may_discharge = True
    outputs = (
        Output("limit_w", 6, 0x2000, den=100, high=("max_w", 1000), read_function=0),
        Run("run", 6, 0x3000, high=2, read_function=0, refresh=False),
    )


PROFILE = CnPileV2()
