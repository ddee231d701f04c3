"""The whole firmware on the emulated Pico W, put there as its users' flash holds it, with cars at the guns."""

import re

import pytest

from hil_tests.emulated_rig import EmulatedRig, station
from tools.board.emulated import RESET_POWER, RESET_WATCHDOG
from tools.board.files import checked, image
from tools.firmware_image import build

# One life of one station, in one process.
pytestmark = [pytest.mark.emulated, pytest.mark.timeout(600)]

GUNS, CAP_W, BASE_W = 2, 200e3, 20e3
START_MS = 15000
# Beside the station, before it starts: what the heap looks like, every four seconds.
BOOT = b"""
import machine, micropython
_look = machine.Timer(-1)
_look.init(mode=machine.Timer.PERIODIC, period=4000, callback=lambda timer: micropython.mem_info())
"""


@pytest.fixture(scope="module")
def rig(emulator):
    """Two cars that want 150 kW each on a grid cap of 200 kW; the tests share one station's life."""
    data = station(GUNS, int(CAP_W), "alpitronic_hyc")
    with EmulatedRig(data) as rig:
        files = build("rpi_pico_w", checked(data)).files
        rig.board.load(image({**files, "station.json": rig.station_file(), "boot.py": BOOT}))
        for gun in rig.plant.guns.values():
            gun.write_limit(20000)
        rig.board.power_on()
        rig.board.type(b"\n")  # USB prints nothing before
        for gun_id in rig.plant.guns:
            rig.plug(gun_id, 150e3)
        assert rig.run_until(lambda: written(rig), START_MS), bytes(rig.board.printed).decode()
        yield rig


@pytest.fixture
def settled(rig):
    """The cars have what the cap leaves them."""
    assert rig.run_until(lambda: rig.plant.grid_w > 0.9 * CAP_W, 15000), rig.plant.grid_w


def written(rig, before=None):
    """Whether every gun has been told a limit, since `before` (numbers of writes) where it is given."""
    return all(len(rig.writes(gun)) > (before[gun] if before else 0) for gun in rig.plant.guns)


def test_it_starts_reads_everything_and_then_commands(rig):
    first_write_s = min(rig.writes(gun)[0][0] for gun in rig.plant.guns)
    for device in ("meter", *rig.plant.guns):
        assert rig.reads(device)[0][0] < first_write_s, device
    print(f"first limit on the wire after {first_write_s:.2f} s (emulated RP2040 at 125 MHz, optimistic)")


def test_the_cap_is_used_and_held(rig, settled):
    rig.run(1000)
    assert rig.worst_w() <= CAP_W
    assert rig.plant.grid_w > 0.9 * CAP_W


def test_polls_go_on_and_no_frame_is_lost(rig, settled):
    """Through start-up, state files and collections of garbage: no byte was lost by our own doing."""
    rig.run(2000)
    now_s = rig.board.now_ns / 1e9
    for device in ("meter", "gun1"):
        times = [at_s for at_s, *_ in rig.reads(device) if at_s > now_s - 2.0]
        assert times, (device, bytes(rig.board.printed).decode(errors="replace"))
        gaps = [b - a for a, b in zip(times, [*times[1:], now_s], strict=True)]
        assert max(gaps) < 0.5, (device, max(gaps))
    for line in rig.board.figures()["lines"]:
        assert line["undriven"] == line["deaf"] == line["overruns"] == line["erased"] == 0, line
    assert all(line.discarded == 0 for line in rig.lines.values())


def test_heap_is_free(rig):
    assert rig.run_until(lambda: b"max free sz" in rig.board.printed, 8000)
    said = bytes(rig.board.printed).decode(errors="replace")
    free = int(re.findall(r"free: (\d+)", said)[-1])
    largest = 16 * int(re.findall(r"max free sz: (\d+)", said)[-1])
    print(f"heap with {GUNS} guns: {free} B free, largest block {largest} B")
    assert largest >= 2048 and free >= 8192


@pytest.mark.long
def test_a_load_that_nobody_meters_takes_room_from_the_guns_at_once(rig, settled):
    rig.plant.base_w = BASE_W + 30e3
    rig.run(6000)
    began_ns = rig.board.now_ns
    rig.run(1500)
    assert rig.worst_w(began_ns) <= CAP_W
    rig.plant.base_w = BASE_W


@pytest.mark.long
def test_noise_and_lost_bytes_do_not_break_the_cap(rig, settled):
    began_ns = rig.board.now_ns
    for line in rig.lines.values():
        line.noise = line.lost = 0.1
    rig.run(5000)
    for line in rig.lines.values():
        line.noise = line.lost = 0.0
    assert rig.worst_w(began_ns) <= CAP_W


@pytest.mark.long
def test_a_dead_gun_line_does_not_break_the_cap(rig, settled):
    """Nobody hears us: the guns keep what they have, and a load that comes on top meets less of it afterwards."""
    began_ns = rig.board.now_ns
    rig.lines["gun-line"].dead = True
    rig.run(3000)
    rig.lines["gun-line"].dead = False
    assert rig.run_until(lambda: rig.reads("gun1")[-1][0] * 1e9 > rig.board.now_ns - 3e8, 8000)
    rig.run(1000)
    assert rig.worst_w(began_ns) <= CAP_W


def test_the_watchdog_brings_a_hung_station_back_and_no_gun_notices(rig, settled):
    rig.run(1000)
    starts, began_ns = len(rig.board.resets), rig.board.now_ns
    limits = {gun_id: gun.limit_w for gun_id, gun in rig.plant.guns.items()}
    writes = {gun_id: len(rig.writes(gun_id)) for gun_id in limits}
    least = {gun_id: gun.power_w for gun_id, gun in rig.plant.guns.items()}

    def watched(seen):
        for gun_id, gun in rig.plant.guns.items():
            least[gun_id] = min(least[gun_id], gun.power_w)
        return seen()

    rig.board.hang()
    assert rig.run_until(lambda: watched(lambda: len(rig.board.resets) > starts), 9000)
    assert rig.board.resets[-1][1] == RESET_WATCHDOG
    assert rig.run_until(lambda: watched(lambda: written(rig, writes)), START_MS)
    rig.run_until(lambda: watched(lambda: False), 2000)
    assert rig.worst_w(began_ns) <= CAP_W
    print("limits before", limits, "least power since", least)
    for gun_id, limit_w in limits.items():
        assert least[gun_id] > 0.85 * limit_w, (gun_id, least, limits)


@pytest.mark.long
def test_a_loss_of_power_is_no_bump_either(rig, settled):
    began_ns = rig.board.now_ns
    least_w = 0.85 * min(gun.power_w for gun in rig.plant.guns.values())
    writes = {gun_id: len(rig.writes(gun_id)) for gun_id in rig.plant.guns}
    rig.board.power_off()
    rig.run(200)
    rig.board.power_on()
    assert rig.board.resets[-1][1] == RESET_POWER
    assert rig.run_until(lambda: written(rig, writes), START_MS)
    rig.run(1000)
    assert rig.worst_w(began_ns) <= CAP_W
    assert all(gun.power_w > least_w for gun in rig.plant.guns.values())
