"""Storage with the SunSpec models of IEEE 1547-2018, as power conversion: 701 (measurement), WSet of 704 (controls),
715 (the controller's heartbeat)."""

from drivers.decode import NOT_S16, NOT_U16, POW10, s16, s32, u16
from drivers.output import RAW, Output
from drivers.point import Point
from drivers.profile import Profile
from drivers.profiles.sunspec_controls import revert_s
from drivers.profiles.sunspec_heartbeat import Heartbeat, beat
from drivers.sequence import Step

_WATTS = 1  # WSetMod


def _enable(device, raw):
    beat(device)
    return 1


class WattSetpoint(Output):
    """WSet, + discharging, with its mode, its enable and its reversion to no setpoint.

    Offsets in the model: 22 WSetEna, 23 WSetMod, 24 WSet (32 bits), 30 WSetEnaRvrt, 31 WSetRvrtTms (32 bits),
    55 WSet_SF.
    """

    read_words = 34  # 22 to 55: the scale factor comes with the value
    read_offset = -2

    def __init__(self):
        steps = (
            Step(16, 31, revert_s, words=2, once=True),
            Step(16, 30, 0, once=True),
            Step(16, 23, _WATTS, once=True),
            Step(16, 24, RAW, words=2),
            Step(16, 22, _enable),
        )
        low, high = ("rated_w", -1000), ("rated_w", 1000)
        Output.__init__(self, "power_w", 16, 24, words=2, low=low, high=high, model=704, steps=steps)

    def to_raw(self, device, value):
        exponent = device.facts.get("wset_sf", 0)
        return -(value // POW10[exponent] if exponent >= 0 else value * POW10[-exponent])

    def to_value(self, device, raw):
        exponent = device.facts.get("wset_sf", 0)
        return -raw * POW10[exponent] if exponent >= 0 else -(raw // POW10[-exponent])

    def get(self, device, buf, at):
        exponent = s16(buf, at + 66)
        if not -3 <= exponent <= 4:
            return None
        device.facts["wset_sf"] = exponent
        if u16(buf, at) != 1 or u16(buf, at + 2) != _WATTS:
            return None  # the device goes its own ways: what it may do is not known
        return s32(buf, at + 4)


class SunspecDerStorage(Profile):
    """`status` is InvSt of model 701: 0 off, 1 sleeping, 2 starting, 3 running, 4 throttled, 5 shutting down, 6 fault,
    7 standby; `local_control` is 1 while it takes no commands; `dc_power_w` is at the battery, + charging. Powers are
    + discharging on the wire."""

    name = "sunspec_der_storage"
    role = "pcs"
    grade = "A"
    source = "SunSpec model definitions 701, 704, 714, 715; discovery order of pysunspec2"
    needs = ("rated_w",)
    models = (701, 704, 714, 715)
    extra = ("dc_power_w", "local_control")
    points = (
        Point("power_w", 3, 10, s16, num=-1, absent=NOT_S16, scale_at=106, model=701, low=("rated_w", -1500),
              high=("rated_w", 1500)),
        Point("status", 3, 4, u16, absent=NOT_U16, model=701, high=7),
        Point("dc_power_w", 3, 6, s16, num=-1, absent=NOT_S16, scale_at=11, model=714, low=("rated_w", -1500),
              high=("rated_w", 1500), slow=True),
        Point("local_control", 3, 2, u16, absent=NOT_U16, model=715, high=1, slow=True),
    )  # fmt: skip
    outputs = (WattSetpoint(), Heartbeat())


PROFILE = SunspecDerStorage()
