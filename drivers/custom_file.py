"""A profile written as a JSON file on the board, `profiles/<name>.json` beside the station file: the same features as
the built-in tables. docs/custom-profile.md describes every key; firmware.config checks the file before it is used here.
"""

import json

from drivers import decode
from drivers.custom import Custom
from drivers.output import IF_NEGATIVE, IF_POSITIVE, IF_ZERO, Output
from drivers.phase_current import PhaseCurrent
from drivers.point import COUNTER_MAX, Point
from drivers.profile import Profile

PREFIX = "custom:"
TYPES = {
    "bit": decode.bit, "u8_high": decode.u8_high, "u8_low": decode.u8_low, "u16": decode.u16, "s16": decode.s16,
    "u32": decode.u32, "s32": decode.s32, "u32_lw": decode.u32_lw, "s32_lw": decode.s32_lw, "u64": decode.u64,
    "s64": decode.s64, "u64_lw": decode.u64_lw, "s64_lw": decode.s64_lw, "f32": decode.f32, "f32_lw": decode.f32_lw,
}  # fmt: skip
WHEN = {"positive": IF_POSITIVE, "negative": IF_NEGATIVE, "zero": IF_ZERO}
# Keys that mean in the file what they mean in a table.
_OF_PROFILE = (
    "role", "grade", "source", "standby_w", "control_poll_ms", "slow_poll_ms", "lost_after_ms", "max_read", "max_bits",
    "even_reads", "single_reads", "request_gap_ms", "turnaround_ms", "connect_delay_ms", "post_write_settle_ms",
    "write_gap_ms", "min_poll_ms",
)  # fmt: skip
_OF_POINT = ("num", "den", "offset", "mask", "slow", "model")
_OF_OUTPUT = ("num", "den", "smallest", "read_function", "model")


def load(name: str, path=None) -> Profile:
    """The profile `name` ("custom:meter"); path: of its file, by default in `profiles/` of the current folder. OSError
    when it cannot be read; ValueError, KeyError or TypeError when firmware.config would refuse it."""
    with open(path or "profiles/" + name[len(PREFIX) :] + ".json") as file:
        return profile(name, json.load(file))


def profile(name: str, data: dict) -> Profile:
    """The profile that the content of a file says."""
    made = Custom(name, data)
    made.beta = data.get("beta", True)
    for key in _OF_PROFILE:
        if key in data:
            setattr(made, key, data[key])
    made.needs = tuple(data.get("needs", ()))
    made.extra = tuple(data.get("extra", ()))
    made.models = tuple(data.get("models", ()))
    watchdog_s = data.get("watchdog_s")
    made.watchdog_range_s = None if watchdog_s is None else tuple(watchdog_s)
    reads = data.get("fixed_reads", ())
    made.fixed_reads = tuple([(r["function"], r["register"], r["count"], r.get("slow", False)) for r in reads])
    made.points = tuple([_point(each) for each in data.get("points", ())])
    made.outputs = tuple([_output(each) for each in data.get("outputs", ())])
    return made


def _point(data):
    function = TYPES[data["type"]]
    features = _taken(data, _OF_POINT)
    default = COUNTER_MAX if data["name"].endswith("_wh") else Point.high
    features["low"], features["high"] = _bound(data.get("low", 0)), _bound(data.get("high", default))
    for key in ("times", "absent"):
        if key in data:
            features[key] = tuple(data[key])
    if "jump" in data:
        features["jump"] = _bound(data["jump"])
    if "meaning" in data:
        features["meaning"] = _by_number(data["meaning"])
    register = data["register"]
    if "sign" in data:
        features["sign"] = (data["sign"]["register"] - register, data["sign"]["mask"])
    if "product" in data:
        features["product"] = (data["product"]["register"] - register, TYPES[data["product"]["type"]])
    if "scale" in data:
        features["scale_at"] = data["scale"]["register"] - register
        features["scale_add"] = data["scale"].get("add", 0)
    return Point(data["name"], data["function"], register, function, **features)


def _output(data):
    features = _taken(data, _OF_OUTPUT)
    features.update(_width(data["type"]))
    features["low"], features["high"] = _bound(data.get("low", 0)), _bound(data.get("high", 0))
    if data.get("negated"):
        features["sign"] = -1
    register = data["register"]
    if "codes" in data:
        features["codes"] = _by_number(data["codes"])
    if "read_sign" in data:
        sign = data["read_sign"]
        features["read_sign"] = (sign["register"] - register, _by_number(sign["signs"]))
    if "steps" in data:
        from drivers.sequence import Step

        features["steps"] = tuple([_step(each, Step) for each in data["steps"]])
    if "counts_per_a" in data:
        return PhaseCurrent(data["name"], data["function"], register, data["counts_per_a"], **features)
    return Output(data["name"], data["function"], register, **features)


def _step(data, make):
    when = 0
    for each in data.get("when", WHEN):
        when |= WHEN[each]
    width = _width(data.get("type", "u16"))
    return make(data["function"], data["register"], data["value"], when=when, once=data.get("once", False), **width)


def _width(kind):
    return {"words": decode.WORDS[TYPES[kind]], "low_first": kind.endswith("_lw")}


def _bound(value):
    """An integer, or {"parameter", "permille"}: that share of a device parameter."""
    return (value["parameter"], value["permille"]) if isinstance(value, dict) else value


def _by_number(table):
    return {int(key): value for key, value in table.items()}


def _taken(data, keys):
    return {key: data[key] for key in keys if key in data}
