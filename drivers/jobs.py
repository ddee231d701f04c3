"""What a bus does for a device, one request each: read a block, write a setpoint (`drivers.command`), read one back,
arm a watchdog or start it (`drivers.arming`).

A job says what goes on the wire (`function`, `register`, `count`, `is_write`, `fill`) and takes what comes back:
`replied`, `refused` (an exception reply) or `unanswered`.
"""

from drivers.reading import WHY_REFUSED
from drivers.ticks import ticks_add, ticks_diff, ticks_ms

REFUSALS_TO_GIVE_UP = 3  # some devices refuse a register that they have for a moment (seen on Huawei and Sungrow)
REFUSED_PAUSE_MS = 60000


class Job:
    """fill(words): put what is written into `words`; gives how many registers; called right before a write goes out.
    replied(buf, at, sent_ms, now_ms): the answer to the request sent at `sent_ms` has its data at buf[at:].
    refused(error, now_ms): the device answered with an exception.
    """

    is_write = False
    function = 3
    register = 0
    count = 1
    slow = False  # it may wait for everything else
    done = False
    failures = 0  # exceptions "the device failed" in a row

    def __init__(self, device):
        self.device = device

    def unanswered(self, now_ms: int):
        """No usable answer came."""

    schedule = unanswered  # the job goes out now

    def postponed(self, now_ms: int):
        """The device is busy or has failed; the request is repeated soon. Of a write nobody knows what became of it."""
        self.unanswered(now_ms)


class Block(Job):
    """Registers (or bits) read in one request every `period_ms`, and the fields in them with the readings that they
    fill.

    A block that the device refuses for good three times in a row is not supported: it is asked for once a minute.
    Until then its readings keep their last value and its age, as some devices refuse a register that they have for a
    moment.
    """

    refusals = 0

    def __init__(self, function, register, count, period_ms, slow, fields=(), readings=()):
        self.function = function
        self.register = register
        self.count = count
        self.period_ms = period_ms
        self.slow = slow
        self.fields = fields
        self.readings = readings
        self.due_ms = ticks_ms()

    def schedule(self, now_ms: int):
        """Next time on the block's own grid, or from now on when it is more than a period late."""
        self.due_ms = ticks_add(self.due_ms, self.period_ms)
        if ticks_diff(now_ms, self.due_ms) >= 0:
            self.due_ms = ticks_add(now_ms, self.period_ms)

    def postponed(self, now_ms):
        self.due_ms = now_ms

    def replied(self, buf, at, sent_ms, now_ms):
        if self.refusals:
            self.refusals = 0
        for i in range(len(self.fields)):
            self.fields[i].store(self.readings[i], buf, at, sent_ms)

    def refused(self, error, now_ms):
        self.refusals = self.refusals + 1 if error.is_permanent else 0
        if self.is_unsupported:
            self.due_ms = ticks_add(now_ms, REFUSED_PAUSE_MS)
        if self.is_unsupported or not error.is_permanent:
            for reading in self.readings:
                reading.absent(WHY_REFUSED, error.code)

    @property
    def is_unsupported(self) -> bool:
        return self.refusals >= REFUSALS_TO_GIVE_UP
