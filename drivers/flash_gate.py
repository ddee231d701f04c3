"""When a file may be written: on a board an erased flash sector stops every interrupt for 45 ms (typical; 400 ms at
most) and a programmed page for 0.4 ms (3 ms at most; W25Q16JV data sheet, grade A; RP2040: micropython issue 17236). A
UART keeps 32 bytes meanwhile, which is 2.8 ms at 115200 baud.

The station is the master of its serial lines: where it has asked nobody, nobody answers. So whoever writes waits here
for a moment right after a cycle in which no request is under way, and no new one begins until it has written.
"""

from drivers.ticks import const, sleep_ms, ticks_add, ticks_diff, ticks_ms

_LOOK_MS = const(2)


class Gate:
    """Between the serial lines of a station and its files. cycle: whatever has `due_ms` (ticks of the next cycle) and
    `station.cycle_ms`; None: nothing runs yet, and every moment is right.

    on_wire: requests under way, counted by the bus tasks. waiting: writers for whom no request may begin.
    writes, longest_ms: writes so far, and the longest of them. late, late_max_ms: cycles that a write went on into, and
    how far.
    """

    def __init__(self, cycle=None):
        self.cycle = cycle
        self.on_wire = self.waiting = 0
        self.writes = self.longest_ms = self.late = self.late_max_ms = 0
        self._at_ms = 0

    async def after_cycle(self):
        """Returns right after a cycle, when most time is left until the next: for work that takes long, like loading
        a module. Within two cycles in any case."""
        cycle = self.cycle
        if cycle is not None:
            due_ms = cycle.due_ms
            ends_ms = ticks_add(due_ms, cycle.station.cycle_ms)
            while cycle.due_ms == due_ms and ticks_diff(ends_ms, ticks_ms()) > 0:
                await sleep_ms(max(_LOOK_MS, ticks_diff(due_ms, ticks_ms())))

    async def window(self):
        """Returns at a moment in which files may be written: at once, without awaiting anything, and then `done()`. It
        comes within two cycles and the longest request.
        """
        cycle = self.cycle
        if cycle is not None:
            await self.after_cycle()
            # Half a cycle holds two erases; where a request takes longer, the next cycle comes first.
            room_ms = cycle.station.cycle_ms // 2
            self.waiting += 1
            try:
                while self.on_wire or ticks_diff(cycle.due_ms, ticks_ms()) < room_ms:
                    await sleep_ms(_LOOK_MS)
            finally:
                self.waiting -= 1
        self._at_ms = ticks_ms()

    def done(self):
        """What was to be written is written."""
        now_ms = ticks_ms()
        self.writes += 1
        self.longest_ms = max(self.longest_ms, ticks_diff(now_ms, self._at_ms))
        late_ms = 0 if self.cycle is None else ticks_diff(now_ms, self.cycle.due_ms)
        if late_ms > 0:
            self.late += 1
            self.late_max_ms = max(self.late_max_ms, late_ms)
