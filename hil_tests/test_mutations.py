"""The suite fails when it should: each fault is put into the firmware's sources, the image is built from them, and the
named check of the suite is run against a board with it. docs/emulated-board.md lists what caught each.
"""

import shutil

import pytest

from hil_tests import files_site, test_bus, test_promise, test_station_files
from tools.firmware_image import ROOT

pytestmark = [pytest.mark.emulated, pytest.mark.long, pytest.mark.timeout(900)]

_SOURCES = ("boards", "control", "drivers", "firmware")


@pytest.fixture
def mutated(emulator, tmp_path):
    """mutated(path, right, wrong): a copy of the sources in which one line of one file is wrong."""

    def make(path, right, wrong):
        for folder in _SOURCES:
            shutil.copytree(ROOT / folder, tmp_path / folder, ignore=shutil.ignore_patterns("__pycache__"))
        (tmp_path / "pyproject.toml").write_bytes((ROOT / "pyproject.toml").read_bytes())
        source = (tmp_path / path).read_text(encoding="utf-8")
        assert source.count(right) == 1, f"{path} has changed: {right!r} is there {source.count(right)} times"
        (tmp_path / path).write_text(source.replace(right, wrong), encoding="utf-8")
        return tmp_path

    return make


def test_an_answer_whose_checksum_is_not_looked_at(mutated):
    root = mutated("drivers/modbus/rtu.py", "if crc16(rx, at, at + self.reply_bytes) == 0:", "if True:")
    with test_bus.bus_rig(root) as rig, pytest.raises(AssertionError):
        test_bus.test_an_answer_with_a_wrong_bit_is_never_believed(rig)


def test_a_flash_write_inside_a_frame(mutated):
    """The gate opens although a request is under way."""
    right = "while self.on_wire or ticks_diff(cycle.due_ms, ticks_ms()) < room_ms:"
    root = mutated("drivers/flash_gate.py", right, "while False:")
    with files_site.running_site(root, has_platform=False) as site, pytest.raises(AssertionError, match="during_flash"):
        test_station_files.test_no_write_falls_into_a_frame_on_a_line_that_is_hardly_ever_quiet(site)


@pytest.mark.parametrize(
    ("path", "right", "wrong"),
    [
        ("firmware/snapshot.py", "inputs.gun_upper_w[g] = limit.upper", "inputs.gun_upper_w[g] = limit.sent"),
        ("control/step.py", "sharing.free_rooms(s, s.entitled_w)", "sharing.free_rooms(s, s.inputs.gun_w)"),
    ],
    ids=["told counts as held", "drawn counts as held"],
)
def test_an_increase_before_a_decrease(mutated, path, right, wrong):
    root = mutated(path, right, wrong)
    with test_promise.promise_rig(root) as rig, pytest.raises(AssertionError, match="more than the cap"):
        test_promise.test_a_gun_that_waits_for_room_gets_none_before_the_other_has_heard_its_decrease(rig)
