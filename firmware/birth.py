"""The `birth` message: who the station is and what it is made of. Made after every connection, and forgotten."""

import json

from control.reasons import GUN_REASONS, STORAGE_REASONS
from drivers.ticks import sleep_ms
from firmware.telemetry import to_json
from firmware.texts import codes

_CIRCUIT_KEYS = ("id", "parent", "cap_w")
_DEVICE_KEYS = ("id", "role", "profile", "bus", "unit", "connector", "circuit", "class", "bms", "phases", "rated_w")
_DEVICE_KEYS += ("min_w", "max_w", "fallback_w", "watchdog_s", "beta", "serial", "model", "version")
_PLAIN = ("board", "cycle_ms", "headroom_permille")


def parts(path="station.checked"):
    """(key, value) pairs of the checked station, each entry of a list as a list of its own: it is no longer in memory,
    and firmware/checked.py is more code than this needs. Raises OSError without the file."""
    with open(path, "rb") as file:
        file.readline()
        file.readline()
        for line in file:
            for key, value in json.loads(line).items():
                yield key, value


async def birth(parts, version: str, boot: int) -> list:
    """The message in pieces of bytes: a heap that has run for days has room, but in pieces. parts: (key, value) pairs
    of the checked station, each entry of a list as a list of its own or all together. boot: count of starts. Other
    tasks get their turn after each part: a large station takes a while."""
    head = {"firmware": version, "boot": boot}
    circuits, devices = [b',"circuits":'], [b'],"devices":']
    for key, value in parts:
        await sleep_ms(0)
        if key == "station":
            head["station"], head["name"] = value["id"], value["name"]
        elif key in _PLAIN:
            head[key] = value
        elif key == "circuits":
            _add(circuits, value, _CIRCUIT_KEYS)
        elif key == "devices":
            _add(devices, value, _DEVICE_KEYS)
    codes_of_all = [b'],"gun_reasons":', to_json(GUN_REASONS), b',"storage_reasons":', to_json(STORAGE_REASONS)]
    codes_of_all += [b',"alarms":', to_json(codes("alarm")), b"}"]
    return [to_json(head)[:-1]] + circuits + devices + codes_of_all


def _add(pieces, entries, keys):
    for entry in entries:
        pieces.append(b"," if len(pieces) > 1 else b"[")
        pieces.append(to_json({key: entry[key] for key in keys if key in entry}))
