"""No gun gets room that another one may still be using, looked at from outside: what the chargers themselves hold."""

from contextlib import contextmanager

import pytest

from hil_tests.emulated_rig import EmulatedRig, station
from hil_tests.files_site import checked_bytes
from tools.board.files import checked, image
from tools.firmware_image import ROOT, build

pytestmark = [pytest.mark.emulated, pytest.mark.long, pytest.mark.timeout(600)]

CAP_W = 200e3


@contextmanager
def promise_rig(root=ROOT):
    """Two chargers; a car at the first one takes nearly all of the cap. root: of the firmware's sources."""
    data = station(2, int(CAP_W), "alpitronic_hyc")
    data["devices"][2].update(unit=2, connector=1)
    with EmulatedRig(data) as rig:
        files = build("rpi_pico_w", checked(data), root).files
        files = {**files, "station.json": rig.station_file(), "station.checked": checked_bytes(rig.station_file())}
        rig.board.load(image(files))
        rig.plug("gun1", 200e3)
        rig.board.power_on()
        rig.board.type(b"\n")
        gun1 = rig.plant.guns["gun1"]
        assert rig.run_until(lambda: gun1.power_w > 0.8 * CAP_W, 25000), gun1.power_w
        yield rig


def held_w(rig):
    """What base load and chargers may draw by the limits that the chargers hold, a car being there."""
    return rig.plant.base_w + sum(gun.limit_held_w for gun in rig.plant.guns.values() if gun.vehicle is not None)


@pytest.fixture
def rig(emulator):
    with promise_rig() as rig:
        yield rig


def kept_within(rig, ms, seen=lambda: False):
    """Whether seen() came true within `ms`; all the while the limits that are held leave no room for too much."""
    for _ in range(ms // 100):
        rig.run(100)
        assert held_w(rig) <= CAP_W, f"{held_w(rig):.0f} W may be drawn, more than the cap"
        if seen():
            return True
    return False


def test_a_gun_that_waits_for_room_gets_none_before_the_other_has_heard_its_decrease(rig):
    """Two cars want far more than there is, and each has half of it. One of them needs less from now on, and the write
    that tells its gun so is lost for a while: its charger goes on to hold what it held."""
    gun1, gun2 = rig.plant.guns["gun1"], rig.plant.guns["gun2"]
    rig.plug("gun2", 200e3)
    assert kept_within(rig, 12000, lambda: gun2.power_w > 0.4 * CAP_W), "gun 2 has not its half"
    shared_w = gun2.limit_held_w
    rig.lines["gun-line"].unwritable.add(1)
    gun1.vehicle.derating = 0.15
    lost = len(rig.writes("gun1"))
    kept_within(rig, 5500)
    assert len(rig.writes("gun1")) - lost >= 3 and gun1.limit_held_w >= 0.4 * CAP_W
    rig.lines["gun-line"].unwritable.clear()
    assert kept_within(rig, 15000, lambda: gun2.limit_held_w > shared_w + 30e3), "gun 2 does not get what is free"
    assert gun1.limit_held_w < 0.25 * CAP_W and rig.worst_w() <= CAP_W


def test_a_gun_that_does_not_hear_its_decrease_keeps_its_room(rig):
    """No write reaches gun 1 any more, its car takes little, and another one comes to gun 2, for which there would be
    room if gun 1 held what it is told to hold."""
    gun1 = rig.plant.guns["gun1"]
    rig.lines["gun-line"].unwritable.add(1)
    gun1.vehicle.derating = 0.15
    assert rig.run_until(lambda: gun1.power_w < 40e3, 5000)
    rig.plug("gun2", 200e3)
    kept_within(rig, 6000)  # a fifth of what gun 1 waits before it falls back by itself
    assert gun1.limit_w > 0.7 * CAP_W
    assert rig.worst_w() <= CAP_W
