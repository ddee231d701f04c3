"""Finding the models of a SunSpec device: the marker at 40000, 0 or 50000, then header by header to the end model."""

from drivers.decode import u16
from drivers.jobs import Job

_MARKER_HIGH, _MARKER_LOW = 0x5375, 0x6E53  # "SunS"
_BASES = (40000, 0, 50000)
_END = 0xFFFF
_MAX_MODELS = 60
# Same layout, other number of phases.
_LAYOUT = {101: 103, 102: 103, 111: 113, 112: 113, 201: 203, 202: 203, 204: 203}


class Walk(Job):
    """Reads one header after the other. `bases`: {model: register of its ID} once `done`, with (model, 2), (model, 3)
    for further ones of the same kind; empty when the device has no marker."""

    count = 2

    def __init__(self, device):
        Job.__init__(self, device)
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
