"""Profiles of inverters, storage and meters against the simulated devices, whose registers do not come from our tables:
what the drivers read is what the plant does, and the plant obeys what they command."""

import asyncio
import time

from tests.tools.sim.machines import (
    HUAWEI,
    HUAWEI_PLANTS,
    HUAWEI_STRING,
    JANITZA,
    METERS,
    SMARTLOGGER,
    SUNGROW,
    SUNSPEC,
)

STORAGE = ("storage", "tcp", [
    ("basic", "pcs", "sunspec_storage", 1, {"rated_w": 100000, "watchdog_s": 60, "bms": "basic-bms"}),
    ("full", "pcs", "sunspec_der_storage", 2, {"rated_w": 100000, "watchdog_s": 60}),
    ("sh", "pcs", "sungrow_sh_pcs", 3, {"rated_w": 10000, "watchdog_s": None}),
    ("basic-bms", "bms", "sunspec_storage_bms", 1, {}),
])  # fmt: skip
ERRORS = ("timeouts", "crc_errors", "protocol_errors")


def check(states, **expected):
    """Each reading: (value, tolerance), or None when the device does not have it."""
    for name, readings in expected.items():
        device = states[name.replace("_", "-")]
        assert device["alive"], name
        for reading, wanted in readings.items():
            value, quality, _ = device["readings"][reading]
            if wanted is None:
                assert quality == 0, (name, reading)
            else:
                assert quality == 1 and abs(value - wanted[0]) <= wanted[1], (name, reading, value, quality, wanted)
    assert not [name for name, device in states.items() if device["exceptions"]], "a request that the device refuses"
    # A busy machine may hold a frame up for longer than the line allows.
    lost = {kind: sum(device[kind] for device in states.values()) for kind in ERRORS}
    assert sum(lost.values()) <= 2 + sum(device["ok"] for device in states.values()) // 50, lost


def held(states, **expected):
    for name, watts in expected.items():
        setpoints = states[name.replace("_", "-")]["setpoints"]
        setpoint = next(setpoints[key] for key in setpoints if key != "heartbeat")
        assert setpoint["known"] and setpoint["held"] == setpoint["upper"] == watts, (name, setpoint)


def meter_readings(meter, step_w=1, step_wh=1):
    return {
        "power_w": (meter.power_w, step_w + 0.5),
        "import_wh": (meter.import_wh, step_wh + 40),  # the slow counters are seconds old
        "export_wh": (meter.export_wh, step_wh + 40),
    }


def test_every_meter_of_a_serial_line(scene):
    for base_w in (43_210.0, -34_567.0):
        made = scene(METERS, JANITZA)
        plant = made.plant
        plant.base_w = base_w
        plant.meter.import_wh, plant.meter.export_wh = 1_234_500.0, 67_800.0
        states = made.run(4)
        assert plant.meter.power_w == base_w
        check(
            states,
            sdm630=meter_readings(plant.meter),
            dtsu666=meter_readings(plant.meter),
            dtsu666_h=meter_readings(plant.meter),
            dtsu666_20=meter_readings(plant.meter, 1, 10),
            adl400=meter_readings(plant.meter, 1, 100),
            adw300=meter_readings(plant.meter, 50, 1000),
            djsf1352=meter_readings(plant.meter, 10),
            djsf1352_6=meter_readings(plant.meter, 10),
            janitza=meter_readings(plant.meter),
        )


def test_a_huawei_inverter_with_battery_and_meter(scene):
    made = scene(HUAWEI, HUAWEI_STRING)
    plant = made.plant
    plant.base_w = 30e3
    plant.pv["pv"].available_w, plant.pv["string"].available_w = 45e3, 88e3
    plant.storage["pcs"].soc = 0.555
    plant.meter.import_wh, plant.meter.export_wh = 1_234_500.0, 67_800.0
    made.want(pv=30000, string=50000, pcs=-7000)
    opened_s = []

    async def play():
        while not made.sim.lines["huawei-string"].connections:
            await asyncio.sleep(0.01)
        opened_s.append(time.monotonic())

    states = made.run(20, play)  # the dongle takes one request a second for all four devices
    times_s = [poll[0] for poll in made.sim.polls("string")]
    assert times_s[0] - opened_s[0] > 0.9, "the dongle wants quiet after the connection opens"
    assert min(b - a for a, b in zip(times_s, times_s[1:])) > 0.95, "and one request a second"
    assert (plant.pv["pv"].power_w, plant.pv["string"].power_w) == (30e3, 50e3)
    assert plant.storage["pcs"].power_w == -7e3
    held(states, pv=30000, string=50000, pcs=-7000)
    check(
        states,
        pv={"power_w": (30e3 / 0.985, 1), "status": (5, 0)},
        string={"power_w": (50e3, 1), "status": (5, 0)},
        pcs={"power_w": (-7000, 1), "status": (2, 0)},
        bms={
            "soc_permille": (554, 1), "charge_max_w": (20000, 0), "discharge_max_w": (20000, 0), "alarm": (0, 0),
            "emergency_stop": None,
        },
        meter=meter_readings(plant.meter, 1, 300),
    )  # fmt: skip


