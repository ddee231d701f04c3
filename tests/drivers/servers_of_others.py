"""Modbus servers that other people wrote, over sockets and pseudo-terminals, each as an async context manager that
gives the LINK for a client.

Unit 1 of each: bit n is on when n % 3 is 0 (coils and discrete inputs), register n holds n + 7 (holding and input), for
n from 0 to 199.
"""

import asyncio
import contextlib
import threading
from socketserver import TCPServer

import modbus_tk.defines
import serial
from modbus_tk import modbus_rtu, modbus_tcp
from pymodbus.framer import FramerType
from pymodbus.server import ModbusSerialServer, ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice
from umodbus import conf
from umodbus.server.serial import get_server as get_serial_server
from umodbus.server.serial.rtu import RTUServer
from umodbus.server.tcp import RequestHandler, get_server

from tests.drivers.conftest import Pump

SIZE = 200
BITS = [n % 3 == 0 for n in range(SIZE)]
WORDS = [n + 7 for n in range(SIZE)]


def _pymodbus_device():
    bits = [SimData(0, values=BITS, datatype=DataType.BITS)]
    words = [SimData(0, values=WORDS, datatype=DataType.REGISTERS)]
    return SimDevice(id=1, simdata=(bits, list(bits), words, list(words)))


@contextlib.asynccontextmanager
async def _line():
    pump = Pump()
    try:
        yield pump
    finally:
        pump.close()


@contextlib.asynccontextmanager
async def pymodbus_tcp(framer=FramerType.SOCKET, kind="tcp"):
    server = ModbusTcpServer([_pymodbus_device()], framer=framer, address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    try:
        yield f"{kind}:127.0.0.1:{server.transport.sockets[0].getsockname()[1]}"
    finally:
        await server.shutdown()


def pymodbus_rtu_tcp():
    return pymodbus_tcp(FramerType.RTU, "rtu_tcp")


@contextlib.asynccontextmanager
async def pymodbus_rtu():
    async with _line() as pump:
        server = ModbusSerialServer(
            [_pymodbus_device()], framer=FramerType.RTU, port=pump.device_port, baudrate=115200
        )
        await server.serve_forever(background=True)
        try:
            yield f"rtu:{pump.port}:115200:N:1"
        finally:
            await server.shutdown()


def _fill_modbus_tk(server):
    unit = server.add_slave(1)
    for name, kind, values in (
        ("coils", modbus_tk.defines.COILS, BITS),
        ("discrete", modbus_tk.defines.DISCRETE_INPUTS, BITS),
        ("holding", modbus_tk.defines.HOLDING_REGISTERS, WORDS),
        ("input", modbus_tk.defines.ANALOG_INPUTS, WORDS),
    ):
        unit.add_block(name, kind, 0, SIZE)
        unit.set_values(name, 0, [int(value) for value in values])


@contextlib.asynccontextmanager
async def modbus_tk_tcp():
    server = modbus_tcp.TcpServer(port=0, address="127.0.0.1")
    _fill_modbus_tk(server)
    server.start()
    try:
        for _ in range(200):
            if server._sock is not None and server._sockets:
                break
            await asyncio.sleep(0.01)
        yield f"tcp:127.0.0.1:{server._sock.getsockname()[1]}"
    finally:
        await asyncio.to_thread(server.stop)


@contextlib.asynccontextmanager
async def modbus_tk_rtu():
    async with _line() as pump:
        server = modbus_rtu.RtuServer(serial.Serial(pump.device_port, 115200))
        _fill_modbus_tk(server)
        server.start()
        try:
            yield f"rtu:{pump.port}:115200:N:1"
        finally:
            await asyncio.to_thread(server.stop)


def _route_umodbus(server):
    conf.SIGNED_VALUES = False
    bits, words = [int(bit) for bit in BITS], list(WORDS)
    addresses = list(range(SIZE))

    @server.route(slave_ids=[1], function_codes=[1, 2], addresses=addresses)
    def read_bit(slave_id, function_code, address):
        return bits[address]

    @server.route(slave_ids=[1], function_codes=[3, 4], addresses=addresses)
    def read_word(slave_id, function_code, address):
        return words[address]

    @server.route(slave_ids=[1], function_codes=[5, 15], addresses=addresses)
    def write_bit(slave_id, function_code, address, value):
        bits[address] = int(bool(value))

    @server.route(slave_ids=[1], function_codes=[6, 16], addresses=addresses)
    def write_word(slave_id, function_code, address, value):
        words[address] = value


@contextlib.asynccontextmanager
async def _in_thread(server, *arguments):
    thread = threading.Thread(target=server.serve_forever, args=arguments, daemon=True)
    thread.start()
    try:
        yield
    finally:
        await asyncio.to_thread(server.shutdown)
        await asyncio.to_thread(thread.join, 5)


@contextlib.asynccontextmanager
async def umodbus_tcp():
    server = get_server(TCPServer, ("127.0.0.1", 0), RequestHandler)
    _route_umodbus(server)
    async with _in_thread(server, 0.05):
        yield f"tcp:127.0.0.1:{server.server_address[1]}"
    server.server_close()


@contextlib.asynccontextmanager
async def umodbus_rtu():
    async with _line() as pump:
        port = serial.Serial(pump.device_port, 115200)
        server = get_serial_server(RTUServer, port)
        _route_umodbus(server)
        async with _in_thread(server, 0.05):
            yield f"rtu:{pump.port}:115200:N:1"
        port.close()
