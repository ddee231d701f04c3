"""Commissioning: who answers on a line, which profile fits, and whether the words stand in the other order or a sign is
turned. Only reads. Runs on the board and on CPython, on a line that no bus uses.

Each candidate profile is tried on the device as it would be read in service: the more of its readings come out
plausible, and the more marks (`drivers.probe_marks`) are found, the better it fits.
"""

import sys

from drivers import decode
from drivers.device import Device
from drivers.plan import Plan
from drivers.point import Point
from drivers.probe_marks import MARKS, REFUSED, TEXT
from drivers.probe_reader import Reader
from drivers.profile import Profile
from drivers.profiles import registry
from drivers.reading import ABSENT
from drivers.sunspec import Walk

MAX_UNITS = 64  # in one scan
FITS = 700  # score, in permille, from which a profile is named
_PARAMS = {
    "id": "probe", "bus": "", "ct_ratio": 1, "pt_ratio": 1, "connector": 1, "phases": 3, "max_w": 1000000,
    "min_w": 0, "fallback_w": 0, "rated_w": 1000000,
}  # fmt: skip
_OTHER_ORDER = {
    decode.u32: decode.u32_lw, decode.s32: decode.s32_lw, decode.f32: decode.f32_lw, decode.u64: decode.u64_lw,
    decode.s64: decode.s64_lw, decode.u32_lw: decode.u32, decode.s32_lw: decode.s32, decode.f32_lw: decode.f32,
    decode.u64_lw: decode.u64, decode.s64_lw: decode.s64,
}  # fmt: skip
# Hints: index into HINTS_ZH and HINTS_EN.
HINT_ORDER, HINT_SIGN, HINT_COUNTERS = 0, 1, 2
HINTS_ZH = ("32 位数值的字序与型号相反", "功率符号可能相反", "电能计数与功率方向不符，检查互感器方向")
HINTS_EN = (
    "the words of 32-bit values stand in the other order",
    "the sign of the power may be turned",
    "the counters speak for the other direction of power: check the transformers",
)


class Fit:
    """A profile that fits. score: permille of its readings and marks that are plausible; marks: how many were tried,
    models included; values: {reading: value}; hints: HINT_*."""

    def __init__(self, name, role, score, marks, values, hints):
        self.name = name
        self.role = role
        self.score = score
        self.marks = marks
        self.values = values
        self.hints = hints


class Found:
    """One unit id. answered: it is there. label: what it says that it is, "" when it says nothing. fits: the best of
    each role first, then by score."""

    def __init__(self, unit):
        self.unit = unit
        self.answered = False
        self.label = ""
        self.fits = []


async def scan(client, units, names=None, tell=None, gap_ms=None) -> list:
    """A Found for each unit id of `units` that answers (at most 64 are asked). client: a `Client` of drivers.modbus;
    names: the profiles to try, all by default; tell(Found) is called as each unit is finished; gap_ms: pause before
    each request (default: 30 on a serial line). Raises Closed or Timeout when the line cannot be opened."""
    seen = []
    for unit in list(units)[:MAX_UNITS]:
        found = await probe(client, unit, names, gap_ms)
        if found.answered:
            seen.append(found)
            if tell is not None:
                tell(found)
    return seen


async def probe(client, unit: int, names=None, gap_ms=None) -> Found:
    """What is at one unit id, as in `scan`."""
    found, reader = Found(unit), Reader(client, unit, gap_ms)
    for function in (3, 4):
        await reader.read(function, 0, 1)
        if reader.answered:
            break
    found.answered = reader.answered
    if not found.answered:
        return found
    walk = Walk(Device(dict(_PARAMS, role="pv", unit=unit), _Bare()))
    while not walk.done:
        await reader.serve(walk)
    if 1 in walk.bases:
        maker = await reader.text(3, walk.bases[1] + 2, 16)
        found.label = (maker + " " + await reader.text(3, walk.bases[1] + 18, 16)).strip()
    for name in sorted(names or registry.ROLES):
        fit = await _try(reader, name, walk.bases, found)
        if fit is not None:
            found.fits.append(fit)
    found.fits.sort(key=lambda fit: (-fit.score, -fit.marks, fit.name))
    best = []
    for fit in found.fits:
        if fit.role not in [each.role for each in best]:
            best.append(fit)
    found.fits = best + [fit for fit in found.fits if fit not in best]
    return found


class _Bare(Profile):
    role = "pv"


