"""The real-time cycle: snapshot -> control.step() -> commit, every `cycle_ms`, on a grid of instants that is never
moved.

The tick itself is synchronous and allocates nothing. The buses then have a turn, so that what was decided goes out,
before the cycle is recorded and garbage is collected in the slack. Lateness is the actual start minus t0 + n x
cycle_ms. A tick that starts a whole cycle late skips the instants it missed, and they are counted.
"""

import gc
from array import array

from control.reflex import react
from control.step import step
from drivers.ticks import const, sleep_ms, ticks_add, ticks_diff, ticks_ms, ticks_us

_EYE_MS = const(20)
_BUCKETS = const(256)  # one a millisecond of lateness, the last for everything later


class Cycle:
    """`run()` is a supervised task. snapshot.take(now_ms), commit.apply(), stop.poll(now_ms) and box.record(dt_ms) must
    not allocate.
    """

    def __init__(self, station, snapshot, commit, stop):
        self.station = station
        self.count = 0
        self.missed = 0
        self.reflexes = 0  # storage setpoints moved between two cycles
        self.late_max_ms = 0
        self.step_us_max = 0
        self.heartbeat_ms = ticks_ms()
        self._late = array("i", [0] * _BUCKETS)
        self._snapshot, self._commit, self._stop = snapshot, commit, stop
        self.box = None
        self.halted = False  # nothing is decided any more: firmware/safe_stop.py has the last word
        self._last_ms = 0
        self.due_ms = self.heartbeat_ms  # ticks at which the next cycle begins

    async def run(self):
        cycle_ms = self.station.cycle_ms
        self.due_ms = ticks_add(ticks_ms(), cycle_ms)
        self._last_ms = ticks_ms()
        while True:
            await self._wait(self.due_ms)
            now_ms = ticks_ms()
            late_ms = ticks_diff(now_ms, self.due_ms)
            if late_ms < 0:
                continue
            if self.halted:
                await sleep_ms(0)  # where the collection takes a cycle, the wait above lets nobody else run
            else:
                self._note(late_ms)
                dt_ms = self.tick(now_ms)
                await sleep_ms(0)
                if self.box is not None:
                    self.box.record(dt_ms)
            gc.collect()
            skipped = late_ms // cycle_ms
            self.missed += skipped
            self.due_ms = ticks_add(self.due_ms, cycle_ms * (1 + skipped))

    async def _wait(self, due_ms):
        """Until the cycle is due, with an eye on the meter."""
        left_ms = ticks_diff(due_ms, ticks_ms())
        while left_ms > 0:
            await sleep_ms(min(left_ms, _EYE_MS))
            left_ms = ticks_diff(due_ms, ticks_ms())
            if left_ms > 0 and not self.halted and self._snapshot.new_grid_sample():
                self.react()

    def attach(self, box):
        """From now on every cycle and reflex is recorded. box: BlackBox."""
        self.box = box

    def react(self):
        """A meter sample between two cycles. Allocates nothing."""
        if react(self.station, self._snapshot.grid_w):
            self.reflexes += 1
            self._commit.apply_storage()
        if self.box is not None:
            self.box.record_reflex(self._snapshot.grid_w)

    def tick(self, now_ms):
        """One cycle; gives the ms since the one before. Allocates nothing (proved with heap_lock in the tests)."""
        started_us = ticks_us()
        self._stop.poll(now_ms)
        self._snapshot.take(now_ms)
        dt_ms = ticks_diff(now_ms, self._last_ms)
        step(self.station, dt_ms)
        self._commit.apply()
        self._last_ms = now_ms
        self.count += 1
        self.heartbeat_ms = now_ms
        spent_us = ticks_diff(ticks_us(), started_us)
        if spent_us > self.step_us_max:
            self.step_us_max = spent_us
        return dt_ms

    def _note(self, late_ms):
        self._late[min(late_ms, _BUCKETS - 1)] += 1
        if late_ms > self.late_max_ms:
            self.late_max_ms = late_ms

    def late_ms_at(self, permille):
        """Lateness in ms that `permille` of the ticks so far did not exceed (256 ms and more count as 255)."""
        wanted = (self.count * permille + 999) // 1000
        seen = 0
        for late_ms in range(_BUCKETS):
            seen += self._late[late_ms]
            if seen >= wanted:
                return late_ms
        return _BUCKETS - 1
