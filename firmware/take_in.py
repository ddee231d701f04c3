"""Takes in a new station file: checks it as a whole and leaves behind what every later start reads (firmware/checked).

The check needs most of a board's heap, and what it leaves behind in interned names alone is 10 kB. So it runs with
nothing else in memory: a board restarts its interpreter afterwards, a process has another process do it.
"""

import gc
import json
import os
from binascii import crc32

from firmware import config as station_file
from firmware.checked import CHECKED, REFUSED, STATION, digest, header
from firmware.cold import forget

_MOST_TOLD = 20  # problems kept in `station.refused`; the first ones tell most


def take_in(folder, firmware) -> bool:
    """Checks `station.json` in `folder` ("" or with a slash at its end). True: `station.checked` is the new station.
    False: it was refused, and whatever was checked before is as it was; the problems are printed.

    A power cut at any byte leaves the old or the new file. Raises OSError when the flash is full.
    """
    # Before the check: a file that changes meanwhile is then another one than the one that was checked.
    about = {"firmware": firmware, "sources": {name: digest(folder + name) for name in _sources(folder)}}
    try:
        config = station_file.load(folder + STATION)
    except station_file.ConfigError as refused:
        print("%s 被拒绝 / refused:" % STATION)
        print(refused)
        problems = refused.problems
        about["problems"] = len(problems)
        write(folder, REFUSED, about, lambda: _told(problems))
        return False
    config["promise"] = promised(config)
    _mark_beta(config)
    write(folder, CHECKED, about, lambda: _lines(config))
    return True


def promised(config):
    """(ages, busy, names): the latency budget that a checked station promises itself, for firmware/budget_watch.
    {device id: ms}, {bus id: permille}, {role: names of its control readings}."""
    station_file.unload()
    gc.collect()
    from drivers import timing

    ages, busy = timing.budget(config)
    names = timing.CONTROL_READINGS
    forget("drivers.timing")
    return ages, busy, names


def _mark_beta(config):
    """Devices whose profile nobody has tried say so in the birth message."""
    from drivers.profiles import loading

    for device in config["devices"]:
        if loading.load(device["profile"], device.get("profile_file")).beta:
            device["beta"] = True


def _sources(folder):
    """The files that are checked: the station file, and the custom profiles that it names."""
    names = [STATION]
    try:
        with open(folder + STATION, "rb") as file:
            devices = json.load(file)["devices"]
        for device in devices:
            profile = device["profile"]
            if profile.startswith("custom:"):
                names.append("profiles/%s.json" % profile[len("custom:") :])
    except (OSError, ValueError, KeyError, TypeError, AttributeError):
        pass  # the check says what is wrong with it
    return names


def _lines(config):
    for key, value in config.items():
        for each in [[entry] for entry in value] if isinstance(value, list) else [value]:
            yield json.dumps({key: each}, separators=(",", ":")) + "\n"


def _told(problems):
    for problem in problems[:_MOST_TOLD]:
        for language in ("zh", "en"):
            yield problem.text(language) + "\n"


def write(folder, name, about, lines):
    """Beside its name first, then renamed over it. lines: function that gives the lines, called twice: the whole file
    at once would need a large block of the heap."""
    path = folder + name
    second = json.dumps(about) + "\n"
    total = size = 0
    for line in _encoded(second, lines()):
        total, size = crc32(line, total), size + len(line)
    with open(path + ".tmp", "wb") as file:
        file.write(header(name, size, total))
        for line in _encoded(second, lines()):
            file.write(line)
        file.flush()
        if hasattr(os, "fsync"):
            os.fsync(file.fileno())
    # The name must not reach the disk before the bytes: on boards LittleFS commits them when the file is closed.
    if hasattr(os, "sync"):
        os.sync()
    os.rename(path + ".tmp", path)


def _encoded(second, lines):
    yield second.encode()
    for line in lines:
        yield line.encode()
