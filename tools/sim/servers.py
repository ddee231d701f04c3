"""The simulated station on its wires: every bus of a station file as a real line with real Modbus servers behind it.

The caller steps the plant (each 20 ms); registers are filled from it at the moment of each read.
"""

import asyncio

from pymodbus.framer import FramerType
from pymodbus.server import ModbusSerialServer, ModbusTcpServer

from tools.sim.devices.catalogue import build_images
from tools.sim.gateway import BAUD as GATEWAY_BAUD
from tools.sim.gateway import RtuGateway
from tools.sim.meter_line import MeterLine
from tools.sim.serial_line import SerialLine
from tools.sim.tcp_line import TcpLine

TICK_S = 0.05


class SimulatedStation:
    """Devices and wires of `station` (the station file as data) around `plant`.

    wiring: {bus id: {"port": "/dev/pts/N"} or {"host": "127.0.0.1", "tcp_port": N}}, valid after `start()`.
    """

    def __init__(self, station, plant, seed=1):
        self.station = station
        self.plant = plant
        self.seed = seed
        self.images = build_images(station, plant)
        self.wiring = {}
        self.lines = {}
        self._servers = []
        self._ticker = None
        self._places = {device["id"]: (device["bus"], device["unit"]) for device in station["devices"]}

    async def start(self):
        for number, bus in enumerate(self.station["buses"]):
            images = self.images[bus["id"]]
            if bus["kind"] == "dlt645":
                await self._open_meters(bus, images, self.seed + number)
                continue
            devices = [image.sim_device() for image in images.values()]
            open_line = {"rtu": self._open_serial, "rtu_tcp": self._open_gateway, "tcp": self._open_tcp}
            await open_line[bus["kind"]](bus, set(images), devices, self.seed + number)
        self._ticker = asyncio.create_task(self._tick())

    async def _open_serial(self, bus, units, devices, seed):
        line = SerialLine(units, bus["baud"], bus["parity"], bus["stop_bits"], seed)
        await line.start()
        self.lines[bus["id"]] = line
        self.wiring[bus["id"]] = {"port": line.port}
        await self._serve_line(line, devices)

    async def _open_gateway(self, bus, units, devices, seed):
        line = RtuGateway(units, bus.get("baud", GATEWAY_BAUD), seed=seed)
        await line.start()
        self.lines[bus["id"]] = line
        self.wiring[bus["id"]] = {"host": "127.0.0.1", "tcp_port": line.tcp_port}
        await self._serve_line(line, devices)

    async def _serve_line(self, line, devices):
        if devices:
            # The pseudo-terminal has no baud rate of its own: the line keeps the byte times.
            await self._serve(
                ModbusSerialServer(devices, framer=FramerType.RTU, port=line.device_port, baudrate=115200)
            )

    async def _open_meters(self, bus, meters, seed):
        line = MeterLine(meters, bus.get("baud", 2400), bus.get("parity", "E"), bus.get("stop_bits", 1), seed)
        await line.start()
        self.lines[bus["id"]] = line
        self.wiring[bus["id"]] = {"port": line.port}

    async def _open_tcp(self, bus, units, devices, seed):
        server_port = None
        if devices:
            server = await self._serve(ModbusTcpServer(devices, address=("127.0.0.1", 0)))
            server_port = server.transport.sockets[0].getsockname()[1]
        line = TcpLine(units, server_port, seed)
        await line.start()
        self.lines[bus["id"]] = line
        self.wiring[bus["id"]] = {"host": "127.0.0.1", "tcp_port": line.port}

    async def _serve(self, server):
        await server.serve_forever(background=True)
        self._servers.append(server)
        return server

    async def stop(self):
        if self._ticker is not None:
            self._ticker.cancel()
            await asyncio.gather(self._ticker, return_exceptions=True)
            self._ticker = None
        for server in self._servers:  # before the lines: a server whose terminal vanishes tries to open it again
            await server.shutdown()
        self._servers.clear()
        for line in self.lines.values():
            await line.stop()

    async def _tick(self):
        images = [image for units in self.images.values() for image in units.values()]
        while True:
            for image in images:
                image.tick(self.plant.time_s)
            await asyncio.sleep(TICK_S)

    # -- looking up --
    def image(self, device_id):
        bus_id, unit = self._place(device_id)
        return self.images[bus_id][unit]

    def _place(self, device_id):
        if device_id not in self._places:
            raise KeyError(f"no device {device_id!r}; allowed: {', '.join(self._places)}")
        return self._places[device_id]

    def _line(self, bus_id):
        if bus_id not in self.lines:
            raise KeyError(f"no bus {bus_id!r}; allowed: {', '.join(self.lines)}")
        return self.lines[bus_id]

    def polls(self, device_id):
        """Requests that concern the device, oldest first: [(monotonic_s, function code, address, count), ...]."""
        bus_id, unit = self._place(device_id)
        image = self.image(device_id)
        return [poll for poll in self._line(bus_id).requests(unit) if image.owns(device_id, poll[2])]

    # -- faults --
    def silence(self, device_id, on=True):
        """The device neither hears nor answers. Connectors that share a unit id fall silent together."""
        bus_id, unit = self._place(device_id)
        (self._line(bus_id).silent.add if on else self._line(bus_id).silent.discard)(unit)

    def mute(self, device_id, on=True):
        """The device hears and acts, but its answers are lost."""
        bus_id, unit = self._place(device_id)
        (self._line(bus_id).mute.add if on else self._line(bus_id).mute.discard)(unit)

    def freeze(self, device_id, on=True):
        """The device answers, but its measurements keep their last values; writes still act."""
        frozen = self.image(device_id).frozen
        (frozen.add if on else frozen.discard)(device_id)

    def noise(self, bus_id, probability):
        """Share of frames that are damaged on the bus, 0..1, each direction by itself."""
        if not 0.0 <= probability <= 1.0:
            raise ValueError(f"noise on {bus_id}: {probability}, allowed 0..1")
        self._line(bus_id).noise = probability

    def slow(self, device_id, delay_ms):
        """Extra time before each answer of the device, ms; 0 ends it."""
        bus_id, unit = self._place(device_id)
        self._line(bus_id).delay_ms[unit] = delay_ms

    async def refuse(self, bus_id, on=True):
        """TCP buses and gateways: nobody listens any more and every connection is closed; False: listening again."""
        line = self._line(bus_id)
        if not isinstance(line, (TcpLine, RtuGateway)):
            raise ValueError(f"bus {bus_id} is a serial line: it cannot refuse a connection; use silence")
        await line.refuse(on)

    def emergency_stop(self, device_id, on=True):
        """The emergency-stop contact of a battery control unit: its relays open; afterwards the PCS must be started."""
        image = self.image(device_id)
        if not hasattr(image, "emergency_stop"):
            raise ValueError(f"{device_id}: {type(image).__name__} reports no emergency stop")
        image.emergency_stop = bool(on)
