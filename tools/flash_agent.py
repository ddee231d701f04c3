# Sent to the board over the raw REPL, after flash_finish.py, before anything is written; runs there. What a function
# has to say it prints, one JSON value a line. Paths are relative: on a board the current folder is the root.
import hashlib
import json
import os
import sys
from binascii import a2b_base64, hexlify

_piece = bytearray(512)
_view = memoryview(_piece)
_file = None
_dog = None


def who():
    system = sys.implementation
    _, block, _, free = os.statvfs("/")[:4]
    machine, mpy = getattr(system, "_machine", ""), getattr(system, "_mpy", 0)
    print(json.dumps([system[0], list(system[1][:3]), sys.platform, machine, mpy, block, free]))


def hold_watchdog(period_ms):
    # From here on a lost cable ends in a restart, and the board runs what it has.
    global _dog
    import machine

    if hasattr(machine, "WDT"):
        _dog = machine.WDT(timeout=period_ms)


def _feed():
    if _dog is not None:
        _dog.feed()


def _digest(path):
    total = hashlib.sha256()
    with open(path, "rb") as file:
        count = file.readinto(_piece)
        while count:
            total.update(_view[:count])
            _feed()
            count = file.readinto(_piece)
    return hexlify(total.digest()).decode()


def _tell(path):
    print(json.dumps([path, os.stat(path)[6], _digest(path)]))


def _entries(folder):
    return [(entry[0], entry[1] == 0x4000) for entry in os.ilistdir(folder)]


def _tell_below(folder):
    for name, is_folder in _entries(folder):
        if is_folder:
            _tell_below(folder + "/" + name)
        else:
            _tell(folder + "/" + name)


def tree(folders, files):
    # Every file below the folders, and those of the root that are named.
    for name, is_folder in _entries("."):
        if is_folder and name in folders:
            _tell_below(name)
        elif not is_folder and name in files:
            _tell(name)


def begin(path):
    global _file
    _file = open(path, "wb")
    _feed()


def add(text):
    _file.write(a2b_base64(text))
    _feed()


def end(path):
    _file.close()
    if hasattr(os, "sync"):
        os.sync()
    _tell(path)


def rename(old, new):
    os.rename(old, new)


def remove(paths):
    for path in paths:
        os.remove(path)
        _feed()


def finish():
    finish_update(_feed)  # noqa: F821  (flash_finish.py)


def prune(folders):
    # Takes away folders that have nothing in them.
    for folder in folders:
        if folder in os.listdir():
            _prune(folder)


def _prune(folder):
    for name, is_folder in _entries(folder):
        if is_folder:
            _prune(folder + "/" + name)
    _feed()
    if not _entries(folder):
        os.rmdir(folder)
