"""The checked station, `station.checked`: what the check made of the station file, with every default filled in.

A board has no room for the check beside the running station. So a new station file is checked with nothing else in
memory (firmware/take_in.py), and every start reads only what that check left behind:

    guangchu-checked 1 2391 e0c15f43
    {"firmware":"0.1.0","sources":{"station.json":"5d41402a...","profiles/x.json":"7d793037..."}}
    {"cycle_ms":200}
    {"devices":[{"id":"meter", ...}]}
    {"devices":[{"id":"gun1", ...}]}

with the version of this format, the number of bytes and the CRC-32 of all that follows; then the files that were
checked, with their SHA-256, and the firmware that checked them; then each key of the station in a line of its own, and
each entry of a list, so that a reader needs memory for one at a time. A refused station file leaves `station.refused`
in the same form, with its problems for people instead of a station: the last good station then stays in force.
"""

import hashlib
import json
from binascii import crc32, hexlify

SCHEMA = 1  # one more whenever the drivers or control want something else of a checked station
STATION, CHECKED, REFUSED = "station.json", "station.checked", "station.refused"
MAGIC = {CHECKED: "guangchu-checked", REFUSED: "guangchu-refused"}
_PIECE = 256


def look(folder, firmware):
    """(may be used, problems) of the station in `folder` ("" or with a slash at its end).

    (True, 0): `station.checked` belongs to the files that are there now. (True, n): the files that are there were
    refused with n problems, and an older station stays in force. (False, 0): there is something to be checked.
    firmware: version that must have done the check.
    """
    checked, refused = about(folder, CHECKED), about(folder, REFUSED)
    if checked is None:
        return False, 0
    if _belongs(checked, folder, firmware):
        return True, 0
    if refused is not None and _belongs(refused, folder, firmware):
        return True, refused["problems"]
    return False, 0


def about(folder, name):
    """The second line of CHECKED or REFUSED as a dict, or None unless every byte of the file is as it was written."""
    try:
        with open(folder + name, "rb") as file:
            first = file.readline(80)
            total = size = 0
            piece = file.read(_PIECE)
            while piece:
                total, size = crc32(piece, total), size + len(piece)
                piece = file.read(_PIECE)
            if first != header(name, size, total):
                return None
            file.seek(len(first))
            return json.loads(file.readline())
    except OSError:
        return None


def header(name, size, total):
    """The first line of a file. size, total: bytes and CRC-32 of what follows."""
    # The version stands in the checksum as well: a flipped bit in it is damage, not another version.
    total = crc32(b"%d" % SCHEMA, total) & 0xFFFFFFFF
    return ("%s %d %d %08x\n" % (MAGIC[name], SCHEMA, size, total)).encode()


def load(folder="") -> dict:
    """The checked station. `look()` has said that it may be used."""
    config = {}
    for key, value in parts(folder):
        if isinstance(value, list) and key in config:
            config[key] += value
        else:
            config[key] = value
    return config


def parts(folder=""):
    """Yields (key, value) of the checked station; of a list each entry by itself, as a list of one."""
    with open(folder + CHECKED, "rb") as file:
        file.readline()
        file.readline()
        for line in file:
            for key, value in json.loads(line).items():
                yield key, value


def digest(path) -> str:
    """SHA-256 of a file in hexadecimal; an empty text when it cannot be read."""
    total = hashlib.sha256()
    try:
        with open(path, "rb") as file:
            piece = file.read(_PIECE)
            while piece:
                total.update(piece)
                piece = file.read(_PIECE)
    except OSError:
        return ""
    return hexlify(total.digest()).decode()


def _belongs(found, folder, firmware):
    """Whether a dict of about() speaks of the files that are there now."""
    sources = found["sources"]
    return found["firmware"] == firmware and all([digest(folder + name) == sources[name] for name in sources])
