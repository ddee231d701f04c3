"""What the SunSpec profiles share about being commanded: the rating that 100 % stands for, limits in percent of it, and
the time after which the device drops a command by itself."""

from drivers.decode import POW10, s16, u16
from drivers.jobs import Job
from drivers.output import Output

_REVERT_S = 60  # where the station file gives no watchdog


def revert_s(device, raw=0) -> int:
    """Time after which the device drops what it was told, unless it is told again."""
    return device.params.get("watchdog_s") or _REVERT_S


def refresh_ms(params: dict) -> int:
    """A third of that time."""
    return (params.get("watchdog_s") or _REVERT_S) * 1000 // 3


def percent_of(power_w: int, whole_w: int, exponent: int, up: bool = False) -> int:
    """power_w / whole_w in units of 10^exponent percent, rounded down (up: up). 0 <= power_w <= whole_w; -4 to 4. Digit
    by digit, so that no step leaves 31 bits; allocates nothing."""
    rest = power_w * 100
    raw = rest // whole_w
    rest -= raw * whole_w
    for _ in range(-exponent):
        rest *= 10
        digit = rest // whole_w
        raw = raw * 10 + digit
        rest -= digit * whole_w
    for _ in range(exponent):
        rest += raw % 10
        raw //= 10
    return raw + 1 if up and rest else raw


def watts_of(raw: int, whole_w: int, exponent: int) -> int:
    """The power that `raw` in units of 10^exponent percent of `whole_w` is, rounded down. raw >= 0."""
    if exponent > 0:
        raw *= POW10[exponent]
        exponent = 0
    divisor = 100 * POW10[-exponent]
    return whole_w // divisor * raw + whole_w % divisor * raw // divisor


class Rating(Job):
    """The power that 100 % stands for: WMax of model 702 or 121, or WRtg of 120; the station file's `rated_w` when the
    device tells none."""

    # (model, offset of the power, registers from there to its scale factor)
    _places = ((702, 26, 19), (121, 2, 20), (120, 3, 1))

    def __init__(self, device, bases: dict):
        Job.__init__(self, device)
        device.facts["wmax_w"] = device.params["rated_w"]
        self.done = True
        for model, offset, scale in self._places:
            if self.done and model in bases:
                self.register, self._scale, self.count = bases[model] + offset, scale, scale + 1
                self.done = False

    def replied(self, buf, at, sent_ms, now_ms):
        raw, exponent = u16(buf, at), s16(buf, at + 2 * self._scale)
        if 0 < raw < 0xFFFF and 0 <= exponent <= 4:
            self.device.facts["wmax_w"] = raw * POW10[exponent]
        elif 0 < raw < 0xFFFF and -4 <= exponent < 0:
            self.device.facts["wmax_w"] = max(1, raw // POW10[-exponent])
        self.done = True

    def refused(self, error, now_ms):
        self.done = True


class LimitPercent(Output):
    """WMaxLimPct of model 123, in percent of WMax with its scale factor; written in one piece with its revert time and
    its enable.

    Offsets in the model: 5 WMaxLimPct, 6 WinTms, 7 RvrtTms, 8 RmpTms, 9 Ena, 23 WMaxLimPct_SF.
    """

    read_words = 19  # 5 to 23: the scale factor comes with the value
    at_percent, at_enable, at_scale = 0, 8, 36  # bytes from the register

    def __init__(self, register=5, model=123):
        Output.__init__(self, "limit_w", 16, register, high=("rated_w", 1000), model=model)

    def to_raw(self, device, value):
        wmax_w = device.facts.get("wmax_w", 1)
        return percent_of(min(value, wmax_w), wmax_w, device.facts.get("limit_sf", 0))

    def to_value(self, device, raw):
        return watts_of(raw, device.facts.get("wmax_w", 1), device.facts.get("limit_sf", 0))

    def put(self, device, raw, words):
        words[0] = raw
        words[1] = 0
        words[2] = revert_s(device)
        words[3] = 0
        words[4] = 1
        return 5

    def get(self, device, buf, at):
        exponent = s16(buf, at + self.at_scale)
        if not -3 <= exponent <= 2:
            return None
        device.facts["limit_sf"] = exponent
        percent, enabled = u16(buf, at + self.at_percent), u16(buf, at + self.at_enable)
        if enabled != 1:
            return self.to_raw(device, device.facts.get("wmax_w", 1))
        return percent if percent != 0xFFFF else None
