"""Keeps the tasks alive: restarts what fails, and feeds the watchdog only while every critical heartbeat is fresh."""

import asyncio
import sys

from drivers.ticks import const, sleep_ms, ticks_diff, ticks_ms

_CHECK_MS = const(500)
_RESTART_FIRST_MS = const(200)
_RESTART_MAX_MS = const(10000)


class Task:
    """name: for people. start: function that makes the coroutine. heart: object with heartbeat_ms, or None for a
    task that is not critical.

    deadline_ms: the oldest heartbeat with which the watchdog is still fed. running: the asyncio task, None at first.
    """

    def __init__(self, name, start, heart=None, deadline_ms=2000):
        self.name, self.start, self.heart, self.deadline_ms = name, start, heart, deadline_ms
        self.running = None
        self.restarts = 0
        self.last_error = ""

    def is_fresh(self, now_ms):
        return self.heart is None or ticks_diff(now_ms, self.heart.heartbeat_ms) <= self.deadline_ms


class Supervisor:
    """feed: function that feeds the board's watchdog, or None where the board has none."""

    def __init__(self, feed=None):
        self.tasks = []
        self.stalled = ""  # name of the first critical task without a fresh heartbeat
        self.feed = feed
        self.is_interrupted = False  # `run` ends within half a second

    def add(self, name, start, heart=None, deadline_ms=2000):
        task = Task(name, start, heart, deadline_ms)
        self.tasks.append(task)
        return task

    async def run(self):
        """Raises KeyboardInterrupt when the program is to end. The tasks are still there then: MicroPython's go on
        with the loop, CPython's have been cancelled, and `start_tasks` starts them anew."""
        self.start_tasks()
        while not self.is_interrupted:
            await sleep_ms(_CHECK_MS)
            self.check(ticks_ms())
        raise KeyboardInterrupt

    def start_tasks(self):
        """Every task that is not running."""
        for task in self.tasks:
            if task.running is None or task.running.done():
                task.running = asyncio.create_task(self._keep(task))

    def check(self, now_ms):
        """True, and the watchdog fed, when every critical task shows life."""
        self.stalled = ""
        for task in self.tasks:
            if not task.is_fresh(now_ms):
                self.stalled = task.name
                return False
        if self.feed is not None:
            self.feed()
        return True

    async def _keep(self, task):
        pause_ms = _RESTART_FIRST_MS
        while True:
            began_ms = ticks_ms()
            try:
                await task.start()
                task.last_error = "ended"
            except KeyboardInterrupt:
                # MicroPython raises it in whatever runs just then; this task may be needed to end in order.
                self.is_interrupted = True
                continue
            except Exception as error:
                _note(task, error)
                if isinstance(error, MemoryError):  # it passes, and a bus must not stay away for it
                    pause_ms = _RESTART_FIRST_MS
            task.restarts += 1
            if ticks_diff(ticks_ms(), began_ms) > _RESTART_MAX_MS:
                pause_ms = _RESTART_FIRST_MS
            await sleep_ms(pause_ms)
            pause_ms = min(pause_ms * 2, _RESTART_MAX_MS)


def _note(task, error):
    try:
        task.last_error = "%s: %s" % (type(error).__name__, error)
        _print_traceback(error)
    except MemoryError:  # the task is started again all the same
        pass


def _print_traceback(error):
    if hasattr(sys, "print_exception"):
        sys.print_exception(error)
    else:
        import traceback

        traceback.print_exception(error)
