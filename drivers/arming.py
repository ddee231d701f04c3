"""Jobs that bring a device into operation: watchdog and fall-back registers, and a start command. Loaded only where a
profile has them."""

from drivers.jobs import Job
from drivers.ticks import ticks_add, ticks_diff


class Arm(Job):
    """Sets a watchdog or fall-back register, and only when it differs: such registers may live in a memory that wears
    out."""

    def __init__(self, register, function, value, read_function):
        self.register = register
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
    function = 6
    _AGAIN_MS = 5000

    def __init__(self, device):
        self.device = device
        self._value = 0
        self._next_ms = None

    def is_due(self, now_ms: int) -> bool:
        # A time further ahead than it can have been set is one that ticks have wrapped over.
        if self._next_ms is not None and 0 < ticks_diff(self._next_ms, now_ms) <= self._AGAIN_MS:
            return False
        action = self.device.profile.start(self.device)
        if action is None:
            return False
        self.register, self._value = action
        return True

    def fill(self, words):
        words[0] = self._value
        return 1

    def unanswered(self, now_ms):
        self._next_ms = ticks_add(now_ms, self._AGAIN_MS)

    def replied(self, buf, at, sent_ms, now_ms):
        self.unanswered(now_ms)

    def refused(self, error, now_ms):
        self.unanswered(now_ms)
