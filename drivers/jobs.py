"""What a bus does for a device, one request each: read a block, write a setpoint, read one back, arm a watchdog, start
it.

A job says what goes on the wire (`function`, `register`, `count`, `is_write`, `fill`) and takes what comes back:
`replied`, `refused` (an exception reply) or `unanswered`.
"""

from drivers.modbus.framer import WRITE_SINGLE
from drivers.reading import WHY_REFUSED
from drivers.ticks import ticks_add, ticks_diff, ticks_ms

REFUSALS_TO_GIVE_UP = 3  # some devices refuse a register that they have for a moment (seen on Huawei and Sungrow)
REFUSED_PAUSE_MS = 60000


class Job:
    is_write = False
    function = 3
    register = 0
    count = 1

    failures = 0  # exceptions "the device failed" in a row

    def __init__(self, device):
        self.device = device
        self.done = False

    def schedule(self, now_ms: int):
        """The job goes out now."""

    def fill(self, words) -> int:
        """Put what is written into `words`; gives how many registers. Called right before a write goes out."""
        raise NotImplementedError

    def replied(self, buf, at: int, sent_ms: int, now_ms: int):
        """The answer to the request sent at `sent_ms` has its data at buf[at:]."""

    def refused(self, error, now_ms: int):
        """The device answered with an exception."""

    def unanswered(self, now_ms: int):
        """No usable answer came."""

    def postponed(self, now_ms: int):
        """The device is busy or has failed; the request is repeated soon. Of a write nobody knows what became of it."""
        self.unanswered(now_ms)


class Periodic(Job):
    """A read that comes again every `period_ms`. slow: it may wait for everything else."""

    def __init__(self, device, period_ms: int, slow: bool):
        Job.__init__(self, device)
        self.period_ms = period_ms
        self.slow = slow
        self.due_ms = ticks_ms()

    def schedule(self, now_ms: int):
        """Next time on the block's own grid, or from now on when it is more than a period late."""
        self.due_ms = ticks_add(self.due_ms, self.period_ms)
        if ticks_diff(now_ms, self.due_ms) >= 0:
            self.due_ms = ticks_add(now_ms, self.period_ms)

    def postponed(self, now_ms):
        self.due_ms = now_ms


class Block(Periodic):
    """Registers (or bits) read in one request, and the fields in them.

    A block that the device refuses for good three times in a row is not supported: it is asked for once a minute.
    Until then its readings keep their last value and its age, as some devices refuse a register that they have for a
    moment.
    """

    def __init__(self, device, function, register, count, period_ms, slow):
        Periodic.__init__(self, device, period_ms, slow)
        self.function = function
        self.register = register
        self.count = count
        self.fields = []
        self._refusals = 0

    def replied(self, buf, at, sent_ms, now_ms):
        self._refusals = 0
        for field in self.fields:
            field.store(buf, at, sent_ms)

    def refused(self, error, now_ms):
        self._refusals = self._refusals + 1 if error.is_permanent else 0
        if self.is_unsupported:
            self.due_ms = ticks_add(now_ms, REFUSED_PAUSE_MS)
        if self.is_unsupported or not error.is_permanent:
            for field in self.fields:
                field.reading.absent(WHY_REFUSED, error.code)

    @property
    def is_unsupported(self) -> bool:
        return self._refusals >= REFUSALS_TO_GIVE_UP

    def parts(self) -> list:
        """One block for each field, asked for at once: one register that the device lacks must not cost the others.
        Each part has one more try before it counts as unsupported itself."""
        blocks = []
        each_word = 1 if self.function < 3 else 2
        for field in self.fields:
            first, end = field.point.span()
            register = self.register + field.at // each_word + first
            block = Block(self.device, self.function, register, end - first, self.period_ms, self.slow)
            block._refusals = REFUSALS_TO_GIVE_UP - 1
            field.at = -first * each_word
            block.fields.append(field)
            blocks.append(block)
        return blocks


class Arm(Job):
    """Sets a watchdog or fall-back register, and only when it differs: such registers may live in a memory that wears
    out."""

    def __init__(self, device, base, function, register, value, read_function):
        Job.__init__(self, device)
        self.register = base + register
        self.value = value
        self._write_function = function
        self._read_function = read_function
        self.accepted = False
        self.restart()

    def restart(self):
        self.done = False
        self.is_write = not self._read_function
        self.function = self._read_function or self._write_function

    def fill(self, words):
        words[0] = self.value
        return 1

    def replied(self, buf, at, sent_ms, now_ms):
        if self.is_write or buf[at] << 8 | buf[at + 1] == self.value:
            self.accepted = True
            self.done = True
        else:
            self._switch_to_write()

    def refused(self, error, now_ms):
        if self.is_write:
            self.accepted = False
            self.done = True
        else:
            self._switch_to_write()

    def _switch_to_write(self):
        self.is_write = True
        self.function = self._write_function


class Start(Job):
    """Brings the device into operation before its first setpoint, where the profile says how."""

    is_write = True
    function = WRITE_SINGLE
    _AGAIN_MS = 5000

    def __init__(self, device):
        Job.__init__(self, device)
        self._value = 0
        self._next_ms = None

    def is_due(self, now_ms: int) -> bool:
        if self._next_ms is not None and ticks_diff(self._next_ms, now_ms) > 0:
            return False
        action = self.device.profile.start(self.device)
        if action is None:
            return False
        self.register, self._value = action
        return True

    def fill(self, words):
        words[0] = self._value
        return 1

    def replied(self, buf, at, sent_ms, now_ms):
        self._next_ms = ticks_add(now_ms, self._AGAIN_MS)

    def refused(self, error, now_ms):
        self._next_ms = ticks_add(now_ms, self._AGAIN_MS)

    def unanswered(self, now_ms):
        self._next_ms = ticks_add(now_ms, self._AGAIN_MS)
