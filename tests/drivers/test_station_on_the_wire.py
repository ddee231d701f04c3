"""Every profile on MicroPython against the simulated station, whose register maps do not come from our tables.

What the drivers read is compared with the plant, and what they command with what the plant's devices really hold.
"""

import asyncio
import contextlib
import json
import time
from pathlib import Path

import pytest

from tests.drivers.conftest import few, lost, start_micropython
from tools.sim.gun import Vehicle
from tools.sim.plant import STEP_S, Plant
from tools.sim.servers import SimulatedStation

PROBE = Path(__file__).with_name("station_probe.py")
LONGEST_S = 90  # of a run; each ends when its play does
DEMO = Path(__file__).parents[2] / "tools" / "stations" / "demo.json"


class Scene:
    def __init__(self, folder):
        self.station = json.loads(DEMO.read_text())
        self.plant = Plant.from_station(self.station)
        self.plant.pv["pv1"].available_w = 120e3
        self.sim = SimulatedStation(self.station, self.plant)
        self.path = folder / "station.json"
        self.wants = Path(f"{self.path}.wants")
        self.wants.touch()
        self.states, self.said = [], []

    def want(self, **watts):
        with self.wants.open("a") as file:
            file.write(json.dumps(watts) + "\n")

    def plug(self, *guns):
        for gun in guns:
            car = Vehicle(80e3, 0.3, [(0.0, 200e3), (1.0, 200e3)], start_delay_s=0.0)
            self.plant.guns[gun].plug(car)

    async def run(self, play):
        """Run `play()` beside the plant and the probe; gives the probe's states, which are in `states` meanwhile."""
        await self.sim.start()
        physics, probe = asyncio.create_task(self._physics()), None
        try:
            for bus in self.station["buses"]:
                bus.update(self.sim.wiring[bus["id"]])
            self.path.write_text(json.dumps(self.station))
            probe = await start_micropython(PROBE, self.path, LONGEST_S)
            listening = asyncio.create_task(self._listen(probe.stdout))
            await self.until(lambda: self.states)
            await play()
            probe.terminate()
            await listening
            return self.states
        finally:
            if probe is not None:
                if probe.returncode is None:
                    with contextlib.suppress(ProcessLookupError):
                        probe.kill()
                await probe.wait()
            physics.cancel()
            await self.sim.stop()

    async def _listen(self, output):
        while line := await output.readline():
            try:
                self.states.append(json.loads(line))
            except ValueError:
                self.said.append(line.decode(errors="replace"))

    async def until(self, condition, within_s=20):
        """Wait until it holds: a busy machine may take its time."""
        ends_s = time.monotonic() + within_s
        while not condition():
            assert time.monotonic() < ends_s, ("it did not happen", self.states[-1:], "".join(self.said))
            await asyncio.sleep(0.02)

    async def until_device(self, name, condition):
        """Wait until the probe's newest state of a device is so."""
        await self.until(lambda: condition(self.states[-1][name]))

    async def _physics(self):
        started_s, steps = time.monotonic(), 0
        while True:
            while steps * STEP_S < time.monotonic() - started_s:
                self.plant.step(STEP_S)
                steps += 1
            await asyncio.sleep(STEP_S / 2)


@pytest.fixture
def scene(tmp_path):
    return Scene(tmp_path)


def value(state, device, reading):
    number, quality, age_ms = state[device]["readings"][reading]
    assert quality == 1, (device, reading)
    assert age_ms < 2500
    return number


def setpoint(device):
    return device["setpoints"].get("power_w") or device["setpoints"]["limit_w"]


