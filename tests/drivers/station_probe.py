"""All buses of a station in a process of its own: `station_probe.py STATION SECONDS`.

Reads lines of JSON from the file `STATION.wants` as they are appended: {device id: watts} are wanted from then on;
"device id.setpoint" names one of several setpoints.
Prints the state of all devices as one line of JSON every 100 ms.
"""

# ruff: noqa: E402
import asyncio
import gc
import json
import sys

if hasattr(gc, "threshold"):
    gc.threshold(8192)  # as firmware.main while modules are loaded: the heap stays in one piece

from boards.unix.uart import open_uart
from drivers.build import build_buses
from drivers.ticks import sleep_ms, ticks_diff, ticks_ms


def state(device, now):
    readings = {}
    for name, reading in device.readings.items():
        readings[name] = [reading.value, reading.quality, ticks_diff(now, reading.at_ms) if reading.quality else None]
    setpoints = {}
    for name, s in device.setpoints.items():
        setpoints[name] = {"wanted": s.wanted, "sent": s.sent, "held": s.held, "known": s.held_known, "upper": s.upper}
    health = device.health
    return {
        "alive": device.alive(now),
        "readings": readings,
        "setpoints": setpoints,
        "ok": health.ok,
        "timeouts": health.timeouts,
        "crc_errors": health.crc_errors,
        "exceptions": health.exceptions,
        "protocol_errors": health.protocol_errors,
        "quarantined": health.quarantined,
    }


async def main(path, seconds):
    with open(path) as file:
        config = json.load(file)
    buses, devices = build_buses(config, open_uart)
    tasks = [asyncio.create_task(bus.run()) for bus in buses]
    wants = open(path + ".wants")
    started = ticks_ms()
    while ticks_diff(ticks_ms(), started) < 1000 * seconds:
        for line in wants.readlines():
            for name, watts in json.loads(line).items():
                name, _, setpoint = name.partition(".")
                setpoints = devices[name].setpoints
                setpoints[setpoint or ("power_w" if "power_w" in setpoints else "limit_w")].want(watts)
        now = ticks_ms()
        print(json.dumps({name: state(device, now) for name, device in devices.items()}))
        await sleep_ms(100)
    for task in tasks:
        task.cancel()


if __name__ == "__main__":
    asyncio.run(main(sys.argv[1], float(sys.argv[2])))