def test_sungrow_inverters_and_the_plant_controllers_of_huawei(scene):
    made = scene(SUNGROW, HUAWEI_PLANTS, SMARTLOGGER)
    plant = made.plant
    plant.base_w = 5e3
    plant.pv["sh"].available_w, plant.pv["sg"].available_w = 9e3, 100e3
    plant.pv["emma"].available_w, plant.pv["logger"].available_w = 43_210.0, 87_654.0
    plant.meter.import_wh, plant.meter.export_wh = 1_234_500.0, 67_800.0
    made.want(sh=6000, sg=65_950, sh_pcs=-4321, old=3210)
    states = made.run(7)
    polls = made.sim.polls("sg")
    after_writes_s = [b[0] - a[0] for a, b in zip(polls, polls[1:]) if a[1] == 16]
    assert after_writes_s and min(after_writes_s) > 0.45, "the inverter settles after a write"
    assert (plant.pv["sh"].power_w, plant.pv["sg"].power_w) == (6e3, 599 * 110)  # 0.1 % steps, downwards
    assert (plant.storage["sh-pcs"].power_w, plant.storage["old"].power_w) == (-4321, 3210)
    held(states, sh=6000, sg=65_950, sh_pcs=-4321, old=3210)
    battery = {"soc_permille": (600, 2), "charge_max_w": (12000, 0), "discharge_max_w": (12000, 0), "alarm": None}
    check(
        states,
        sh={"power_w": (6000, 1), "status": None},
        sg={"power_w": (65_890, 1)},
        sh_pcs={"power_w": (-4321, 1), "status": (0b101, 0)},
        old={"power_w": (3210, 1), "status": (0b010, 0)},
        sh_bms=battery,
        old_bms=battery,
        sh_meter=meter_readings(plant.meter, 1, 100),
        sg_meter=meter_readings(plant.meter, 1, 100),
        emma={"power_w": (43_210, 1), "status": None},
        emma_meter={"power_w": (plant.meter.power_w, 1), "import_wh": None},
        logger={"power_w": (87_654, 2), "status": None},
        logger_meter={"power_w": (plant.meter.power_w, 1), "import_wh": None},
    )


def test_sunspec_inverters_storage_and_meters(scene):
    made = scene(SUNSPEC)
    plant = made.plant
    plant.base_w = 400e3
    for name, available_w in (("int", 150e3), ("float", 48e3), ("der", 90e3)):
        plant.pv[name].available_w = available_w
    plant.meter.import_wh, plant.meter.export_wh = 1_234_500.0, 67_800.0
    plant.storage["basic"].soc, plant.storage["basic"].alarm = 0.975, True
    made.want(int=80_000, float=20_000, der=33_333, basic=-25_000, full=-40_000)
    made.sim.image("full").heartbeat_s = 3.0  # without a heartbeat its setpoint would have ended

    states = made.run(7)
    assert made.sim.image("full").beats >= 3 and made.sim.image("der").beats == 1
    assert (plant.pv["int"].power_w, plant.pv["float"].power_w) == (80e3, 20e3)
    assert plant.pv["der"].power_w == 33_330  # 0.01 % steps, downwards
    assert (plant.storage["basic"].power_w, plant.storage["full"].power_w) == (-25e3, -40e3)
    held(states, int=80_000, float=20_000, der=33_333, basic=-25_000, full=-40_000)
    basic = plant.storage["basic"]
    check(
        states,
        int={"power_w": (80_000, 5), "status": (5, 0)},
        float={"power_w": (20_000, 1), "status": (5, 0), "available_w": (48_000, 1)},
        der={"power_w": (33_330, 5), "status": (5, 0), "in_service": (1, 0), "local_control": (0, 0)},
        grid_meter=meter_readings(plant.meter, 50, 250),
        pv_meter={"power_w": (-133_330, 10), "export_wh": (sum(pv.total_wh for pv in plant.pv.values()), 150)},
        basic={"power_w": (-25_000, 5), "status": (4, 0)},
        basic_bms={
            "soc_permille": (1000 * basic.soc, 1), "charge_max_w": (basic.charge_max_w, 500),
            "discharge_max_w": (100_000, 100), "alarm": (2, 0), "emergency_stop": None,
        },
        full={"power_w": (-40_000, 50), "status": (3, 0), "dc_power_w": (-40_000, 50), "local_control": (0, 0)},
        full_bms={"soc_permille": (600, 2), "charge_max_w": (200_000, 0), "discharge_max_w": (200_000, 0),
                  "alarm": (0, 0)},
    )  # fmt: skip


def test_storage_changes_direction_and_stops(scene):
    made = scene(STORAGE)
    seen = []

    async def play():
        await asyncio.sleep(2.5)
        for watts in (10_000, -8_000, 0):
            made.want(basic=watts, full=watts, sh=watts)
            await asyncio.sleep(2.5)
            seen.append([made.plant.storage[name].power_w for name in ("basic", "full", "sh")])

    states = made.run(10.5, play)
    check(states, basic_bms={"soc_permille": (600, 2), "charge_max_w": (100_000, 0), "alarm": None})
    assert seen == [[10_000] * 3, [-8_000] * 3, [0] * 3]
