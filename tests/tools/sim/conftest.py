"""A small station on real wires for the tests of the simulator: pymodbus clients and raw frames against it."""

import asyncio
import json
import os
import time
import tty
from pathlib import Path

import pytest
from pymodbus.client import AsyncModbusSerialClient, AsyncModbusTcpClient

from tools.sim.gun import Vehicle
from tools.sim.plant import STEP_S, Plant
from tools.sim.servers import SimulatedStation

DEMO = Path(__file__).parents[3] / "tools" / "stations" / "demo.json"


class Bench:
    """A started station; clients opened through it are closed with it."""

    def __init__(self, station, seed=1):
        self.plant = Plant.from_station(station)
        self.sim = SimulatedStation(station, self.plant, seed)
        self._clients = []
        self._fds = []

    async def client(self, bus_id, timeout_s=0.5):
        where = self.sim.wiring[bus_id]
        options = {"timeout": timeout_s, "retries": 0, "reconnect_delay": 0}
        if "port" in where:
            client = AsyncModbusSerialClient(where["port"], baudrate=115200, **options)
        else:
            client = AsyncModbusTcpClient(where["host"], port=where["tcp_port"], **options)
        assert await client.connect()
        self._clients.append(client)
        return client

    async def exchange(self, bus_id, frame, wait_s=1.0):
        """Raw bytes onto a serial line; (answer so far when it paused, seconds until its first byte)."""
        fd = os.open(self.sim.wiring[bus_id]["port"], os.O_RDWR | os.O_NOCTTY | os.O_NONBLOCK)
        tty.setraw(fd)
        self._fds.append(fd)
        started_s = time.monotonic()
        os.write(fd, frame)
        answer, first_s, quiet = b"", None, 0
        while time.monotonic() - started_s < wait_s and quiet < 20:
            await asyncio.sleep(0.001)
            try:
                answer += os.read(fd, 512)
                first_s = first_s or time.monotonic() - started_s
                quiet = 0
            except BlockingIOError:
                quiet += bool(answer)
        return answer, first_s

    def advance(self, seconds):
        """Physics only: the wires do not notice."""
        for _ in range(round(seconds / STEP_S)):
            self.plant.step(STEP_S)

    def plug(self, gun_id, soc=0.3, power_w=300e3, pack_wh=100e3, leave_soc=1.0):
        vehicle = Vehicle(pack_wh, soc, [(0.0, power_w), (1.0, power_w)], leave_soc, start_delay_s=0.0)
        self.plant.guns[gun_id].plug(vehicle)
        return vehicle

    async def close(self):
        for client in self._clients:
            client.close()
        for fd in self._fds:
            os.close(fd)
        await self.sim.stop()


@pytest.fixture
def demo():
    return json.loads(DEMO.read_text(encoding="utf-8"))


@pytest.fixture
def on_bench(demo):
    """on_bench(body, station=None, seed=1): start the station, await body(bench), stop it again."""

    def run(body, station=None, seed=1):
        async def whole():
            bench = Bench(station or demo, seed)
            try:
                await bench.sim.start()
                await asyncio.wait_for(body(bench), 60)
            finally:
                await bench.close()

        asyncio.run(whole())

    return run


@pytest.fixture
def one_device():
    """A station with one device on one serial line (unit 1) beside whatever it needs."""

    def build(*devices, baud=115200, parity="N", stop_bits=1):
        bus = {"id": "line", "kind": "rtu", "port": "UART1", "baud": baud, "parity": parity, "stop_bits": stop_bits}
        return {"buses": [bus], "devices": [{"bus": "line", "unit": 1, **device} for device in devices]}

    return build
