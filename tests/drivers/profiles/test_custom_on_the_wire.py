"""The custom profiles of tools/stations/profiles against the simulated devices, on either runtime: read and commanded
as the built-in ones."""

from tests.drivers.conftest import few, lost
from tests.micropython_collector import REPOSITORY
from tools.sim.gun import Vehicle

FOLDER = REPOSITORY / "tools/stations/profiles"
METER = ("meter-line", "rtu", [("meter", "meter", "acrel_dtsd1352", 1, {"ct_ratio": 160})])
GUN = ("evc-lan", "tcp", [("evc", "gun", "foxess_evc", 1,
       {"phases": 3, "min_w": 4140, "max_w": 11040, "fallback_w": 4140, "watchdog_s": 30})])  # fmt: skip


def test_a_meter_and_a_gun_by_custom_profiles(scene):
    made = scene(METER, GUN)  # the simulator has made its devices by their own names
    for device in made.station["devices"]:
        device["profile_file"] = str(FOLDER / (device["profile"] + ".json"))
        device["profile"] = "custom:" + device["profile"]
    gun = made.plant.guns["evc"]

    async def play():
        gun.plug(Vehicle(80e3, 0.4, [(0.0, 300e3), (1.0, 300e3)], ac_w=22080.0, start_delay_s=0.0))
        made.want(evc=8280)

    states = made.run(6, play)
    assert gun.limit_held_w == 8280 and abs(gun.power_w - 8280) < 100, "12.0 A on three phases"
    evc, meter = states["evc"], states["meter"]
    assert evc["setpoints"]["limit_w"]["held"] == 8280 and evc["setpoints"]["limit_w"]["known"]
    assert abs(evc["readings"]["power_w"][0] - gun.power_w) <= 100 and evc["readings"]["state"][0] == 2
    power_w, quality, _ = meter["readings"]["power_w"]
    assert abs(power_w - made.plant.meter.power_w) <= 160 and quality == 1
    for device in (evc, meter):
        assert device["alive"] and lost(device) <= few(device) and not device["exceptions"]
