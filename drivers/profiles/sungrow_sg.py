"""Sungrow SG string inverters. Addresses are those of the wire: the vendor's documents count from 1.

Ask the inverter's LAN port, not a WiNet-S dongle: that loses sessions under load.
"""

from drivers.decode import NOT_S32, s32_lw, u16
from drivers.output import Output
from drivers.point import Point
from drivers.profile import Profile

_ON, _OFF = 0xAA, 0x55


class SungrowLimit(Output):
    """Switch 5006 and limit 5007, 0.1 % of the rated power, in one write."""

    def __init__(self):
        Output.__init__(self, "limit_w", 16, 5006, words=2, high=("rated_w", 1000))

    def to_raw(self, device, value):
        rated_w = device.params["rated_w"]
        if rated_w <= 1000000:
            return value * 1000 // rated_w
        # In steps of 100 W, so that no product leaves 31 bits; a rating rounded up gives no share too much.
        return value // 100 * 1000 // -(-rated_w // 100)

    def to_value(self, device, raw):
        rated_w = device.params["rated_w"]
        return rated_w // 1000 * raw + rated_w % 1000 * raw // 1000

    def put(self, device, raw, words):
        words[0] = _ON
        words[1] = raw
        return 2

    def get(self, device, buf, at):
        switch, permille = u16(buf, at), u16(buf, at + 2)
        if switch == _OFF:
            return 1000
        return permille if switch == _ON and permille <= 1100 else None


class SungrowPv(Profile):
    """The inverter has no watchdog: a limit stays. It needs half a second after a write before it answers again."""

    role = "pv"
    grade = "A"
    needs = ("rated_w",)
    watchdog_range_s = None
    post_write_settle_ms = 500
    control_poll_ms = 500
    lost_after_ms = 5000
    outputs = (SungrowLimit(),)

    def refresh_ms(self, params):
        return 60000


class SungrowSg(SungrowPv):
    name = "sungrow_sg"
    source = "Tinkerforge sungrow map and evcc sungrow-inverter template agree"
    points = (
        Point("power_w", 4, 5030, s32_lw, absent=NOT_S32, low=("rated_w", -100), high=("rated_w", 1500)),
    )  # fmt: skip


PROFILE = SungrowSg()
