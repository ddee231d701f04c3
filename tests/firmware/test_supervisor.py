# runs on: cpython, micropython
import asyncio

from drivers.ticks import sleep_ms, ticks_diff, ticks_ms
from firmware.supervisor import Supervisor


class Heart:
    def __init__(self, heartbeat_ms):
        self.heartbeat_ms = heartbeat_ms


def test_a_task_that_fails_is_started_again():
    starts = []

    async def fails():
        starts.append(1)
        raise ValueError("broken on purpose: this traceback is expected")

    async def main():
        supervisor = Supervisor()
        task = supervisor.add("fails", fails)
        runner = asyncio.create_task(supervisor.run())
        while len(starts) < 2:
            await sleep_ms(20)
        runner.cancel()
        return task

    task = asyncio.run(main())
    assert task.restarts >= 1
    assert "broken on purpose" in task.last_error


def test_a_task_outlives_an_end_of_memory_even_of_that_for_its_error_and_is_back_soon():
    starts = []

    class Starved(MemoryError):
        def __str__(self):
            raise MemoryError

    async def starves():
        starts.append(ticks_ms())
        raise Starved

    async def main():
        supervisor = Supervisor()
        supervisor.add("starves", starves)
        runner = asyncio.create_task(supervisor.run())
        while len(starts) < 5:
            await sleep_ms(20)
        runner.cancel()

    asyncio.run(main())
    # four pauses of 200 ms; pauses that double would take 3 s
    assert ticks_diff(starts[4], starts[0]) < 2500


def test_the_watchdog_is_fed_only_while_every_critical_heart_beats():
    fed = []
    supervisor = Supervisor(lambda: fed.append(1))
    now_ms = ticks_ms()
    alive, late = Heart(now_ms), Heart(now_ms)
    supervisor.add("cycle", None, alive, 1000)
    supervisor.add("bus", None, late, 1000)
    supervisor.add("mqtt", None)
    assert supervisor.check(now_ms + 500) and fed == [1]
    alive.heartbeat_ms = now_ms + 1500
    assert not supervisor.check(now_ms + 1500)
    assert supervisor.stalled == "bus" and fed == [1]
