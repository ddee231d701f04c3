"""The rig of the board that is a process: simulated devices on real wires around one MicroPython process.

The simulation runs in a thread of its own, so that a test reads as a sequence of what is done to the board and what is
seen on its ports.
"""

import asyncio
import json
import socket
import subprocess
import threading
import time
from pathlib import Path

from tools.compiled import compiled
from tools.run_processes import HEAP, ROOT, micropython
from tools.sim.contacts import Contacts
from tools.sim.gun import Vehicle
from tools.sim.plant import STEP_S, Plant
from tools.sim.servers import SimulatedStation

HOST = "127.0.0.1"


def free_udp_port():
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as probe:
        probe.bind((HOST, 0))
        return probe.getsockname()[1]


class UnixRig:
    """station: the demo station as data, to be changed before `wire()`. Leaving the context stops everything."""

    def __init__(self, folder: Path):
        self.folder = folder
        self.station = json.loads((ROOT / "tools" / "stations" / "demo.json").read_text(encoding="utf-8"))
        self.plant = Plant.from_station(self.station, base_noise_w=300)
        self.plant.pv["pv1"].available_w = 100e3
        self.simulated = self.contacts = self.process = None
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._loop.run_forever, name="simulation", daemon=True)
        self._tasks = []

    def __enter__(self):
        self._thread.start()
        return self

    def __exit__(self, *_):
        self.kill()
        if self.simulated is not None:
            self.call(self._stop())
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()
        self._loop.close()

    def call(self, coroutine):
        """Run a coroutine in the simulation and give its result."""
        return asyncio.run_coroutine_threadsafe(coroutine, self._loop).result(20)

    # -- what is done to the board --
    def plug(self, gun_id, watts=100e3, soc=0.3):
        """A car at a gun that takes `watts` at its battery."""
        self.plant.guns[gun_id].plug(Vehicle(80e3, soc, [(0.0, watts), (1.0, watts)], start_delay_s=1.0))

    def wire(self):
        """Start the devices and put station file, keys and wiring on the board."""
        port = free_udp_port()
        self.contacts = Contacts(port, {"ESTOP": 1, "RESET": 0})
        self.simulated = SimulatedStation(self.station, self.plant)
        self.call(self._start())
        for bus in self.station["buses"]:
            bus.update(self.simulated.wiring[bus["id"]])
        self.station["mqtt"].update(host=HOST, port=9)  # nobody is there: the station must run without a broker
        self.put("station.json", self.station)
        self.put("wiring.json", {"inputs_port": port})

    def put(self, name, content):
        text = content if isinstance(content, str) else json.dumps(content, ensure_ascii=False)
        (self.folder / name).write_text(text, encoding="utf-8")

    def power_on(self):
        command = [micropython(), "-X", f"heapsize={HEAP}", "-m", "firmware.main"]
        environment = {"MICROPYPATH": f"{compiled()}:.frozen"}
        self.process = subprocess.Popen(
            command, cwd=self.folder, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )

    def kill(self):
        if self.process is not None and self.process.poll() is None:
            self.process.kill()
            self.process.communicate()

    # -- what is seen --
    def wait(self, seen, seconds=10.0):
        """True as soon as seen() is true, False when it is not within the time or the board has ended."""
        until = time.monotonic() + seconds
        while time.monotonic() < until:
            if seen():
                return True
            time.sleep(0.02)
        return False

    def reads(self, device_id):
        return [poll for poll in self.simulated.polls(device_id) if poll[1] in (3, 4)]

    def writes(self, device_id):
        return [poll for poll in self.simulated.polls(device_id) if poll[1] in (6, 16)]

    async def _start(self):
        await self.simulated.start()
        self._tasks = [asyncio.create_task(self._step()), asyncio.create_task(self.contacts.run())]

    async def _stop(self):
        for task in self._tasks:
            task.cancel()
        await asyncio.gather(*self._tasks, return_exceptions=True)
        await self.simulated.stop()

    async def _step(self):
        due_s = time.monotonic()
        while True:
            while due_s <= time.monotonic():
                self.plant.step()
                due_s += STEP_S
            await asyncio.sleep(max(0.0, due_s - time.monotonic()))
