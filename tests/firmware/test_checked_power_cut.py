# runs on: micropython
"""A power cut at any write of a checked station leaves the old or the new one, on a real LittleFS volume in RAM."""

from firmware import checked
from firmware.take_in import write
from tests.firmware.test_state_power_cut import mounted, sweep, unmounted

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


def test_a_power_cut_before_any_write_leaves_the_old_or_the_new_station():
    sweep(False, save, stored)


def test_a_power_cut_in_the_middle_of_any_write_leaves_the_old_or_the_new_station():
    sweep(True, save, stored)
