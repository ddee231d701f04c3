"""Profiles of batteries, power conversion systems, chargers and the power cabinet against the simulated devices, whose
registers do not come from our tables: what the drivers read is what the plant does, and the plant obeys them."""

import asyncio

from tests.drivers.conftest import few, lost
from tests.tools.sim.chargers import (
    ABB,
    AMBIBOX,
    BYD,
    CABINET,
    GOLD,
    KEBA,
    METERS_645,
    PILE,
    PYLONTECH,
    QUASAR,
    SIGENERGY,
    XJ,
)
from tools.sim.gun import Vehicle


def value(states, device, reading):
    number, quality, age_ms = states[device]["readings"][reading]
    assert quality == 1 and age_ms < 6000 or reading.endswith("_wh"), (device, reading, quality, age_ms)
    return number


def near(states, device, reading, truth, tolerance):
    found = value(states, device, reading)
    assert abs(found - truth) <= tolerance, (device, reading, found, truth)


def no_errors(states):
    assert not [(name, device) for name, device in states.items() if device["exceptions"] or lost(device) > few(device)]


def plug(plant, *guns, soc=0.431):
    for gun in guns:
        plant.guns[gun].plug(Vehicle(80e3, soc, [(0.0, 300e3), (1.0, 300e3)], ac_w=22080.0, start_delay_s=0.0))


def test_three_batteries_and_their_converters_are_read_and_obey(scene):
    made = scene(GOLD, PYLONTECH, BYD)
    storage = made.plant.storage
    wanted = {"pws": -50000, "pcs60": 40000, "pws2": 30000}

    async def play():
        storage["pws"].soc, storage["pcs60"].soc, storage["pws2"].soc = 0.42, 0.65, 0.98
        storage["pws"].derating = 0.5
        made.want(**wanted)

    states = made.run(6, play)
    no_errors(states)
    for pcs, bms in (("pws", "gold"), ("pcs60", "m2"), ("pws2", "byd")):
        near(states, pcs, "power_w", storage[pcs].power_w, 100)
        near(states, bms, "soc_permille", 1000 * storage[pcs].soc, 5)
        # Steps of 0.1 A on a battery of 700 to 800 V; near full the limit moves with the charge.
        near(states, bms, "charge_max_w", storage[pcs].charge_max_w, 250)
        near(states, bms, "discharge_max_w", storage[pcs].discharge_max_w, 250)
        assert value(states, bms, "alarm") == 0
    assert abs(storage["pws"].power_w + 50000) < 100 and abs(storage["pcs60"].power_w - 40000) < 100
    for pcs, watts in wanted.items():
        setpoint = states[pcs]["setpoints"]["power_w"]
        assert setpoint["known"] and setpoint["held"] == watts == storage[pcs].setpoint_w
    assert value(states, "m2", "emergency_stop") == 0


def test_alarms_and_forbidden_directions_of_the_batteries(scene):
    made = scene(GOLD, PYLONTECH, BYD)
    storage = made.plant.storage

    async def play():
        for each in storage.values():
            each.alarm = True
            each.soc = 1.0  # nothing may be charged
        made.sim.emergency_stop("m2")
        made.sim.image("byd").alarms[0x2140] = 1

    states = made.run(3, play)
    no_errors(states)
    for bms in ("gold", "m2", "byd"):
        assert value(states, bms, "alarm") == 3
        assert value(states, bms, "charge_max_w") == 0 < value(states, bms, "discharge_max_w")
    assert value(states, "m2", "emergency_stop") == 1


def test_a_contactor_is_opened_and_closed_by_way_of_its_precharge(scene):
    made = scene(BYD)
    image = made.sim.image("byd")
    seen = []

    async def play():
        await asyncio.sleep(0.5)
        for command in (0, 1):
            made.want(**{"byd.contactor": command})
            await asyncio.sleep(1.0)
            seen.append((image.contactor, made.plant.storage["pws2"].running))
        await asyncio.sleep(2.0)
        seen.append((image.contactor, made.plant.storage["pws2"].running))

    states = made.run(6, play)
    assert seen == [(0, False), (2, False), (3, True)]
    writes = [poll for poll in made.sim.polls("byd") if poll[1] == 6]
    assert len(writes) == 2, "an action is written once"
    assert states["byd"]["setpoints"]["contactor"]["held"] == 1


