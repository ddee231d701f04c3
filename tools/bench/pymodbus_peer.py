"""pymodbus in a process of its own: `python -m tools.bench.pymodbus_peer server` or `... client PORT REQUESTS COUNT`.

The client is AsyncModbusTcpClient as its documentation shows it, its time-out armed, one request after the other; it
prints one line of JSON: requests, errors, us. The server holds registers whose content is their number and ends when
its input does.
"""

import asyncio
import json
import sys
import time

import pymodbus
from pymodbus.client import AsyncModbusTcpClient
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice


async def serve():
    device = SimDevice(id=1, simdata=[SimData(0, values=list(range(200)), datatype=DataType.REGISTERS)])
    server = ModbusTcpServer([device], address=("127.0.0.1", 0))
    await server.serve_forever(background=True)
    print(server.transport.sockets[0].getsockname()[1], flush=True)
    await asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
    await server.shutdown()


async def read(port, requests, count):
    client = AsyncModbusTcpClient("127.0.0.1", port=port, timeout=3)
    await client.connect()
    for _ in range(100):
        await client.read_holding_registers(0, count=count, device_id=1)
    errors = 0
    started = time.monotonic_ns()
    for _ in range(requests):
        answer = await client.read_holding_registers(0, count=count, device_id=1)
        if answer.isError() or answer.registers[-1] != count - 1:
            errors += 1
    us = (time.monotonic_ns() - started) // 1000
    client.close()
    print(json.dumps({"requests": requests, "errors": errors, "us": us, "version": pymodbus.__version__}))


if __name__ == "__main__":
    asyncio.run(serve() if sys.argv[1] == "server" else read(*map(int, sys.argv[2:5])))
