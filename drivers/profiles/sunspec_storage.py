"""Storage with SunSpec model 124 (Basic Storage Controls) and 103 or 113 for its power, as power conversion."""

from drivers.decode import NOT_S16, NOT_U16, POW10, f32, s16, u16
from drivers.output import Output
from drivers.point import Point
from drivers.profile import Profile
from drivers.profiles.sunspec_controls import percent_of, revert_s, watts_of
from drivers.sequence import Step

_LOW, _HIGH = ("rated_w", -1500), ("rated_w", 1500)
_BOTH_LIMITS = 3  # StorCtl_Mod: bit 0 charging, bit 1 discharging


def _window(device, raw):
    """OutWRte and InWRte in one piece: a window without width forces the power."""
    return (-raw & 0xFFFF) << 16 | raw & 0xFFFF


class Rates(Output):
    """A window of charging power, percent of WChaMax, both ends at the wanted power.

    Offsets in the model: 2 WChaMax, 5 StorCtl_Mod, 12 OutWRte, 13 InWRte, 15 RvrtTms, 18 WChaMax_SF, 25 InOutWRte_SF.
    """

    read_words = 24  # 2 to 25: the scale factors come with the values
    read_offset = -10

    def __init__(self):
        steps = (
            Step(16, 15, revert_s, once=True),
            Step(16, 12, _window, words=2),
            Step(16, 5, _BOTH_LIMITS),
        )
        low, high = ("rated_w", -1000), ("rated_w", 1000)
        Output.__init__(self, "power_w", 16, 12, words=2, low=low, high=high, model=124, steps=steps)

    def to_raw(self, device, value):
        """0 while the device has not told its scale."""
        wcha_w, exponent = device.facts.get("wcha_w"), device.facts.get("rate_sf", 0)
        if not wcha_w:
            return 0
        if value < 0:
            return -percent_of(min(-value, wcha_w), wcha_w, exponent, True)
        return percent_of(min(value, wcha_w), wcha_w, exponent)

    def to_value(self, device, raw):
        watts = watts_of(abs(raw), device.facts.get("wcha_w", 0), device.facts.get("rate_sf", 0))
        return -watts if raw < 0 else watts

    def get(self, device, buf, at):
        most, scale, exponent = u16(buf, at), s16(buf, at + 32), s16(buf, at + 46)
        if most in NOT_U16 or not -4 <= scale <= 4 or not -2 <= exponent <= 1:
            return None
        device.facts["wcha_w"] = most * POW10[scale] if scale >= 0 else most // POW10[-scale]
        device.facts["rate_sf"] = exponent
        discharging, charging = s16(buf, at + 20), s16(buf, at + 22)
        if u16(buf, at + 6) != _BOTH_LIMITS or discharging != -charging:
            return None  # the device goes its own ways: what it may do is not known
        return charging


class SunspecStorage(Profile):
    """`status` is SunSpec's St. Power is + discharging on the wire."""

    name = "sunspec_storage"
    role = "pcs"
    grade = "A"
    source = "SunSpec model definitions 103, 113, 124; a window that forces a power: D (so described for Fronius)"
    needs = ("rated_w",)
    models = (103, 113, 124)
    points = (
        Point("power_w", 3, 14, s16, num=-1, absent=NOT_S16, scale_at=1, model=103, low=_LOW, high=_HIGH),
        Point("status", 3, 38, u16, absent=NOT_U16, model=103, high=8),
        Point("power_w", 3, 22, f32, num=-1, model=113, low=_LOW, high=_HIGH),
        Point("status", 3, 48, u16, absent=NOT_U16, model=113, high=8),
    )
    outputs = (Rates(),)


PROFILE = SunspecStorage()