async def _try(reader, name, bases, found):
    """The Fit of one profile, or None."""
    marks = MARKS.get(name, ())
    straight, turned = await _marks(reader, marks, found)
    if marks and not straight and not turned:
        return None
    profile = registry.load(name)
    _forget(name)
    if profile.models and not bases or [1 for point in profile.points if point.function > 4]:
        return None  # no models to find; or no Modbus device
    reader.gap_ms = max(reader.gap_ms, profile.request_gap_ms)
    values = await _values(reader, profile, bases)
    score = _score(profile, values, bases, marks, straight)
    hints = []
    if _has_words(profile, marks):
        other = await _values(reader, _Turned(profile), bases)
        better = _score(profile, other, bases, marks, turned)
        if better > score:
            score, values, hints = better, other, [HINT_ORDER]
    if score < FITS:
        return None
    known = len(marks) + len([1 for model in profile.models if model in bases])
    return Fit(name, profile.role, score, known, values, hints + _direction(profile.role, values))


def _forget(name):
    """A board has no room for the modules of all profiles."""
    if sys.implementation.name == "micropython":
        sys.modules.pop("drivers.profiles." + name, None)
        package = sys.modules["drivers.profiles"]
        if hasattr(package, name):
            delattr(package, name)


async def _marks(reader, marks, found):
    """How many marks are there as the map says, and with the words in the other order."""
    straight = turned = 0
    for mark in marks:
        function, register, function_of = mark[:3]
        if function_of == REFUSED:
            there = isinstance(await reader.read(function, register, 1), int)
            straight += there
            turned += there
        elif function_of == TEXT:
            text = await reader.text(function, register, mark[3])
            there = mark[4] in text
            if there:
                found.label = found.label or text
            straight += there
            turned += there
        else:
            data = await reader.read(function, register, decode.WORDS[function_of])
            if isinstance(data, bytes):
                straight += _is_within(data, function_of, mark)
                turned += _is_within(data, _OTHER_ORDER.get(function_of, function_of), mark)
        if not straight and not turned:
            break  # the first mark is missing: another device
    return straight, turned


def _is_within(data, function, mark):
    value = function(data, 0, mark[5]) if function in decode.FLOATS else function(data, 0)
    return value is not None and mark[3] <= value <= mark[4]


async def _values(reader, profile, bases):
    """{reading: value} of those that are plausible."""
    device = Device(dict(_PARAMS, role=profile.role, unit=0), profile)
    plan = Plan(device, 0)
    if profile.models:
        plan.adopt(bases)
    for block in plan.blocks:
        await reader.serve(block)
    return {name: reading.value for name, reading in device.readings.items() if reading.quality != ABSENT}


def _score(profile, values, bases, marks, hits):
    """Permille: a third for the readings (and the models that the setpoints need), two thirds for the marks."""
    offered = len(set([point.name for point in profile.points]))
    if not values or not offered:
        return 0
    there = len(values)
    if profile.models:
        offered += len(profile.outputs)
        there += len([1 for output in profile.outputs if output.model in bases])
    share = 1000 * there // offered
    return share if not marks else (share + 2 * (1000 * hits // len(marks))) // 3


def _has_words(profile, marks):
    functions = [point.decode for point in profile.points] + [mark[2] for mark in marks]
    return any([function in _OTHER_ORDER for function in functions])


class _Turned(Profile):
    """The profile with the words of its values in the other order."""

    def __init__(self, profile):
        for key in ("name", "role", "extra", "max_read", "max_bits", "even_reads", "single_reads", "fixed_reads",
                    "models", "base"):  # fmt: skip
            setattr(self, key, getattr(profile, key))
        self.points = tuple([_turned(point) for point in profile.points])


def _turned(point):
    if point.decode not in _OTHER_ORDER:
        return point
    features = {}
    for key in ("num", "den", "times", "absent", "offset", "mask", "low", "high", "scale_add", "words", "jump",
                "meaning", "scale_at", "model", "sign", "product", "slow"):  # fmt: skip
        features[key] = getattr(point, key)
    return Point(point.name, point.function, point.register, _OTHER_ORDER[point.decode], **features)


def _direction(role, values):
    """Signs that cannot be right, or that the counters speak against."""
    power_w = values.get("power_w", 0)
    if role == "pv" and power_w < -100:
        return [HINT_SIGN]
    if role == "meter":
        imported, exported = values.get("import_wh", 0), values.get("export_wh", 0)
        if power_w < 0 and imported > 20 * exported or power_w > 0 and exported > 20 * imported:
            return [HINT_COUNTERS]
    return []