def test_every_device_is_read_and_obeys(scene):
    wanted = {"gun1": 100000, "gun2": 60000, "gun3": 1547, "gun4": 30000, "gun5": 8000, "gun6": 6900}
    wanted.update({"pv1": 80000, "pcs1": -40000})
    seen = {}

    async def play():
        scene.plug("gun1", "gun2", "gun4", "gun5", "gun6")
        await scene.until(lambda: all(device["alive"] for device in scene.states[-1].values()))
        await asyncio.sleep(1)
        seen["untouched"] = {g.id: g.limit_w for g in scene.plant.guns.values()}
        scene.want(**wanted)
        for name, watts in wanted.items():
            await scene.until_device(name, lambda device, watts=watts: setpoint(device)["held"] == watts)
        await asyncio.sleep(4)  # ramps, and the slow readings
        plant = scene.plant
        seen["limits"] = {g.id: g.limit_w for g in plant.guns.values()}
        seen["power"] = {g.id: g.power_w for g in plant.guns.values()}
        seen["pv"], seen["pcs"], seen["grid"] = plant.pv["pv1"].power_w, plant.storage["pcs1"].power_w, plant.grid_w
        seen["watchdogs"] = {g.id: g.watchdog_s for g in plant.guns.values()}

    limits_before = {g.id: g.limit_w for g in scene.plant.guns.values()}
    states = asyncio.run(scene.run(play))
    assert seen["untouched"] == limits_before, "nothing is written before it is wanted"
    last = states[-1]
    assert all(device["alive"] for device in last.values())
    for gun in ("gun1", "gun2", "gun3", "gun4"):
        assert seen["limits"][gun] == wanted[gun] // 100 * 100 or gun == "gun3" and seen["limits"][gun] == 1547
    assert seen["limits"]["gun5"] == 115 * 69 and seen["limits"]["gun6"] == 100 * 69
    for gun, power_w in seen["power"].items():
        measured = value(last, gun, "power_w")
        assert abs(measured - power_w) <= 0.02 * power_w + 120, (gun, measured, power_w)
        assert value(last, gun, "state") == (0 if gun == "gun3" else 2)
    assert abs(value(last, "pv1", "power_w") - seen["pv"]) < 500 and abs(seen["pv"] - 80000) < 100
    assert abs(value(last, "pcs1", "power_w") - seen["pcs"]) < 200 and abs(seen["pcs"] + 40000) < 100
    assert abs(value(last, "meter", "power_w") - seen["grid"]) < 2000
    assert value(last, "bms1", "soc_permille") in range(590, 602)
    assert value(last, "bms1", "charge_max_w") > 0 and value(last, "bms1", "alarm") == 0
    assert abs(value(last, "gun1", "soc_permille") - 300) < 20
    for name, watts in wanted.items():
        has = setpoint(last[name])
        assert has["held"] == has["upper"] == watts and has["known"], name
    assert seen["watchdogs"] == {"gun1": 10, "gun2": 10, "gun3": 10, "gun4": None, "gun5": 10, "gun6": 10}
    assert all(lost(device) <= few(device) and not device["exceptions"] for device in last.values()), last


def test_a_gun_whose_answers_are_lost_gets_decreases_only_and_is_found_again(scene):
    gun = scene.plant.guns["gun1"]

    async def play():
        scene.plug("gun1")
        scene.want(gun1=50000)
        await scene.until_device("gun1", lambda device: setpoint(device)["held"] == 50000)
        scene.sim.mute("gun1")
        await scene.until_device("gun1", lambda device: device["quarantined"])
        scene.want(gun1=90000)
        await asyncio.sleep(1.5)
        assert gun.limit_w == 50000, "a gun that does not answer is not given more"
        scene.want(gun1=20000)
        await scene.until(lambda: gun.limit_w == 20000)  # it hears the decrease although it does not answer
        await asyncio.sleep(1.2)
        scene.sim.mute("gun1", False)
        await scene.until_device("gun1", lambda device: not device["quarantined"] and setpoint(device)["held"] == 20000)

    states = asyncio.run(scene.run(play))
    setpoints = [setpoint(state["gun1"]) for state in states]
    deaf = [s for s in setpoints if s["wanted"] == 20000 and s["held"] == 50000]
    assert len(deaf) > 3 and all(s["upper"] == 50000 for s in deaf), "not confirmed, so not counted as obeyed"
    assert gun.limit_w == setpoints[-1]["held"] == setpoints[-1]["upper"] == 20000
    # Its neighbours go on: whoever waited for its time-outs would miss far more than a stalled machine makes them miss.
    for name in ("meter", "pv1", "gun2", "gun4", "gun6"):
        device = states[-1][name]
        assert device["alive"] and device["timeouts"] <= few(device), (name, device)


def test_a_meter_on_a_noisy_line_is_still_read(scene):
    async def play():
        scene.sim.noise("rs485-meter", 0.2)
        await scene.until_device("meter", lambda meter: lost(meter) > 3 and meter["ok"] > 8)

    states = asyncio.run(scene.run(play))
    values = {s["meter"]["readings"]["power_w"][0] for s in states if s["meter"]["readings"]["power_w"][1]}
    assert values and all(-150000 < v < 150000 for v in values), "no damaged frame became a number"


def test_a_missing_port_and_a_dead_server_do_not_keep_the_rest_from_starting(scene):
    def alive():
        return {name for name, device in scene.states[-1].items() if device["alive"]}

    async def play():
        await scene.until(lambda: alive() == set(scene.states[-1]) - {"gun6", "pcs1"})
        await asyncio.sleep(1)

    for bus in scene.station["buses"]:
        if bus["id"] == "rs485-ac":
            scene.sim.wiring.pop(bus["id"], None)
    original = scene.sim.start

    async def start():
        await original()
        scene.sim.wiring["rs485-ac"] = {"port": "/dev/does-not-exist"}
        await scene.sim.refuse("lan-pcs")

    scene.sim.start = start
    states = asyncio.run(scene.run(play))
    assert alive() == set(states[-1]) - {"gun6", "pcs1"}
