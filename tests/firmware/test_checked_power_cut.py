# runs on: micropython
"""A power cut at any write of a checked station leaves the old or the new one, on a real LittleFS volume in RAM."""

import vfs

from firmware import checked
from firmware.take_in import write
from tests.firmware.test_state_power_cut import Flash, mounted, unmounted

_NAME = checked.CHECKED


def save(flash, cap_w):
    mounted(flash)
    flash.operations = 0
    # too much for LittleFS to keep inline
    lines = ['{"circuits":[{"id":"c%d","cap_w":%d}]}\n' % (each, cap_w) for each in range(40)]
    write("/cut/", _NAME, {"firmware": "1", "sources": {}}, lambda: lines)


def stored(flash):
    """What a controller that starts on this flash finds: the one cap that all circuits have."""
    flash.cut, flash.operations = -1, 0
    mounted(flash)
    try:
        assert checked.about("/cut/", _NAME) == {"firmware": "1", "sources": {}}
        circuits = checked.load("/cut/")["circuits"]
        assert len(circuits) == 40 and len({each["cap_w"] for each in circuits}) == 1
        return circuits[0]["cap_w"]
    finally:
        unmounted(flash)


def sweep(torn):
    flash = Flash()
    vfs.VfsLfs2.mkfs(flash, progsize=256, readsize=256)
    save(flash, 1)
    unmounted(flash)
    old = bytes(flash.data)
    save(flash, 2)
    unmounted(flash)
    operations = flash.operations
    assert operations >= 4, operations
    seen = set()
    for cut in range(operations + 1):
        flash.torn, flash.cut = torn, -1
        flash.data[:] = old
        try:
            flash.cut = cut
            save(flash, 2)
        except OSError:
            assert cut < operations, "failed without a cut"
        unmounted(flash)
        seen.add(stored(flash))
    assert seen == {1, 2}, seen


def test_a_power_cut_before_any_write_leaves_the_old_or_the_new_station():
    sweep(torn=False)


def test_a_power_cut_in_the_middle_of_any_write_leaves_the_old_or_the_new_station():
    sweep(torn=True)
