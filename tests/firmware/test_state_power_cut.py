# runs on: micropython
"""A power cut at any write of a save leaves the old or the new state, on a real LittleFS volume in RAM."""

import gc
import os
import sys

import vfs

for folder in ("tests/firmware", __file__.rsplit("/", 1)[0]):
    if folder not in sys.path:
        sys.path.append(folder)

from flash import Flash  # noqa: E402

from firmware.state import State  # noqa: E402


def formatted():
    flash = Flash()
    vfs.VfsLfs2.mkfs(flash, progsize=256, readsize=256)
    return flash


def mounted(flash):
    volume = vfs.VfsLfs2(flash, progsize=256, readsize=256)
    vfs.mount(volume, "/cut")


def unmounted(flash):
    try:
        vfs.umount("/cut")
    except OSError:
        pass
    gc.collect()  # closes what a cut left open, while the flash is still without power


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
    """Cuts the power at each operation of the second of two saves, until a save is through before its cut. How many
    that takes may differ: LittleFS keeps the time of a file, and so chooses other blocks. save(flash, 1 or 2);
    stored(flash) checks what is found afterwards and tells which of the two it is: each must be found at some cut."""
    flash = formatted()
    save(flash, 1)
    unmounted(flash)
    old = bytes(flash.data)
    seen = []
    is_cut = True
    flash.torn = torn
    while is_cut:
        flash.data[:] = old
        flash.cut, flash.operations = len(seen), 0
        try:
            save(flash, 2)
            is_cut = flash.operations > flash.cut
        except OSError as error:
            assert flash.operations > flash.cut, ("failed without a cut", error, flash.operations, flash.cut)
        finally:
            unmounted(flash)
        seen.append(stored(flash))
        assert len(seen) < 100, "no end"
    assert len(seen) > 4 and set(seen) == {1, 2} and seen[-1] == 2, seen


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
    flash = formatted()
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
