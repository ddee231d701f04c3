"""Our Modbus TCP client at work, on MicroPython: `micropython tools/bench/tcp_client.py PORT REQUESTS COUNT`.

Reads COUNT holding registers REQUESTS times, one after the other with time-outs armed, checks every answer, and prints
one line of JSON: requests, errors, us, bytes a request (heap growth with the collector off, over 500 requests),
heap_before and heap_after (bytes in use after a collection, behind the first thousand requests and at the end).
"""

import asyncio
import gc
import json
import sys

from drivers.modbus.clients import tcp_client
from drivers.modbus.errors import ModbusError
from drivers.modbus.tcp_link import TcpLink
from drivers.ticks import ticks_diff, ticks_us

_SAMPLE = 500
_STRETCH = 1000  # ticks in us wrap on boards: the time is taken in stretches


async def measure(port, requests, count):
    client = tcp_client(TcpLink("127.0.0.1", port))
    await client.open()
    rx = client.rx
    errors = 0
    for _ in range(100):
        await client.read("bench", 1, 3, 0, count)
    gc.collect()
    gc.disable()
    before = gc.mem_alloc()
    for _ in range(_SAMPLE):
        await client.read("bench", 1, 3, 0, count)
    heap = gc.mem_alloc() - before
    gc.enable()
    in_use = total_us = done = 0
    while done < requests:
        stretch = min(_STRETCH, requests - done)
        started = ticks_us()
        for _ in range(stretch):
            try:
                at = await client.read("bench", 1, 3, 0, count)
                if rx[at + 2 * count - 1] != count - 1:
                    errors += 1
            except ModbusError:
                errors += 1
                if not client.link.is_open:
                    await client.open()
        total_us += ticks_diff(ticks_us(), started)
        done += stretch
        if not in_use:
            gc.collect()
            in_use = gc.mem_alloc()
    gc.collect()
    at_end = gc.mem_alloc()
    client.link.close()
    result = {"requests": done, "errors": errors, "us": total_us, "bytes": heap // _SAMPLE}
    result["heap_before"], result["heap_after"] = in_use, at_end
    print(json.dumps(result))


if __name__ == "__main__":
    asyncio.run(measure(*[int(each) for each in sys.argv[1:4]]))
