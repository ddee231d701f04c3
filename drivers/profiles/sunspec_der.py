"""PV inverters with the SunSpec models of IEEE 1547-2018: 701 (measurement), 702 (capacity), 704 (controls), 715 (the
controller's heartbeat)."""

from drivers.decode import NOT_S16, NOT_U16, s16, u16
from drivers.point import Point
from drivers.profile import Profile
from drivers.profiles.sunspec_controls import LimitPercent, Rating, refresh_ms, revert_s
from drivers.profiles.sunspec_heartbeat import Heartbeat, beat

# InvSt of model 701 to St of models 101 to 113: 0 off, 1 sleeping, 2 starting, 3 running, 4 throttled, 5 shutting down,
# 6 fault, 7 standby.
_STATUS = {0: 1, 1: 2, 2: 3, 3: 4, 4: 5, 5: 6, 6: 7, 7: 8}


class DerLimitPercent(LimitPercent):
    """WMaxLimPct of model 704, with its enable and its reversion (back to no limit) in one write.

    Offsets in the model: 14 Ena, 15 WMaxLimPct, 16 PctRvrt, 17 EnaRvrt, 18 RvrtTms (32 bits), 54 WMaxLimPct_SF.
    """

    read_words = 41  # 14 to 54: the scale factor comes with the value
    at_percent, at_enable, at_scale = 2, 0, 80

    def put(self, device, raw, words):
        beat(device)
        words[0] = 1
        words[1] = raw
        words[2] = self.to_raw(device, device.facts.get("wmax_w", 1))
        words[3] = words[4] = 0
        words[5] = revert_s(device)
        return 6


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
    outputs = (DerLimitPercent(14, 704), Heartbeat())

    def surveys(self, device, bases):
        return (Rating(device, bases),)

    def refresh_ms(self, params):
        return refresh_ms(params)


PROFILE = SunspecDer()