def test_every_charger_is_read_and_obeys(scene):
    made = scene(KEBA, ABB, XJ, AMBIBOX, SIGENERGY, QUASAR)
    guns = made.plant.guns
    wanted = {"keba": 11040, "abb": 9000, "ambi1": 7000, "ambi2": 11000, "sig": 8000, "quasar": 3000}
    seen = {}

    async def play():
        plug(made.plant, "keba", "abb", "xj2", "ambi2", "sig", "quasar")
        made.want(**wanted)
        await asyncio.sleep(16)
        seen.update({gun.id: (gun.power_w, gun.session_wh) for gun in guns.values()})

    states = made.run(16, play)
    no_errors(states)
    for gun, watts in wanted.items():
        setpoint = states[gun]["setpoints"]["limit_w"]
        assert setpoint["known"] and setpoint["held"] == setpoint["upper"] == watts, gun
        assert watts - 3 <= guns[gun].limit_w <= watts + 0.01, (gun, guns[gun].limit_w)
    for gun in ("keba", "abb", "xj2", "ambi2", "sig", "quasar"):
        assert value(states, gun, "state") == 2, gun
        near(states, gun, "power_w", seen[gun][0], 30 + seen[gun][0] // 100)
        if gun != "quasar":
            near(states, gun, "energy_wh", seen[gun][1], 60)  # of KEBA it is read every 10 s
    for gun in ("xj1", "ambi1"):
        assert value(states, gun, "state") == 0 and value(states, gun, "power_w") == 0, gun
    for gun in ("xj2", "ambi2", "sig", "quasar"):
        near(states, gun, "soc_permille", 431, 15)
    assert states["xj2"]["setpoints"]["limit_w"]["upper"] == 120000 and guns["xj2"].power_w == 120e3
    keba = made.sim.image("keba")
    assert keba.hurried == {"read": 0, "write": 0}, "it is not asked faster than it can take"
    assert guns["keba"].watchdog_s == 30 and abs(guns["keba"].fallback_w - 4140) < 1
    assert made.sim.image("sig").hurried == 0
    assert guns["quasar"].watchdog_s == 60


def test_vehicles_give_energy_back_where_the_device_can(scene):
    made = scene(AMBIBOX, SIGENERGY, QUASAR, PILE)
    guns = made.plant.guns
    seen = {}

    async def play():
        plug(made.plant, "ambi1", "sig", "quasar", "pile", soc=0.8)
        made.want(ambi1=-5000, sig=-6000, quasar=-4000, pile=20000, **{"pile.run": 2})
        await asyncio.sleep(6)
        seen["power"] = {name: guns[name].power_w for name in ("ambi1", "sig", "quasar", "pile")}
        seen["pile"] = [poll for poll in made.sim.polls("pile") if poll[1] == 6]
        made.want(ambi1=0, sig=300, quasar=0, **{"pile.run": 0})
        await asyncio.sleep(4)

    states = made.run(10, play)
    no_errors(states)
    assert seen["power"] == {"ambi1": -5000, "sig": -6000, "quasar": -4000, "pile": -20000}
    assert [address for _, _, address, _ in seen["pile"]].count(0x3000) == 1, "started once, not again and again"
    for gun in ("ambi1", "sig", "quasar", "pile"):
        assert guns[gun].power_w == 0, gun
        assert abs(value(states, gun, "power_w")) <= 100, gun
    assert not made.sim.image("sig").running, "less than 500 W is a stop, never a limit"
    assert made.sim.image("pile").direction == 0


def test_a_discharging_pile_shows_the_sign_and_charges_again(scene):
    made = scene(PILE)
    gun = made.plant.guns["pile"]
    seen = []

    async def play():
        plug(made.plant, "pile", soc=0.8)
        for run, watts in ((2, 30000), (1, 12000)):
            made.want(pile=watts, **{"pile.run": run})
            await asyncio.sleep(3)
            seen.append(round(gun.power_w))

    states = made.run(6, play)
    assert seen == [-30000, 12000]
    near(states, "pile", "power_w", 12000, 150)


def test_a_power_cabinet_shows_its_modules_and_its_cooling(scene):
    made = scene(CABINET, XJ)
    image = made.sim.image("cabinet")

    async def play():
        plug(made.plant, "xj1", "xj2")
        image.broken.add(3)
        await asyncio.sleep(3)
        image.pump_stopped = True

    states = made.run(5, play)
    no_errors(states)
    assert value(states, "cabinet", "modules") == image.modules == 6
    assert value(states, "cabinet", "modules_faulty") == 1 and value(states, "cabinet", "modules_working") == 5
    assert value(states, "cabinet", "status") == 3, "derated"
    assert value(states, "cabinet", "cooling") == 2 and value(states, "cabinet", "cooling_faults") & 1
    assert value(states, "cabinet", "cooling_level") == 2
    assert value(states, "cabinet", "pump_permille") == value(states, "cabinet", "flow_dl_min") == 0
    near(states, "cabinet", "coolant_in_dc", 300, 0)
    near(states, "cabinet", "coolant_out_dc", 300 + 10 * image.rise_k, 10)
    assert 500 < value(states, "cabinet", "module_hottest_dc") < 800


def test_energy_meters_of_dlt645_share_a_line(scene):
    made = scene(METERS_645)
    plant = made.plant
    plant.base_w = -34_567.0
    plant.meter.import_wh, plant.meter.export_wh = 1_234_500.0, 67_800.0
    states = made.run(5, lambda: asyncio.sleep(0))
    no_errors(states)
    for meter, step_w in (("m1", 8), ("m2", 1)):
        near(states, meter, "power_w", plant.meter.power_w, step_w)
        near(states, meter, "import_wh", 1_234_500, 800)
        near(states, meter, "export_wh", plant.meter.export_wh, 800)
    assert plant.meter.power_w == -34_567.0


def test_a_silent_meter_does_not_keep_its_neighbour_from_being_read(scene):
    made = scene(METERS_645)

    async def play():
        made.sim.silence("m1")

    states = made.run(6, play)
    assert states["m1"]["timeouts"] > 2 and states["m1"]["quarantined"]
    assert states["m2"]["alive"] and lost(states["m2"]) <= few(states["m2"])
    near(states, "m2", "power_w", made.plant.meter.power_w, 1)
