# runs on: micropython
"""A power cut at any write of a recording leaves the old or the new one, on a real LittleFS volume in RAM."""

import asyncio

import vfs

from firmware import black_box_file
from firmware.black_box import STOP
from tests.firmware.black_box_station import World
from tests.firmware.test_state_power_cut import Flash, mounted, unmounted

_PATH = "/cut/black_box_stop.bin"


def frozen(seed):
    world = World(2, seed, "/cut", 2048)
    world.run(60)
    return world.frozen(STOP)


def save(flash, box):
    mounted(flash)
    flash.operations = 0
    asyncio.run(black_box_file.save(box))


def stored(flash):
    """What a controller that starts on this flash finds."""
    flash.cut, flash.operations = -1, 0
    mounted(flash)
    try:
        with open(_PATH, "rb") as file:
            return file.read()
    finally:
        unmounted(flash)


def sweep(torn):
    black_box_file._PAUSE_MS = 0
    first, second = frozen(1), frozen(2)
    flash = Flash()
    vfs.VfsLfs2.mkfs(flash, progsize=256, readsize=256)
    save(flash, first)
    unmounted(flash)
    before = bytes(flash.data)
    old = stored(flash)
    save(flash, second)
    unmounted(flash)
    operations = flash.operations
    new = stored(flash)
    assert operations > 6 and old != new, operations
    seen = set()
    flash.torn = torn
    for cut in range(operations + 1):
        flash.data[:] = before
        flash.cut = cut
        try:
            save(flash, second)
        except OSError:
            assert cut < operations, "failed without a cut"
        unmounted(flash)
        found = stored(flash)
        assert found in (old, new), cut
        seen.add(found == new)
    assert seen == {False, True}, seen


def test_a_power_cut_before_any_write_leaves_the_old_or_the_new_recording():
    sweep(torn=False)


def test_a_power_cut_in_the_middle_of_any_write_leaves_the_old_or_the_new_recording():
    sweep(torn=True)
