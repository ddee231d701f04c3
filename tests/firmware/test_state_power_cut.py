# runs on: micropython
"""A power cut at any write of a save leaves the old or the new state, on a real LittleFS volume in RAM."""

import os
import sys

import vfs

for folder in ("tests/firmware", __file__.rsplit("/", 1)[0]):
    if folder not in sys.path:
        sys.path.append(folder)

from flash import Flash  # noqa: E402

from firmware.state import State  # noqa: E402


def mounted(flash):
    volume = vfs.VfsLfs2(flash, progsize=256, readsize=256)
    vfs.mount(volume, "/cut")


def unmounted(flash):
    try:
        vfs.umount("/cut")
    except OSError:
        pass


def stored(flash):
    """What a controller that starts on this flash finds."""
    flash.cut, flash.operations = -1, 0
    mounted(flash)
    found = State("/cut/state", {"boots": 0, "word": ""})
    problem = found.load()
    unmounted(flash)
    return problem, found.values


def save(flash, boots):
    mounted(flash)
    kept = State("/cut/state", {"boots": 0, "word": ""})
    kept.load()
    kept.values["boots"] = boots
    kept.values["word"] = chr(0x61 + boots) * 1500  # too much for LittleFS to keep inline
    flash.operations = 0
    kept.save()


def sweep(torn, save, stored):
    """Cuts the power at each operation of the second of two saves. save(flash, 1 or 2); stored(flash) checks what is
    found afterwards and tells which of the two it is: each must be found at some cut."""
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
        flash = Flash()
        flash.torn = torn
        flash.data[:] = old
        try:
            flash.cut = cut
            save(flash, 2)
        except OSError:
            assert cut < operations, "failed without a cut"
        unmounted(flash)
        seen.add(stored(flash))
    assert seen == {1, 2}, seen


def boots_stored(flash):
    problem, values = stored(flash)
    assert problem is None, problem
    assert values in ({"boots": 1, "word": "b" * 1500}, {"boots": 2, "word": "c" * 1500}), values
    return values["boots"]


def test_a_power_cut_before_any_write_leaves_the_old_or_the_new_state():
    sweep(False, save, boots_stored)


def test_a_power_cut_in_the_middle_of_any_write_leaves_the_old_or_the_new_state():
    sweep(True, save, boots_stored)


def test_a_save_after_a_power_cut_works():
    flash = Flash()
    vfs.VfsLfs2.mkfs(flash, progsize=256, readsize=256)
    save(flash, 1)
    flash.cut = 3
    try:
        save_again = State("/cut/state", {"boots": 0, "word": ""})
        save_again.load()
        save_again.values["boots"] = 9
        flash.operations = 0
        save_again.save()
    except OSError:
        pass
    unmounted(flash)
    flash.cut = -1
    save(flash, 3)
    unmounted(flash)
    assert stored(flash)[1]["boots"] == 3
    assert "state" not in os.listdir("/")
