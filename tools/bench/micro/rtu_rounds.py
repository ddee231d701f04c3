"""Our RTU client at work, on a board and on the unix port: one request after the other, COUNT registers each, every
answer checked. 8N2: 11 bits a character.
"""

import json

from drivers.modbus.clients import rtu_client
from drivers.modbus.errors import ModbusError
from drivers.modbus.serial_link import SerialLink
from drivers.ticks import ticks_diff, ticks_us


async def measure(open_uart, port, baud, ms, count):
    """Prints one line of JSON: requests, errors, us. open_uart: of the board."""
    client = rtu_client(SerialLink(port, lambda: open_uart(port, baud, "N", 2)), baud, "N", 2)
    await client.open()
    await client.read("bench", 1, 3, 0, count)
    requests = errors = us = 0
    started = ticks_us()
    while us < 1000 * ms:
        try:
            at = await client.read("bench", 1, 3, 0, count)
            if client.rx[at + 2 * count - 1] != count - 1:
                errors += 1
        except ModbusError:
            errors += 1
        requests += 1
        us = ticks_diff(ticks_us(), started)
    client.link.close()
    print(json.dumps({"requests": requests, "errors": errors, "us": us}))
