# runs on: cpython, micropython
import asyncio

from drivers.sleeper import Sleeper
from drivers.ticks import sleep_ms, ticks_add, ticks_diff, ticks_ms, wait_for_ms


def test_a_sleep_ends_by_itself():
    async def main():
        started = ticks_ms()
        await Sleeper().sleep(30)
        assert 28 <= ticks_diff(ticks_ms(), started) < 300

    asyncio.run(main())


def test_a_sleep_is_ended_early_and_the_next_one_is_not():
    async def main():
        sleeper = Sleeper()
        woken = []

        async def sleep():
            await sleeper.sleep(5000)
            woken.append(ticks_ms())
            await sleeper.sleep(40)
            woken.append(ticks_ms())

        task = asyncio.create_task(sleep())
        await sleep_ms(20)
        started = ticks_ms()
        for _ in range(3):
            sleeper.wake()
        await task
        assert ticks_diff(woken[0], started) < 100
        assert ticks_diff(woken[1], woken[0]) >= 38

    asyncio.run(main())


def test_a_wake_before_the_sleep_is_not_lost():
    async def main():
        sleeper = Sleeper()
        sleeper.wake()
        started = ticks_ms()
        await sleeper.sleep(5000)
        assert ticks_diff(ticks_ms(), started) < 100

    asyncio.run(main())


def test_a_wake_beside_a_cancellation_does_no_harm():
    async def main():
        sleeper = Sleeper()

        async def sleep():
            await sleeper.sleep(5000)

        for wake_first in (True, False):
            task = asyncio.create_task(sleep())
            await sleep_ms(5)
            if wake_first:
                sleeper.wake()
                task.cancel()
            else:
                task.cancel()
                sleeper.wake()
            try:
                await task
            except asyncio.CancelledError:
                pass
            await sleep_ms(5)
        started = ticks_ms()
        sleeper.wake()
        await sleeper.sleep(10)
        await sleeper.sleep(10)
        assert ticks_diff(ticks_ms(), started) < 500

    asyncio.run(main())


def test_ticks_are_compared_across_the_wrap():
    last = (1 << 30) - 1
    if ticks_add(last, 1) == 0:  # a runtime whose ticks wrap where boards wrap
        assert ticks_diff(5, last) == 6 and ticks_diff(last, 5) == -6
    assert ticks_diff(ticks_add(100, 50), 100) == 50 and ticks_diff(ticks_add(100, -500), 100) == -500


def test_waiting_has_a_limit():
    async def main():
        async def long():
            await sleep_ms(2000)

        try:
            await wait_for_ms(long(), 10)
        except asyncio.TimeoutError:
            return
        raise AssertionError("no time-out")

    asyncio.run(main())
