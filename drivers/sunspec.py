"""Finding the models of a SunSpec device: the marker at 40000, 0 or 50000, then header by header to the end model."""

from drivers.decode import POW10, s16, u16
from drivers.jobs import Job
from drivers.output import Output

_MARKER_HIGH, _MARKER_LOW = 0x5375, 0x6E53  # "SunS"
_BASES = (40000, 0, 50000)
_END = 0xFFFF
_MAX_MODELS = 60
# Same layout, other number of phases.
_LAYOUT = {101: 103, 102: 103, 111: 113, 112: 113, 201: 203, 202: 203, 204: 203}


class Walk(Job):
    """Reads one header after the other. `bases`: {model: register of its ID} once `done`, with (model, 2), (model, 3)
    for further ones of the same kind; empty when the device has no marker."""

    def __init__(self, device):
        Job.__init__(self, device)
        self.count = 2
        self.restart()

    def restart(self):
        self.done = False
        self.bases = {}
        self._try = 0
        self._seen = 0
        self._in_models = False
        self.register = _BASES[0]

    def replied(self, buf, at, sent_ms, now_ms):
        first, second = u16(buf, at), u16(buf, at + 2)
        if not self._in_models:
            if first == _MARKER_HIGH and second == _MARKER_LOW:
                self._in_models = True
                self.register += 2
            else:
                self._next_base()
            return
        self._seen += 1
        next_register = self.register + 2 + second
        if first == _END or first == 0 or self._seen > _MAX_MODELS or next_register > 0xFFFD:
            self.done = True
            return
        model, which = _LAYOUT.get(first, first), 1
        while (model if which == 1 else (model, which)) in self.bases:
            which += 1
        self.bases[model if which == 1 else (model, which)] = self.register
        self.register = next_register

    def refused(self, error, now_ms):
        if self._in_models:
            self.done = True  # some devices refuse the read behind their last model instead of sending an end model
        else:
            self._next_base()

    def _next_base(self):
        self._try += 1
        if self._try < len(_BASES):
            self.register = _BASES[self._try]
        else:
            self.done = True


class Rating(Job):
    """The power that 100 % stands for, WMax of model 121 or WRtg of model 120; the station file's `rated_w` when the
    device has neither."""

    def __init__(self, device, bases: dict):
        Job.__init__(self, device)
        device.facts["wmax_w"] = device.params["rated_w"]
        if 121 in bases:
            self.register, self._scale, self.count = bases[121] + 2, 20, 21  # WMax at 2, WMax_SF at 22
        elif 120 in bases:
            self.register, self._scale, self.count = bases[120] + 3, 1, 2  # WRtg at 3, WRtg_SF at 4
        else:
            self.done = True

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
    revert_s = 60

    def __init__(self, name, high):
        Output.__init__(self, name, 16, 5, high=high, model=123)

    def to_raw(self, device, value):
        """floor(value * 100 * 10^-SF / WMax), digit by digit so that no step leaves 31 bits."""
        wmax_w = device.facts.get("wmax_w", 1)
        exponent = device.facts.get("limit_sf", 0)
        rest = min(value, wmax_w) * 100
        raw = rest // wmax_w
        rest -= raw * wmax_w
        for _ in range(-exponent):
            rest *= 10
            digit = rest // wmax_w
            raw = raw * 10 + digit
            rest -= digit * wmax_w
        for _ in range(exponent):
            raw //= 10
        return raw

    def to_value(self, device, raw):
        exponent = device.facts.get("limit_sf", 0)
        wmax_w = device.facts.get("wmax_w", 1)
        if exponent >= 0:
            return wmax_w // 100 * (raw * POW10[exponent])
        divisor = 100 * POW10[-exponent]
        return wmax_w // divisor * raw + wmax_w % divisor * raw // divisor

    def put(self, device, raw, words):
        words[0] = raw
        words[1] = 0
        words[2] = device.params.get("watchdog_s") or self.revert_s
        words[3] = 0
        words[4] = 1
        return 5

    def get(self, device, buf, at):
        exponent = s16(buf, at + 36)
        if not -3 <= exponent <= 2:
            return None
        device.facts["limit_sf"] = exponent
        percent, enabled = u16(buf, at), u16(buf, at + 8)
        if enabled != 1:
            return self.to_raw(device, device.facts.get("wmax_w", 1))
        return percent if percent != 0xFFFF else None
