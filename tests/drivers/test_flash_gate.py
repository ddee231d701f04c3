# runs on: cpython, micropython
"""Files are written when no answer can be on its way, and right after a cycle."""

import asyncio

from drivers.flash_gate import Gate
from drivers.ticks import sleep_ms, ticks_add, ticks_diff, ticks_ms

CYCLE_MS = 60


class Cycle:
    """`due_ms` moves on every CYCLE_MS, as that of the control cycle does."""

    def __init__(self):
        self.station = self
        self.cycle_ms = CYCLE_MS
        self.due_ms = ticks_add(ticks_ms(), CYCLE_MS)

    async def run(self):
        while True:
            await sleep_ms(1)
            if ticks_diff(self.due_ms, ticks_ms()) <= 0:
                self.due_ms = ticks_add(self.due_ms, CYCLE_MS)


def gate_of_a_station():
    return Gate(Cycle())


def in_a_loop(test):
    asyncio.run(test)


def held(ms):
    """Holds the loop, as a flash write does."""
    until_ms = ticks_add(ticks_ms(), ms)
    while ticks_diff(until_ms, ticks_ms()) > 0:
        pass


def test_before_the_station_runs_every_moment_is_right():
    gate = Gate()

    async def write():
        await gate.window()
        gate.done()

    in_a_loop(write())
    assert gate.writes == 1 and gate.late == 0


def test_a_writer_waits_for_the_request_under_way_and_no_other_begins_meanwhile():
    gate = gate_of_a_station()
    seen = []

    async def line():
        """A bus: requests of 10 ms one after the other, as drivers/bus.py counts them."""
        while True:
            if gate.waiting:
                seen.append("waits")
                await sleep_ms(2)
                continue
            gate.on_wire += 1
            await sleep_ms(10)
            gate.on_wire -= 1
            seen.append("asked")

    async def write():
        tasks = [asyncio.create_task(gate.cycle.run()), asyncio.create_task(line())]
        for _ in range(5):
            await gate.window()
            assert gate.on_wire == 0
            seen.append("wrote")
            gate.done()
        for task in tasks:
            task.cancel()

    in_a_loop(write())
    assert seen.count("wrote") == 5
    # Requests go on between two writes: nobody is kept from the line for longer than it takes.
    places = [at for at in range(len(seen)) if seen[at] == "wrote"]
    assert all(["asked" in seen[a:b] for a, b in zip(places, places[1:])])
    assert gate.waiting == 0


def test_it_begins_in_the_first_half_of_a_cycle_and_the_next_one_is_late_only_when_it_took_longer():
    gate = gate_of_a_station()
    left_ms = []

    async def write(ms):
        task = asyncio.create_task(gate.cycle.run())
        for _ in range(3):
            await gate.window()
            left_ms.append(ticks_diff(gate.cycle.due_ms, ticks_ms()))
            held(ms)
            gate.done()
        task.cancel()

    in_a_loop(write(5))
    assert min(left_ms) >= CYCLE_MS // 2 - 1, left_ms  # the clock may step between the two looks
    assert gate.longest_ms >= 5 and gate.writes == 3
    in_a_loop(write(CYCLE_MS + 20))
    assert gate.late == 3 and gate.late_max_ms >= 20 - 1 and gate.longest_ms >= CYCLE_MS + 20


def test_a_line_that_never_comes_to_rest_in_time_is_held_until_the_cycle_after():
    """A request of a whole cycle, as a silent device takes it."""
    gate = gate_of_a_station()
    order = []

    async def line():
        while True:
            while gate.waiting:
                await sleep_ms(1)
            gate.on_wire += 1
            await sleep_ms(CYCLE_MS)
            gate.on_wire -= 1
            order.append("asked")

    async def write():
        tasks = [asyncio.create_task(gate.cycle.run()), asyncio.create_task(line())]
        await sleep_ms(1)
        await gate.window()
        order.append("wrote")
        assert gate.on_wire == 0
        for task in tasks:
            task.cancel()

    in_a_loop(write())
    assert order[-1] == "wrote" and order.count("asked") <= 3


def test_a_writer_that_is_cancelled_lets_the_lines_go_on():
    gate = gate_of_a_station()
    gate.on_wire = 1

    async def run():
        task = asyncio.create_task(gate.cycle.run())
        writer = asyncio.create_task(gate.window())
        while not gate.waiting:
            await sleep_ms(5)
        writer.cancel()
        try:
            await writer
        except asyncio.CancelledError:
            pass
        task.cancel()

    in_a_loop(run())
    assert gate.waiting == 0
