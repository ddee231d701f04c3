"""PV inverters with the SunSpec models of IEEE 1547-2018: 701 (measurement), 702 (capacity), 704 (controls).

The heartbeat of model 715 is not written: a limit ends by its own reversion time.
"""

from drivers.decode import NOT_S16, NOT_U16, s16, u16
from drivers.jobs import Job
from drivers.point import Point
from drivers.profile import Profile
from drivers.sunspec import LimitPercent, Rating

# InvSt of model 701 to St of models 101 to 113: 0 off, 1 sleeping, 2 starting, 3 running, 4 throttled, 5 shutting down,
# 6 fault, 7 standby.
_STATUS = {0: 1, 1: 2, 2: 3, 3: 4, 4: 5, 5: 6, 6: 7, 7: 8}


class Capacity(Rating):
    """WMax of model 702, offset 26, with W_SF, offset 45; the station file's `rated_w` when the device has none."""

    def __init__(self, device, bases):
        Job.__init__(self, device)
        device.facts["wmax_w"] = device.params["rated_w"]
        if 702 in bases:
            self.register, self._scale, self.count = bases[702] + 26, 19, 20
        else:
            self.done = True


class DerLimitPercent(LimitPercent):
    """WMaxLimPct of model 704, with its enable and its reversion (back to no limit) in one write.

    Offsets in the model: 14 Ena, 15 WMaxLimPct, 16 PctRvrt, 17 EnaRvrt, 18 RvrtTms (32 bits), 54 WMaxLimPct_SF.
    """

    read_words = 41  # 14 to 54: the scale factor comes with the value

    def __init__(self):
        LimitPercent.__init__(self, "limit_w", high=("rated_w", 1000))
        self.register = 14
        self.model = 704

    def put(self, device, raw, words):
        words[0] = 1
        words[1] = raw
        words[2] = self.to_raw(device, device.facts.get("wmax_w", 1))
        words[3] = words[4] = 0
        words[5] = device.params.get("watchdog_s") or self.revert_s
        return 6

    def get(self, device, buf, at):
        exponent = s16(buf, at + 80)
        if not -3 <= exponent <= 2:
            return None
        device.facts["limit_sf"] = exponent
        enabled, percent = u16(buf, at), u16(buf, at + 2)
        if enabled != 1:
            return self.to_raw(device, device.facts.get("wmax_w", 1))
        return percent if percent != 0xFFFF else None


class SunspecDer(Profile):
    """`status` is St as of `sunspec_inverter`; `in_service` 1 while the grid's rules let it feed in; `local_control` 1
    while it takes no commands."""

    name = "sunspec_der"
    role = "pv"
    grade = "A"
    source = "SunSpec model definitions 701 to 704, 715; discovery order of pysunspec2"
    needs = ("rated_w",)
    models = (701, 702, 703, 704, 715)
    extra = ("in_service", "local_control")
    points = (
        Point("power_w", 3, 10, s16, absent=NOT_S16, scale_at=106, model=701, low=("rated_w", -100),
              high=("rated_w", 1500)),
        Point("status", 3, 4, u16, absent=NOT_U16, model=701, meaning=_STATUS),
        Point("in_service", 3, 2, u16, absent=NOT_U16, model=703, high=1, slow=True),
        Point("local_control", 3, 2, u16, absent=NOT_U16, model=715, high=1, slow=True),
    )  # fmt: skip
    outputs = (DerLimitPercent(),)

    def surveys(self, device, bases):
        return (Capacity(device, bases),)

    def refresh_ms(self, params):
        return (params.get("watchdog_s") or LimitPercent.revert_s) * 1000 // 3


PROFILE = SunspecDer()
