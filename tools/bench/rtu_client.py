"""Our RTU client at work, on MicroPython: `micropython tools/bench/rtu_client.py PATH BAUD SECONDS COUNT`.

Reads COUNT holding registers again and again for SECONDS (8N2, 11 bits a character; a pseudo-terminal keeps no parity),
checks every answer, and prints one line of JSON: requests, errors, us.
"""

import asyncio
import json
import sys

from boards.unix.uart import open_uart
from drivers.modbus.clients import rtu_client
from drivers.modbus.errors import ModbusError
from drivers.modbus.serial_link import SerialLink
from drivers.ticks import ticks_diff, ticks_us


async def measure(path, baud, seconds, count):
    client = rtu_client(SerialLink(path, lambda: open_uart(path, baud, "N", 2)), baud, "N", 2)
    await client.open()
    await client.read("bench", 1, 3, 0, count)
    requests = errors = 0
    started = ticks_us()
    while True:
        try:
            at = await client.read("bench", 1, 3, 0, count)
            if client.rx[at + 2 * count - 1] != count - 1:
                errors += 1
        except ModbusError:
            errors += 1
        requests += 1
        us = ticks_diff(ticks_us(), started)
        if us >= 1000000 * seconds:
            break
    client.link.close()
    print(json.dumps({"requests": requests, "errors": errors, "us": us}))


if __name__ == "__main__":
    asyncio.run(measure(sys.argv[1], *[int(each) for each in sys.argv[2:5]]))
