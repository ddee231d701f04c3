"""The file of a frozen black box: two lines of JSON for the reader, the ring, and a checksum over all of it.

    guangchu-black-box 2
    {"station": "...", "cause": "stop", ..., "fields": {"inputs": [["grid_w", 0], ...], ...}, "fixed": {...}, ...}
    <bytes of the ring, the oldest first><CRC-32 of everything before it, 8 hexadecimal digits, and a line end>

Loaded when there is something to save.
"""

import json
import os
from array import array
from binascii import crc32

SCHEMA = 2
_MAGIC = "guangchu-black-box"
_AT_ONCE_BYTES = 1024  # four pages of flash, and at most one erase

# The station's fixed facts as control knows them: a replay with another station file would tell lies.
FIXED = (
    "cycle_ms", "guns", "pvs", "circuits", "named_circuits", "root", "circuit_parent", "circuit_cap_w", "headroom_w",
    "base_max_w", "base_min_w", "min_w", "max_w", "fallback_w", "watchdog_ms", "standby_w", "weight", "guaranteed",
    "lag_ms", "ramp_up_w_s", "ramp_down_w_s", "depth", "path", "path_share", "has_storage", "pcs_rated_w",
    "reserve_soc_permille", "support_max_w", "charge_policy_w",
)  # fmt: skip


async def save(box):
    """Write the ring of a frozen box to `black_box_<cause>.bin` in its folder; gives the path. Raises OSError.

    The file is written beside its name and renamed, so a power cut leaves the old or the new one; in the few places
    where a file system has the name before the bytes, length and checksum tell.
    """
    path = box.folder + "/black_box_" + box.causes[box.cause] + ".bin"
    gate = box.gate
    total = written = 0
    await gate.window()
    with open(path + ".tmp", "wb") as file:
        for piece in pieces(box):
            total = crc32(piece, total)
            file.write(piece)
            written += len(piece)
            if written >= _AT_ONCE_BYTES:
                written = 0
                gate.done()
                await gate.window()
        file.write(("%08x\n" % (total & 0xFFFFFFFF)).encode())
    gate.done()
    await gate.window()
    os.rename(path + ".tmp", path)
    gate.done()
    return path


def pieces(box):
    """The file in pieces of some hundred bytes at most, without the checksum."""
    yield ("%s %d\n" % (_MAGIC, SCHEMA)).encode()
    head = dict(box.about)
    head["cause"], head["event_cycle"] = box.causes[box.cause], box.event_cycle
    yield json.dumps(head)[:-1].encode()
    comma = ', "fields": {'
    for title, owner, names in box.lists():
        yield ('%s"%s": [' % (comma, title)).encode()
        comma = ""
        for name in names:
            yield ('%s["%s", %d]' % (comma, name, _length(getattr(owner, name)))).encode()
            comma = ", "
        yield b"]"
    comma = '}, "fixed": {'
    for name in FIXED:
        yield ('%s"%s": %s' % (comma, name, _text(getattr(box.station, name)))).encode()
        comma = ", "
    first, end = box.bounds()
    yield ('}, "bytes": %d}\n' % ((end - first) % box.size)).encode()
    for piece in box.held():
        yield piece


def _length(value):
    """Of an array; 0 for a plain number."""
    return len(value) if isinstance(value, array) else 0


def _text(value):
    return json.dumps(list(value)) if isinstance(value, array) else str(int(value))
