"""control gives the same bits on CPython and on MicroPython: 10,000 random stations, every number after every cycle."""

import subprocess
from collections import Counter

import pytest

from control import ladder, reasons
from control.step import step
from tests.control import random_stations
from tests.control.random_stations import BLOCK, CYCLES, Draw, block, station, tell
from tests.micropython_collector import HEAP, REPOSITORY, find_micropython, not_run

STATIONS = 10000


@pytest.fixture
def micropython():
    """Starts random_stations.py there: `micropython(first, blocks)` gives the process. control: the folder that holds
    the copy of it to be tried.
    """
    path, started = find_micropython() or not_run("micropython is not installed"), []

    def start(first, blocks, control=REPOSITORY):
        command = [path, "-X", HEAP, "-m", "tests.control.random_stations", str(first), str(blocks)]
        process = subprocess.Popen(command, cwd=control, env={"MICROPYPATH": f"{REPOSITORY}:.frozen"}, text=True,
                                   stdout=subprocess.PIPE, stderr=subprocess.STDOUT)  # fmt: skip
        started.append(process)
        return process

    yield start
    for process in started:
        process.kill()
        process.communicate()


def test_ten_thousand_random_stations_give_the_same_bits(micropython):
    blocks = STATIONS // BLOCK
    process = micropython(0, blocks)
    here = [f"{each} {block(each)}" for each in range(blocks)]
    said, _ = process.communicate(timeout=150)
    assert process.returncode == 0, said
    there = said.splitlines()
    assert len(there) == len(set(there)) == blocks
    assert [f"block {a} here, {b} on MicroPython" for a, b in zip(here, there, strict=True) if a != b] == []


def test_without_machine_code_the_bits_are_the_same(micropython, tmp_path):
    """As tools/firmware_image.py builds it for a station of few guns."""
    (tmp_path / "control").mkdir()
    for source in (REPOSITORY / "control").glob("*.py"):
        (tmp_path / "control" / source.name).write_text(source.read_text().replace("@micropython.viper\n", ""))
    process = micropython(0, 2, tmp_path)
    here = [f"{each} {block(each)}" for each in range(2)]
    assert process.communicate(timeout=60)[0].splitlines() == here


def test_a_constant_that_is_another_on_one_side_does_not_go_unnoticed(micropython, monkeypatch):
    process = micropython(0, 2)
    monkeypatch.setattr(ladder, "_HOLD_MS", 601)
    here = [f"{each} {block(each)}" for each in range(2)]
    there = process.communicate(timeout=60)[0].splitlines()
    assert len(there) == 2 and here != there


def test_the_random_stations_see_most_of_control():
    """Else the same bits would prove little."""
    seen = Counter()
    for seed in range(3 * BLOCK):
        draw = Draw(seed)
        s = station(draw)
        seen["guns", s.guns] += 1
        seen["phases"] += s.circuits > s.named_circuits
        for _ in range(CYCLES):
            tell(s, draw)
            step(s, draw.of(random_stations._STEPS_MS))
            seen["cycles"] += 1
            seen["started"] += s.started
            seen["ladder", s.ladder] += 1
            seen["storage", s.storage_reason] += s.has_storage
            for g in range(s.guns):
                seen["gun", s.reason[g]] += 1
                seen["granted"] += s.grant_w[g] > s.min_w[g]
                seen["disobedient"] += s.disobedient[g]
    assert seen["started"] * 2 > seen["cycles"] and seen["granted"] > 800 and seen["phases"] > 30
    assert all(seen["guns", guns] > 5 for guns in range(1, 10))
    assert all(seen["ladder", rung] > 5 for rung in range(5)), seen
    missing = [name for code, name in enumerate(reasons.GUN_REASONS) if not seen["gun", code]]
    assert missing == [], missing
    missing = [name for code, name in enumerate(reasons.STORAGE_REASONS) if not seen["storage", code]]
    assert missing == [], missing
