"""A sleep that another task can end early, without allocating at the end that wakes.

`asyncio.Event` with a time-out costs about 1 kB a turn on MicroPython (a task for the wait and one for the time-out). A
sleeping task sits in the loop's queue under its wake-up time, so waking it early is taking it out and putting it back
as due now: the same two steps by which MicroPython's own `Task.cancel()` reaches a sleeping task.
"""

# The board's stubs know neither the branch for CPython nor the queue inside MicroPython's loop.
# pyright: reportAttributeAccessIssue=false

import asyncio

from drivers.ticks import sleep_ms, ticks_diff, ticks_ms

try:
    from asyncio import core as _core

    _queue = _core._task_queue
except (ImportError, AttributeError):  # CPython
    _core = None
    _queue = None


class Sleeper:
    """One sleeping task and any number of wakers, all on the same loop. Not for interrupts or threads."""

    def __init__(self):
        self._task = None
        self._woken = False

    async def sleep(self, delay_ms: int):
        """Sleep `delay_ms`, less when `wake()` is called meanwhile; returns at once when it was called before."""
        if self._woken:
            self._woken = False
            await sleep_ms(0)
            return
        if _queue is None:
            self._task = asyncio.get_running_loop().create_future()
            await asyncio.wait((self._task,), timeout=delay_ms / 1000)
        else:
            self._task = _core.cur_task
            await sleep_ms(delay_ms)
        self._task = None
        self._woken = False

    def wake(self):
        """End the sleep now, or skip the next one."""
        task = self._task
        if task is None or self._woken:
            self._woken = True
            return
        self._woken = True
        if _queue is None:
            if not task.done():
                task.set_result(None)
        elif ticks_diff(task.ph_key, ticks_ms()) > 0:
            _queue.remove(task)
            _queue.push(task)
