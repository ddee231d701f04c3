"""Devices of a simulated station, read and commanded by our drivers on either runtime."""

import asyncio
import contextlib
import io
import json
import time
from pathlib import Path

import pytest

from tests.drivers import station_probe
from tests.drivers.conftest import run_micropython
from tests.tools.sim.machines import station
from tools.sim.plant import STEP_S, Plant
from tools.sim.servers import SimulatedStation

PROBE = Path(station_probe.__file__)


class Scene:
    def __init__(self, folder, buses, runtime):
        self.station = station(*buses)
        self.plant = Plant.from_station(self.station)
        self.sim = SimulatedStation(self.station, self.plant)
        self.runtime = runtime
        self.path = folder / "station.json"
        self.wants = Path(f"{self.path}.wants")
        self.wants.touch()

    def want(self, **watts):
        """Device ids with - are written with _ here."""
        watts = {name.replace("_", "-"): value for name, value in watts.items()}
        with self.wants.open("a") as file:
            file.write(json.dumps(watts) + "\n")

    def run(self, seconds, play=None):
        """The drivers beside the plant; {device id: state} as they end. `await play()` runs meanwhile."""
        return asyncio.run(self._run(seconds, play))

    async def _run(self, seconds, play):
        await self.sim.start()
        physics = asyncio.create_task(self._physics())
        try:
            for bus in self.station["buses"]:
                bus.update(self.sim.wiring[bus["id"]])
            self.path.write_text(json.dumps(self.station))
            probe = asyncio.create_task(self._probe(seconds))
            if play is not None:
                await play()
            return json.loads((await probe).splitlines()[-1])
        finally:
            physics.cancel()
            await self.sim.stop()

    async def _probe(self, seconds):
        if self.runtime == "micropython":
            return await run_micropython(PROBE, self.path, seconds)
        with contextlib.redirect_stdout(io.StringIO()) as output:  # in this process, where coverage sees the drivers
            await station_probe.main(str(self.path), seconds)
        return output.getvalue()

    async def _physics(self):
        started_s, steps = time.monotonic(), 0
        while True:
            while steps * STEP_S < time.monotonic() - started_s:
                self.plant.step(STEP_S)
                steps += 1
            await asyncio.sleep(STEP_S / 2)


@pytest.fixture(params=["cpython", "micropython"])
def scene(request, tmp_path):
    """scene(*buses): a simulated station of `tests.tools.sim.machines`, and drivers on this runtime."""
    return lambda *buses: Scene(tmp_path, buses, request.param)
