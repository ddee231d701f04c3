"""Real Modbus servers (pymodbus) and a client process on either runtime, joined by real sockets and
pseudo-terminals."""

import asyncio
import os
import shutil
import sys
import tty
from pathlib import Path

import pytest
from pymodbus.framer import FramerType
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from tests.drivers import wire_probe

REPOSITORY = Path(__file__).parents[2]
PROBE = Path(__file__).with_name("wire_probe.py")


async def start_micropython(script, *arguments):
    """A script on MicroPython with a board-sized heap, its output in a pipe."""
    found = shutil.which("micropython", path=os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]]))
    assert found, "micropython is not installed"
    return await asyncio.create_subprocess_exec(
        found,
        *("-X", "heapsize=190wK", str(script), *map(str, arguments)),
        env={**os.environ, "MICROPYPATH": f"{REPOSITORY}:.frozen"},
        stdout=asyncio.subprocess.PIPE,
        stderr=asyncio.subprocess.STDOUT,
    )


async def run_micropython(script, *arguments, within_s=60):
    """What a script prints on MicroPython with a board-sized heap; it must end with 0."""
    process = await start_micropython(script, *arguments)
    try:
        output, _ = await asyncio.wait_for(process.communicate(), within_s)
        assert process.returncode == 0, output.decode()
    finally:
        if process.returncode is None:
            process.kill()
            await process.wait()
    return output.decode()


def lost(device):
    """Requests to a device that brought no answer: of a state of `station_probe`."""
    return sum(device[kind] for kind in ("timeouts", "crc_errors", "protocol_errors"))


def few(device):
    """As many as a stalled machine may cost it."""
    return 3 + device["ok"] // 10


TRIES = 3
HELD_MS = 150  # generous: the two cores are shared. The figure itself is a benchmark's business


class Held(AssertionError):
    """The loop was held for longer than a client may."""


class Pump:
    """Two pseudo-terminals back to back: the client opens `port`, the server `device_port`.

    silent_units: their requests vanish. before: bytes that come in front of each answer. cut: bytes missing at the end
    of each answer.
    """

    def __init__(self):
        self.silent_units = set()
        self.before = b""
        self.cut = 0
        self._client, client_end = os.openpty()
        self._server, server_end = os.openpty()
        for fd in (self._client, self._server, client_end, server_end):
            tty.setraw(fd)
        self.port, self.device_port = os.ttyname(client_end), os.ttyname(server_end)
        self._ends = (client_end, server_end)
        loop = asyncio.get_running_loop()
        loop.add_reader(self._client, self._request)
        loop.add_reader(self._server, self._answer)

    def _request(self):
        data = os.read(self._client, 512)
        if data[0] not in self.silent_units:
            os.write(self._server, data)

    def _answer(self):
        data = os.read(self._server, 512)
        os.write(self._client, self.before + data[: len(data) - self.cut])

    def close(self):
        loop = asyncio.get_running_loop()
        for fd in (self._client, self._server):
            loop.remove_reader(fd)
        for fd in (self._client, self._server, *self._ends):
            os.close(fd)


def registers():
    """Unit 1: holding register n has the content n + 7 (0 to 199); it can be written."""
    return SimDevice(id=1, simdata=[SimData(0, values=[n + 7 for n in range(200)], datatype=DataType.REGISTERS)])


class Bench:
    def __init__(self):
        self.pump = None
        self.server = None
        self.link = None
        self.port = None

    async def serve_tcp(self, port=0):
        self.server = ModbusTcpServer([registers()], address=("127.0.0.1", port))
        await self.server.serve_forever(background=True)
        self.port = self.server.transport.sockets[0].getsockname()[1]
        self.link = f"tcp:127.0.0.1:{self.port}"

    async def serve_rtu(self):
        self.pump = Pump()
        self.pump.silent_units.update(range(2, 248))
        self.server = ModbusSerialServer(
            [registers()], framer=FramerType.RTU, port=self.pump.device_port, baudrate=115200
        )
        await self.server.serve_forever(background=True)
        self.link = f"rtu:{self.pump.port}:115200:N:1"

    async def stop_server(self):
        if self.server is not None:
            await self.server.shutdown()
            self.server = None

    async def probe(self, runtime, seconds, unit=1, function=3, register=0, count=10, meanwhile=None):
        """Lines of the probe: [(ms, outcome, rest)]. Raises Held when its loop was not free for HELD_MS.

        MicroPython gets a process; CPython runs beside the server in this one, where coverage sees it.
        """
        arguments = (self.link, seconds, unit, function, register, count)
        run = self._in_process if runtime == "micropython" else self._beside
        reading = asyncio.create_task(run(arguments))
        if meanwhile is not None:
            await meanwhile()
        output = await asyncio.wait_for(reading, seconds + 20)
        assert output and output[-1].startswith("held "), output
        lines = [line.split(" ", 2) for line in output[:-1]]
        held_ms = int(output[-1].split()[1])
        if held_ms >= HELD_MS:
            raise Held(f"the loop was held for {held_ms} ms")
        return [(int(ms), outcome, rest) for ms, outcome, rest in lines]

    async def _in_process(self, arguments):
        output = await run_micropython(PROBE, *arguments)
        return output.splitlines()

    async def _beside(self, arguments):
        output = []
        await wire_probe.main(*arguments, say=output.append)
        return output


@pytest.fixture
def bench():
    """`bench(scene)` runs `async scene(bench)` and takes the servers down after it. When the loop was held it is tried
    again: a machine that stalls does so now and then, a client that holds the loop does so always."""

    async def whole(scene):
        made = Bench()
        try:
            await scene(made)
        finally:
            await made.stop_server()
            if made.pump:
                made.pump.close()

    def run(scene):
        for _ in range(TRIES - 1):
            try:
                return asyncio.run(whole(scene))
            except Held:
                pass
        return asyncio.run(whole(scene))

    return run
