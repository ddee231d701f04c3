"""A SunSpec device as a chain of models at 40000: what the simulated PV, storage and meters have in common.

Source: SunSpec information model specification and model definitions (grade A). Every point that a device file does
not set reads as "not implemented".
"""

from tools.sim.devices.image import RegisterImage, Setting
from tools.sim.devices.sunspec_models import absent, layout
from tools.sim.devices.words import f32, s16, s32, text, u16, u32, u64

BASE = 40000
_ENCODE = {"u": u16, "e": u16, "b": u16, "i": s16, "sf": s16, "u2": u32, "b2": u32, "acc2": u32, "i2": s32}
_ENCODE.update({"u4": u64, "acc4": u64, "f2": f32})


class SunspecChain(RegisterImage):
    """models: the ids after model 1, in order; one may come several times. common_length: L of model 1, 66 or 65."""

    def __init__(self, unit, device_ids, models, common_length=66):
        super().__init__(unit, device_ids)
        self.bases = []  # (model, register of its ID), in order
        self._exponents = {}
        self.put(BASE, [0x5375, 0x6E53])
        at = self._lay(BASE + 2, 1)
        if common_length == 65:  # old devices leave the pad out
            at -= 1
            self.put(BASE + 3, 65)
        for name, words in (("Mn", "Simulated"), ("Md", "SIM-SUNSPEC"), ("Vr", "1.0"), ("SN", ",".join(device_ids))):
            point, kind = layout(1)[name]
            self.put(BASE + 2 + point, text(words, int(kind[1:])))
        self.put(BASE + 2 + layout(1)["DA"][0], unit)
        for model in models:
            at = self._lay(at, model)
        self.put(at, [0xFFFF, 0])

    def _lay(self, at, model):
        words = []
        for _, kind in layout(model).values():
            words += absent(kind)
        self.put(at, [model, len(words), *words])
        self.bases.append((model, at))
        return at + 2 + len(words)

    def base(self, model, nth=0):
        """Register of the nth such model's ID."""
        return [at for number, at in self.bases if number == model][nth]

    def has(self, model):
        return any(number == model for number, _ in self.bases)

    def scale(self, model, point, exponent, nth=0):
        """Set a scale factor once; `set(..., point=)` uses it."""
        self.set(model, point, exponent, nth=nth)
        self._exponents[model, nth, point] = exponent

    def set(self, model, name, value, scale=None, nth=0):
        """Put a value into a point; `scale` names its scale factor: the register then holds value / 10^SF."""
        offset, kind = layout(model)[name]
        if scale is not None:
            value /= 10 ** self._exponents[model, nth, scale]
        self.put(self.base(model, nth) + offset, _ENCODE[kind](value))

    def writable(self, model, name, apply=None, **limits):
        """Make a point writable; the register keeps what is written."""
        offset, kind = layout(model)[name]
        words = 2 if kind in ("u2", "i2") else 1
        limits.setdefault("high", 0x7FFFFFFF if words == 2 else 0xFFFF)
        self.settings[self.base(model) + offset] = Setting(apply, words=words, **limits)


def exponent_for(largest):
    """The smallest scale factor, from 0 up, with which `largest` still fits a signed word."""
    exponent = 0
    while largest / 10**exponent > 32767:
        exponent += 1
    return exponent
