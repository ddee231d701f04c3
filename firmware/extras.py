"""What a station can do without: the black box, as large as the heap permits once everything else stands.

A fifth of the heap stays free for tasks and messages; a box of the least size may leave only an eighth. What found no
room is said at the start and left out; the station runs all the same.
"""

import gc

from firmware.cold import forget

_RUNNING_SHARE, _LEAST_SHARE = 5, 8
_TASKS_BYTES = 8000  # what tasks that have not begun yet, and names of code that is loaded later, will take
_BLACK_BOX_LEAST_BYTES = 4096


def add(running, about, folder="."):
    """running: Running; gets the task of the black box where there is room for it. about: see black_box()."""
    box = black_box(running.station, folder, about)
    if box is not None:
        box.gate = running.gate
        running.cycle.attach(box)
        running.supervisor.add("black box", box.run)


def black_box(station, folder, about):
    """A BlackBox as large as it wants, smaller, or None, after what the heap has left. about: dict of texts and
    numbers for the head of its files."""
    room = _room(_LEAST_SHARE)
    if room is None or room >= _BLACK_BOX_LEAST_BYTES:
        from firmware.black_box import BlackBox, ring_bytes

        room = _room(_LEAST_SHARE)  # the code is in memory too now
        wanted = ring_bytes(station.guns)
        if room is None:
            return BlackBox(station, folder, about, wanted)
        if room >= _BLACK_BOX_LEAST_BYTES:
            spare = _room(_RUNNING_SHARE) - _TASKS_BYTES
            return BlackBox(station, folder, about, min(wanted, max(_BLACK_BOX_LEAST_BYTES, spare)))
        del BlackBox, ring_bytes
        forget("firmware.black_box", "firmware.black_box_ring")
    missing = _BLACK_BOX_LEAST_BYTES - room
    print("内存不足，未启用黑匣子，缺 %d 字节 / not enough memory: no black box, %d bytes missing" % (missing, missing))
    return None


def _room(share):
    """Bytes that may still be taken with one part in `share` of the heap left; None where it has no bound (CPython)."""
    gc.collect()
    if not hasattr(gc, "mem_free"):
        return None
    return gc.mem_free() - (gc.mem_alloc() + gc.mem_free()) // share
