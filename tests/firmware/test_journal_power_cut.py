# runs on: micropython
"""A power cut at any write to flash, on a real LittleFS volume in RAM: what was written before comes, and once."""

import gc
import os
import sys

import vfs

for folder in ("tests/firmware", __file__.rsplit("/", 1)[0]):
    if folder not in sys.path:
        sys.path.append(folder)

from flash import Flash  # noqa: E402

from firmware.clock import Clock  # noqa: E402
from firmware.journal import ALARM, SAMPLE, Journal  # noqa: E402

_SETTINGS = {"progsize": 256, "readsize": 256}


def mounted(flash):
    vfs.mount(vfs.VfsLfs2(flash, **_SETTINGS), "/cut")


def unmounted():
    gc.collect()  # a file whose closing failed is closed once more when it is collected: not after the volume has gone
    try:
        vfs.umount("/cut")
    except OSError:
        pass


def station(boot):
    return Journal("/cut", boot, Clock(0), 0, 4)


def write(kept, first):
    """Two alarms and a sample, far enough apart that each pair goes to flash by itself."""
    for number in range(first, first + 2):
        kept.add(ALARM, b'"%s"' % (b"%d" % number * 300), 0)
        kept.add(SAMPLE, b'"s"', 0)
        kept.tend(6000)


def received(kept, boot):
    bodies = []
    while True:
        entry = kept.oldest()
        if entry is None:
            return bodies
        gap = kept.gap_before(entry)
        if gap is not None:
            kept.declared(gap)
            continue
        if entry.boot == boot and entry.kind == ALARM:
            bodies.append(entry.body[1:2])
        kept.acknowledged(entry)


def test_a_power_cut_at_any_write_loses_only_what_was_being_written():
    flash = Flash()
    vfs.VfsLfs2.mkfs(flash, **_SETTINGS)
    mounted(flash)
    kept = station(1)
    write(kept, 1)
    unmounted()
    before = bytes(flash.data)
    mounted(flash)
    kept = station(2)
    flash.operations = 0
    write(kept, 5)
    operations = flash.operations
    unmounted()
    assert operations >= 4, operations
    for cut in range(operations + 1):
        for torn in (False, True):
            flash.data[:] = before
            mounted(flash)
            kept = station(2)
            flash.torn, flash.operations, flash.cut = torn, 0, cut
            write(kept, 5)  # flash that fails is no error to the station: entries wait in memory, and are lost with it
            unmounted()
            flash.cut = -1
            mounted(flash)
            again = station(3)
            old = received(again, 1)
            assert old == [b"1", b"2"], (cut, old)
            again.tend(0)  # within a second the files go; until then a restart sends them once more
            unmounted()
            mounted(flash)
            flash.cut = -1
            assert station(4).oldest().boot == 4, "what was acknowledged came again"
            unmounted()


def test_the_alarms_of_the_boot_that_was_cut_come_as_far_as_they_were_written():
    flash = Flash()
    counts = []
    for cut in range(0, 60, 3):
        vfs.VfsLfs2.mkfs(flash, **_SETTINGS)
        mounted(flash)
        kept = station(1)
        flash.operations, flash.cut = 0, cut
        write(kept, 1)
        unmounted()
        flash.cut = -1
        mounted(flash)
        got = received(station(2), 1)
        unmounted()
        assert got in ([], [b"1"], [b"1", b"2"]), got
        counts.append(len(got))
    assert counts == sorted(counts) and counts[0] == 0 and counts[-1] == 2, counts
    assert "cut" not in os.listdir("/")
