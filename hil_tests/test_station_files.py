"""A station at work on the emulated Pico W while every file that it has is written: no frame is lost by it, and a
platform commands it through a DTU with a real broker behind it.
"""

import pytest

from hil_tests.files_site import CAP_W, running_site
from tools.board.emulated import RESET_POWER

pytestmark = [pytest.mark.emulated, pytest.mark.timeout(900)]

APART_NS = 10_000_000  # between two writes; the pages of one follow each other within a millisecond


@pytest.fixture(scope="module")
def site(emulator):
    with running_site() as site:
        yield site


@pytest.fixture
def slow_site(emulator):
    with running_site(has_platform=False) as site:
        yield site


def next_telemetry(site):
    count = len(site.platform.said("telemetry"))
    site.wait(lambda: len(site.platform.said("telemetry")) > count, 20000)
    return site.platform.said("telemetry")[-1]


def test_a_platform_sees_and_commands_the_station_through_a_dtu(site):
    site.wait(lambda: {"birth", "status", "telemetry", "journal", "state"} <= set(site.platform.got), 20000)
    assert site.platform.said("journal")[0]["kind"] == "start" and site.platform.said("status")[-1] == {"online": True}
    assert site.command(circuit="grid", limit_w=199000, expires_s=600)["code"] == "limit_set"
    site.wait(lambda: site.platform.said("telemetry")[-1]["cap"]["w"] == 199000, 5000)
    assert site.command(circuit="grid", limit_w=1, expires_s=600, counter=1)["code"] == "replayed"
    line = site.board.figures()["lines"][0]
    assert line["overruns"] == 0 and site.dtu.dials == 1, line


def test_files_are_written_while_the_station_works_and_no_frame_is_lost(site):
    before, missed = site.board.figures()["flash"], next_telemetry(site)["cycle"]["missed"]
    site.write_everything()
    assert site.harm() == {}
    after = site.board.figures()["flash"]
    erased = sum(count for _, count in after["erases"]) - sum(count for _, count in before["erases"])
    assert erased >= 4, "nothing long was written"
    cycle = next_telemetry(site)["cycle"]
    print(f"{erased} sectors erased; lateness {cycle} (emulated)")
    assert cycle["missed"] == missed
    assert site.rig.worst_w() <= CAP_W


@pytest.mark.long
def test_the_slowest_flash_costs_cycles_and_no_frame(site):
    """400 ms for a sector and 3 ms for a page, the data sheet's longest."""
    site.board.flash_times(400, 3)
    site.write_everything(3)
    site.board.flash_times()
    assert site.harm() == {}
    cycle = next_telemetry(site)["cycle"]
    print(f"the slowest flash: lateness {cycle} (emulated)")
    assert cycle["late_max_ms"] >= 100, "nothing long was written"
    assert site.rig.worst_w() <= CAP_W


@pytest.mark.long
@pytest.mark.parametrize("operation", [1, 3, 6, 12, 20, 30])
def test_power_goes_while_a_running_station_writes_its_files(site, operation):
    """An emergency stop and an outage begin it; which file the n-th operation belongs to is the station's affair."""
    kept = site.files()
    site.dtu.is_cut = True
    site.board.cut(operation)
    site.press()
    site.wait(lambda: not site.board.is_on, 60000)
    site.dtu.is_cut = False
    site.board.set_input(10, 1)
    site.start()
    assert site.board.resets[-1][1] == RESET_POWER
    found = site.files()
    assert set(kept) - {name for name in kept if name.startswith("journal/")} <= set(found), "a file was lost"
    for name in ("station.json", "station.checked", "keys.json"):
        assert found[name] == kept[name]
    assert "状态文件不可用".encode() not in site.board.printed
    site.release()
    site.wait(lambda: site.rig.plant.grid_w > 60e3, 30000)
    assert site.rig.worst_w() <= CAP_W and site.harm() == {}


@pytest.mark.long
def test_no_write_falls_into_a_frame_on_a_line_that_is_hardly_ever_quiet(slow_site):
    """Every device answers 60 ms late, so a request is under way nearly all the time, and a write that does not wait
    for its answer meets it. Two emergency stops and their ends have the state and the black box written."""
    site, line = slow_site, slow_site.rig.lines["line"]
    line.delay_ms.update(dict.fromkeys(line.images, 60))
    site.rig.run(1000)
    begun = len(site.board.flash_log)
    for held_ms in (600, 670):
        site.press()
        site.rig.run(held_ms)
        site.release()
        site.rig.run(3500)
    times_ns = [at_ns for at_ns, *_ in site.board.flash_log[begun:]]
    writes = 1 + sum(b - a > APART_NS for a, b in zip(times_ns, times_ns[1:], strict=False))
    print(f"{len(times_ns)} flash operations in {writes} writes")
    assert writes >= 10
    assert site.harm() == {}, site.harm()
