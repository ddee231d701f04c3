"""Every simulated device is recognised as itself, by reads only, on CPython and (some) on MicroPython; devices with the
words in the other order and meters with turned transformers are reported."""

import asyncio
import json
from pathlib import Path

import pytest

from drivers.probe import HINT_COUNTERS, HINT_ORDER, HINT_SIGN
from tests.drivers import probe_run
from tests.drivers.conftest import run_micropython
from tests.drivers.probe_run import found
from tests.tools.sim import chargers, machines
from tests.tools.sim.machines import station
from tools.sim.devices.catalogue import IMAGES
from tools.sim.plant import STEP_S, Plant
from tools.sim.servers import SimulatedStation

DEMO = json.loads((Path(__file__).parents[2] / "tools/stations/demo.json").read_text(encoding="utf-8"))
BUSES = [
    each for module in (machines, chargers) for each in vars(module).values()
    if isinstance(each, tuple) and len(each) == 3 and each[1] in ("tcp", "rtu")
]  # fmt: skip
# One map under two names; one map whose counters alone differ.
SAME = (("acrel_dtsd1352", "dtsu666_sungrow"), ("acrel_djsf1352", "acrel_djsf1352_rn6"))
# Devices that ask for pauses: tried with these candidates only, to save the time.
SLOW = {
    "huawei": ["huawei_sun2000", "huawei_sun2000_hybrid", "huawei_luna2000", "huawei_luna2000_bms", "huawei_meter"],
    "huawei-string": ["huawei_sun2000", "huawei_sun2000_hybrid"],
    "emma": ["huawei_emma", "huawei_emma_meter", "huawei_meter", "huawei_sun2000"],
    "smartlogger": ["huawei_smartlogger", "huawei_smartlogger_meter", "huawei_emma", "huawei_meter"],
    "keba-lan": ["keba_p30", "abb_terra_ac", "foxess_evc"],
    "sigenergy-lan": ["sigenergy_evdc", "ambibox", "sungrow_sg"],
}  # fmt: skip


class Scene:
    """A started station whose plant has run for a while, so that there is sun, load and something in the counters."""

    def __init__(self, *buses, data=None):
        self.station = data or station(*buses)
        self.plant = Plant.from_station(self.station)
        self.sim = SimulatedStation(self.station, self.plant)

    async def __aenter__(self):
        await self.sim.start()
        for _ in range(100):
            self.plant.step(STEP_S)
        return self

    async def __aexit__(self, *error):
        await self.sim.stop()

    def units(self, bus_id):
        return sorted({each["unit"] for each in self.station["devices"] if each["bus"] == bus_id})

    def line(self, bus_id):
        where = self.sim.wiring[bus_id]
        return ("rtu", where["port"]) if "port" in where else ("tcp", f"{where['host']}:{where['tcp_port']}")

    async def scan(self, bus_id, names=None):
        bus = next(each for each in self.station["buses"] if each["id"] == bus_id)
        return await found(*self.line(bus_id), bus.get("baud", 115200), self.units(bus_id), names)


def assert_recognised(devices, seen):
    """Each device's profile fits best of its role, beside only those that nothing on the wire tells from it."""
    for device in devices:
        label, fits = seen[str(device["unit"])]
        rivals = [each for each in fits if each[1] == device["role"]]
        assert rivals, (device["id"], fits)
        best = max(tuple(each[2:4]) for each in rivals)
        names = {each[0] for each in rivals if tuple(each[2:4]) == best}
        names -= {name for pair in SAME if device["profile"] in pair for name in pair}
        if label.startswith("Simulated") and device["profile"] in [each[0] for each in rivals]:
            names = {name for name in names if not name.startswith("sunspec")}  # it may have the models of several
        assert names <= {device["profile"]}, (device["id"], rivals)
        assert not any(each[4] for each in rivals if each[0] == device["profile"]), (device["id"], rivals)


@pytest.mark.parametrize("bus", BUSES, ids=lambda bus: bus[0])
def test_each_device_is_recognised(bus):
    async def scene():
        async with Scene(bus) as made:
            assert_recognised(made.station["devices"], await made.scan(bus[0], SLOW.get(bus[0])))

    asyncio.run(scene())


