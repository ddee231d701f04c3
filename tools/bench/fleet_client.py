"""The buses of a station at work beside a 10 ms tick, on MicroPython: `fleet_client.py STATION SECONDS NAMES`.

STATION: a file with `buses` and `devices` (no buses: a bare tick). From the third second on, for SECONDS: how late each
tick begins, and every 100 ms the age of the control reading `power_w` of each device whose id is in the file NAMES; one
that is absent counts as the oldest. Prints one line of JSON: late (histogram of 0.1 ms), ages (of 2 ms), absent
readings, heap_free, quarantined devices, and of the devices that are not in NAMES the requests within SECONDS.
"""

import asyncio
import gc
import json
import sys
from array import array

from boards.unix.uart import open_uart
from drivers.build import build_buses
from drivers.ticks import sleep_ms, ticks_diff, ticks_ms, ticks_us

TICK_US = 10000
LATE_BUCKETS = 1000  # of 0.1 ms
AGE_BUCKETS = 1500  # of 2 ms
START_S = 3
_AGE_EVERY = 10


async def tick(seconds, readings, late, ages):
    """How many readings were absent."""
    absent = 0
    started = ticks_us()
    for n in range(1, seconds * 1000000 // TICK_US + 1):
        # The grid is counted from the start in ms, so that a long run does not wrap.
        wait_us = n * TICK_US - ticks_diff(ticks_us(), started)
        if wait_us > 0:
            await sleep_ms((wait_us + 999) // 1000)
        late_us = max(0, ticks_diff(ticks_us(), started) - n * TICK_US)
        late[min(LATE_BUCKETS - 1, late_us // 100)] += 1
        if n % _AGE_EVERY == 0:
            now = ticks_ms()
            for reading in readings:
                if reading.quality:
                    ages[min(AGE_BUCKETS - 1, max(0, ticks_diff(now, reading.at_ms)) // 2)] += 1
                else:
                    ages[AGE_BUCKETS - 1] += 1
                    absent += 1
    return absent


def histogram(counts):
    """"bucket count bucket count ..." of the buckets that are not empty."""
    text = ""
    for at in range(len(counts)):
        if counts[at]:
            text += f"{at} {counts[at]} "
    return text


async def main(station, seconds, names):
    late = array("H", bytearray(2 * LATE_BUCKETS))
    ages = array("H", bytearray(2 * AGE_BUCKETS))
    gc.collect()
    buses, devices = build_buses(station, open_uart)
    tasks = [asyncio.create_task(bus.run()) for bus in buses]
    readings = [devices[name].readings["power_w"] for name in names]
    await sleep_ms(1000 * START_S)
    gc.collect()
    asked = {name: device.health.requests for name, device in devices.items() if name not in names}
    absent = await tick(seconds, readings, late, ages)
    asked = {name: devices[name].health.requests - before for name, before in asked.items()}
    ended = [task for task in tasks if task.done()]
    if ended:
        raise RuntimeError(f"{len(ended)} of {len(tasks)} buses ended")
    for task in tasks:
        task.cancel()
    gc.collect()
    result = {"absent": absent, "heap_free": gc.mem_free(), "asked": asked}
    result["quarantined"] = [name for name, device in devices.items() if device.health.quarantined]
    await sleep_ms(20)
    del buses, devices, tasks, readings, ended  # room for the texts
    for name, counts in (("late", late), ("ages", ages)):
        gc.collect()
        result[name] = histogram(counts)
    print(json.dumps(result))


if __name__ == "__main__":
    with open(sys.argv[1]) as file:
        content = json.load(file)
    with open(sys.argv[3]) as file:
        healthy = json.load(file)
    asyncio.run(main(content, int(sys.argv[2]), healthy))
