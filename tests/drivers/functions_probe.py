"""One Modbus request after another in a process of its own, on MicroPython or CPython: `functions_probe.py LINK FILE`.

LINK: `tcp:HOST:PORT`, `rtu_tcp:HOST:PORT` or `rtu:PATH:BAUD:PARITY:STOP`. FILE: a JSON list of ["read", function,
register, count], ["write", function, register, words] or ["read_write", register, count, register, words]. Prints a
JSON list with one entry each: the data bytes of a read, [] for an acknowledged write, or the name of the error and its
exception code.
"""

import asyncio
import json
import sys

from drivers.modbus import rare
from drivers.modbus.clients import rtu_tcp_client
from drivers.modbus.errors import ModbusError
from drivers.modbus.tcp_link import TcpLink
from tests.drivers.wire_probe import make_client


async def perform(client, op):
    rx = client.rx
    if op[0] == "read":
        at = await client.read("probe", 1, *op[1:])
        length = 2 * op[3] if op[1] > 2 else (op[3] + 7) // 8
    elif op[0] == "write":
        await client.write("probe", 1, op[1], op[2], op[3], len(op[3]))
        return []
    else:
        at = await client.exchange(rare.read_write(client.framer, "probe", 1, op[1], op[2], op[3], op[4], len(op[4])))
        length = 2 * op[2]
    return list(rx[at : at + length])


async def main(link, ops):
    if link.startswith("rtu_tcp:"):
        _, host, port = link.split(":")
        client = rtu_tcp_client(TcpLink(host, int(port)))
    else:
        client = make_client(link)
    client.timeout_ms = 2000  # the servers of others are not always prompt
    results = []
    for op in ops:
        try:
            if not client.link.is_open:
                await client.open()
            results.append(await perform(client, op))
        except ModbusError as error:
            results.append([type(error).__name__, getattr(error, "code", 0)])
    client.link.close()
    return results


if __name__ == "__main__":
    with open(sys.argv[2]) as file:
        asked = json.load(file)
    print(json.dumps(asyncio.run(main(sys.argv[1], asked))))