def test_the_demo_station_is_recognised():
    async def scene():
        async with Scene(data=DEMO) as made:
            for bus in DEMO["buses"]:
                devices = [each for each in DEMO["devices"] if each["bus"] == bus["id"]]
                seen = await made.scan(bus["id"])
                assert_recognised([each for each in devices if each.get("connector", 1) == 1], seen)

    asyncio.run(scene())


def test_every_simulated_device_is_in_one_of_these_scenes():
    tried = {device[2] for bus in BUSES for device in bus[2]} | {each["profile"] for each in DEMO["devices"]}
    modbus = {image for name, image in IMAGES.items() if not name.startswith("dlt645")}
    assert {IMAGES[name] for name in tried} == modbus


@pytest.mark.parametrize("bus", [machines.SUNSPEC, machines.JANITZA, machines.SUNGROW], ids=lambda bus: bus[0])
def test_a_board_recognises_them_too(bus):
    async def scene():
        async with Scene(bus) as made:
            units = ",".join(str(unit) for unit in made.units(bus[0]))
            output = await run_micropython(probe_run.__file__, *made.line(bus[0]), 115200, units)
            assert_recognised(made.station["devices"], json.loads(output.splitlines()[-1]))

    asyncio.run(scene())


def swap_words(image, addresses):
    """The device shows these 32-bit values with the low word first (or with the high one, where it was so)."""
    bank = image.inputs if image.separate_inputs else image.holding
    for device_id, fill in list(image.fills.items()):

        def swapped(fill=fill):
            fill()
            for at in addresses:
                bank[at], bank[at + 1] = bank[at + 1], bank[at]

        image.fills[device_id] = swapped


@pytest.mark.parametrize("profile, addresses, names", [
    ("sdm630", (0, 52, 70, 72, 74), None),
    ("dtsu666", (0x2006, 0x2012, 0x2044, 0x101E, 0x1028), None),
    ("acrel_adw300", (36, 62, 64), None),
    ("sungrow_sg", (5030,), None),
])  # fmt: skip
def test_a_device_with_the_words_in_the_other_order_is_reported(profile, addresses, names):
    role, further = ("pv", {"rated_w": 110000}) if profile == "sungrow_sg" else ("meter", {"ct_ratio": 1})

    async def scene():
        async with Scene(("line", "tcp", [("d", role, profile, 1, further)])) as made:
            swap_words(made.sim.image("d"), addresses)
            if role == "pv":
                made.plant.pv["d"].power_w = 66000.0
            label, fits = (await made.scan("line", names))["1"]
            hints = {each[0]: each[4] for each in fits}
            assert hints[profile] == [HINT_ORDER] and [each for each in fits if each[1] == role][0][0] == profile, fits

    asyncio.run(scene())


def test_a_sign_that_cannot_be_right_is_reported():
    async def scene():
        buses = (("pv-line", "tcp", [("pv", "pv", "huawei_sun2000", 1, {"rated_w": 110000})]),
                 ("line", "tcp", [("meter", "meter", "janitza_umg", 1, {})]))  # fmt: skip
        async with Scene(*buses) as made:
            made.plant.pv["pv"].power_w = -9000.0
            made.plant.meter.power_w, made.plant.meter.import_wh = -50000.0, 900000.0
            seen = await made.scan("pv-line", ["huawei_sun2000"])
            assert seen["1"][1][0][4] == [HINT_SIGN]
            seen = await made.scan("line", ["janitza_umg"])
            assert seen["1"][1][0][4] == [HINT_COUNTERS]

    asyncio.run(scene())


def test_silent_units_are_left_out_and_nothing_is_written():
    async def scene():
        async with Scene(machines.JANITZA) as made:
            seen = await found(*made.line("umg"), 0, [1, 2], ["janitza_umg", "sdm630"])
            assert list(seen) == ["1"]
            assert {poll[1] for poll in made.sim.polls("janitza")} <= {3, 4}

    asyncio.run(scene())
