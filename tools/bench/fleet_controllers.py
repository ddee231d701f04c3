"""Real controllers for a fleet: `python -m tools.bench.fleet_controllers PORT COUNT`.

Each is the firmware on MicroPython with the heap of a board, at a station of its own: devices on their wires, and a
plant in steps of 100 ms, since here nobody judges the power. Prints the names of the stations (JSON) when they run, and
goes when its input ends.
"""

import asyncio
import json
import sys

from firmware import config as station_config
from tools.bench.joined_rig import JoinedRig
from tools.run_world import World
from tools.scenario import DEFAULT_SCENARIO, DEFAULT_STATION, load_scenario

PLAIN_STATION = DEFAULT_STATION.parent / "no_storage.json"
STEP_S = 0.1


def rig(number, port):
    """Every other station is the demo station, the rest have four guns and no storage."""
    file = (DEFAULT_STATION, PLAIN_STATION)[number % 2]
    station = station_config.load(str(file))
    station["station"]["id"] = f"GC-C{number:03}"
    return JoinedRig(station, World(load_scenario(DEFAULT_SCENARIO, file), station), None, port)


async def main(port, count):
    rigs = [rig(number, port) for number in range(count)]
    ended = asyncio.get_running_loop().run_in_executor(None, sys.stdin.buffer.read)
    try:
        for each in rigs:
            await each.start()
            await each.start_controller()
        print(json.dumps([each.station["station"]["id"] for each in rigs]), flush=True)
        while not ended.done():
            for each in rigs:
                each.world.step(STEP_S)
                if not each.controller.running:
                    raise RuntimeError(f"a controller ended: {each.controller.lines[-5:]}")
            await asyncio.sleep(STEP_S)
    finally:
        for each in rigs:
            each.end_of_measurement()
            await each.stop()


if __name__ == "__main__":
    asyncio.run(main(int(sys.argv[1]), int(sys.argv[2])))
