"""The checking side of firmware.config: bytes, JSON, problems, defaults. Large; config.unload() takes it out again."""

import json
import os

from firmware import (
    config_json,
    config_lines,
    config_mqtt,
    config_phases,
    config_profiles,
    config_promise,
    config_rules,
    config_schema,
    config_shape,
)
from firmware.config_texts import MISSING, Problem


class Refused(Exception):
    """Raised with the Problem that keeps the bytes from being read as JSON."""

    def __init__(self, problem):
        super().__init__(problem.code)
        self.problem = problem


def read(path):
    try:
        size = os.stat(path)[6]
        if size > config_schema.MAX_FILE_BYTES:
            raise Refused(Problem(path.split("/")[-1], "file_size", size, config_schema.MAX_FILE_BYTES))
        with open(path, "rb") as file:
            # Just its size: a board with little heap left need not find room for the largest file allowed.
            return file.read(size)
    except OSError as error:
        raise Refused(Problem(path, "file_missing", "OSError {}".format(error.args[0] if error.args else "")))


def parse(data, name):
    name = name.split("/")[-1]
    if len(data) > config_schema.MAX_FILE_BYTES:
        raise Refused(Problem(name, "file_size", len(data), config_schema.MAX_FILE_BYTES))
    if data[:3] == b"\xef\xbb\xbf" or data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        raise Refused(Problem(name, "file_bom", " ".join(["%02X" % byte for byte in data[:3]])))
    try:
        text = str(data, "utf-8")
    except UnicodeError:
        raise Refused(_not_utf8(data, name))
    try:
        config_json.check(data)
    except config_json.JsonProblem as problem:
        place = "{}:{}:{}".format(name, problem.line, problem.column)
        found = MISSING if problem.found is None else problem.found
        raise Refused(Problem(place, problem.code, found, problem.allowed))
    return json.loads(text)


def check(config, folder=""):
    """folder: of the station file, with a slash at its end, where `profiles/` with the custom ones is."""
    problems = []
    config_shape.check(config, config_schema.ROWS, "", problems)
    if isinstance(config, dict):
        config_profiles.find_custom(config, folder, problems)
        board = _board(config.get("board"))
        config_rules.check(config, board, problems)
        config_mqtt.check(config, board, problems)
        config_phases.check(config, problems)
        config_lines.check(config, problems)
        config_promise.check(config, problems)
    return problems


def completed(config, folder=""):
    config_shape.fill(config, config_schema.ROWS)
    top = config_rules.root(config_rules.entries(config, "circuits"))
    for device in config["devices"]:
        if device["role"] == "gun":
            up, down = config_promise.ramp_w_s(device)
            device.setdefault("ramp_up_w_s", up)
            device.setdefault("ramp_down_w_s", down)
        elif device["role"] in ("pv", "pcs"):
            device.setdefault("circuit", top)
        elif device["role"] == "meter":
            device.setdefault("jump_w", _jump_w(device, config))
        if device["profile"].startswith(config_profiles.CUSTOM):
            device["profile_file"] = config_profiles.file_of(device["profile"], folder)
    return config


def _jump_w(meter, config):
    """Largest change of a meter's power that is believed at once. What its transformers can show: 5 A and a fifth more
    on three phases of 230 V; without transformers half more than its circuit may carry."""
    if "ct_ratio" in meter:
        return min(config_schema.MAX_JUMP_W, 4140 * meter["ct_ratio"] * meter["pt_ratio"])
    return [circuit["cap_w"] * 3 // 2 for circuit in config["circuits"] if circuit["id"] == meter["circuit"]][0]


def _not_utf8(data, name):
    """The first line that cannot be decoded is named."""
    for number, line in enumerate(data.split(b"\n")):
        try:
            str(line, "utf-8")
        except UnicodeError:
            return Problem("{}:{}".format(name, number + 1), "file_utf8", repr(line[:24]))
    return Problem(name, "file_utf8", MISSING)


def _board(name):
    if name not in config_schema.BOARDS:
        return None
    return __import__("boards." + name + ".board", None, None, ("board",))
