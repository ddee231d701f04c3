# runs on: cpython, micropython
import asyncio

from drivers.ticks import sleep_ms, ticks_diff, ticks_ms
from firmware import cycle as cycle_module
from tests.firmware.rig import Rig


def test_a_halted_cycle_lets_the_others_run_even_where_a_collection_takes_longer_than_a_cycle():
    rig = Rig()
    rig.cycle.halted = True
    turns = []

    class Collector:
        def collect(self):
            began_ms = ticks_ms()
            while ticks_diff(ticks_ms(), began_ms) <= rig.station.cycle_ms:
                pass
            if turns.count("collection") > 2:
                raise SystemExit
            turns.append("collection")

    async def other():
        while True:
            if turns[-1:] == ["collection"]:
                turns.append("other")
            await sleep_ms(0)

    async def both():
        asyncio.create_task(other())
        await rig.cycle.run()

    found, cycle_module.gc = cycle_module.gc, Collector()
    try:
        asyncio.run(both())
    except SystemExit:
        pass
    finally:
        cycle_module.gc = found
    first = turns.index("collection")
    assert "other" in turns[first:], turns[first:]
