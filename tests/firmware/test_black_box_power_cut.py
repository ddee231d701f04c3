# runs on: micropython
"""A power cut at any write of a recording leaves the old or the new one, on a real LittleFS volume in RAM."""

import asyncio
from binascii import crc32

from firmware import black_box_file
from firmware.black_box import STOP
from tests.firmware import test_state_power_cut
from tests.firmware.black_box_station import World
from tests.firmware.test_state_power_cut import mounted, unmounted

_PATH = "/cut/black_box_stop.bin"
_frozen = []  # two boxes that differ
_whole = []  # the file of each


def box(number):
    while len(_frozen) < number:
        world = World(2, len(_frozen) + 1, "/cut", 2048)
        world.run(60)
        _frozen.append(world.frozen(STOP))
        whole = b"".join([bytes(piece) for piece in black_box_file.pieces(_frozen[-1])])
        _whole.append(whole + b"%08x\n" % crc32(whole))
    return _frozen[number - 1]


def save(flash, number):
    frozen = box(number)
    mounted(flash)
    flash.operations = 0
    asyncio.run(black_box_file.save(frozen))


def stored(flash):
    """What a controller that starts on this flash finds."""
    flash.cut, flash.operations = -1, 0
    mounted(flash)
    try:
        with open(_PATH, "rb") as file:
            found = file.read()
    finally:
        unmounted(flash)
    assert found in _whole, (len(found), found[:80])
    return _whole.index(found) + 1


def test_a_power_cut_before_any_write_leaves_the_old_or_the_new_recording():
    test_state_power_cut.sweep(False, save, stored)


def test_a_power_cut_in_the_middle_of_any_write_leaves_the_old_or_the_new_recording():
    test_state_power_cut.sweep(True, save, stored)
