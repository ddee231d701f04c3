"""Keeping one setpoint of a device at what is wanted: when to write, what the device may hold, reading it back."""

from drivers.jobs import REFUSED_PAUSE_MS, Job, Periodic
from drivers.ticks import ticks_add, ticks_diff

NOTHING, DECREASE, INCREASE, REFRESH = 0, 1, 2, 3
_RETRY_REFUSED_MS = 1000
_READ_BACK_MS = 5000


class Command(Job):
    """Keeps one setpoint of a device at the wanted value."""

    is_write = True

    def __init__(self, device, output, base: int):
        Job.__init__(self, device)
        self.output = output
        self.setpoint = device.setpoints[output.name]
        self.function = output.function
        self.register = base + output.register
        self.refresh_ms = device.profile.refresh_ms(device.params)
        self.low, self.high = output.limits(device.params)
        self.since_ms = None  # when the pending increase or refresh became due
        self._raw_held = None
        self._raw_wanted = 0
        self._raw_of = None  # the wanted value that _raw_wanted was made for
        self._unsettled = False  # a write is out whose fate is not known
        self._value_sent = None
        self._raw_sent = 0
        self._upper_before = 0
        self._again_ms = None

    def urgency(self, now_ms: int) -> int:
        """What the setpoint needs now: NOTHING, DECREASE (at once), INCREASE or REFRESH. Allocates nothing."""
        setpoint = self.setpoint
        if not setpoint.has_want:
            return NOTHING
        if self._raw_of != setpoint.wanted:
            self._raw_of = setpoint.wanted
            self._raw_wanted = self.output.to_raw(self.device, self._clamped(setpoint.wanted))
        if self._again_ms is not None:
            if self._raw_wanted == self._raw_sent and ticks_diff(self._again_ms, now_ms) > 0:
                return NOTHING  # refused a moment ago
            self._again_ms = None
        if setpoint.held_known and not self._unsettled and self._raw_wanted == self._raw_held:
            if setpoint.held != setpoint.wanted:  # the same step of the register
                setpoint.held = setpoint.upper = setpoint.wanted
            if ticks_diff(now_ms, setpoint.held_at_ms) < self.refresh_ms:
                self.since_ms = None
                return NOTHING
            urgency = REFRESH
        else:
            urgency = DECREASE if setpoint.wanted < setpoint.upper else INCREASE
        if self.since_ms is None:
            self.since_ms = now_ms
        return urgency

    @property
    def is_lower_than_sent(self) -> bool:
        """The wanted value is below the newest one that was put on the wire, or none was yet."""
        return self._raw_of is None or self._value_sent is None or self.setpoint.wanted < self._value_sent

    def idle_ms(self, now_ms: int) -> int:
        """Time until `urgency` can change by itself."""
        if not self.setpoint.has_want:
            return 1000
        if self._again_ms is not None:
            return ticks_diff(self._again_ms, now_ms)
        return self.refresh_ms - ticks_diff(now_ms, self.setpoint.held_at_ms)

    def fill(self, words):
        setpoint = self.setpoint
        self._value_sent = setpoint.wanted
        self._raw_sent = self.output.to_raw(self.device, self._clamped(setpoint.wanted))
        self._upper_before = setpoint.upper
        setpoint.on_the_wire(setpoint.wanted)
        return self.output.put(self.device, self._raw_sent, words)

    def replied(self, buf, at, sent_ms, now_ms):
        self.setpoint.acknowledged(self._value_sent, now_ms)
        self._raw_held = self._raw_sent
        self._unsettled = False
        self.since_ms = None

    def refused(self, error, now_ms):
        """The device holds what it held; asking again at once would only load the bus."""
        self.setpoint.upper = self._upper_before
        self._again_ms = ticks_add(now_ms, _RETRY_REFUSED_MS)

    def unanswered(self, now_ms):
        self._unsettled = True

    def read_back(self, raw: int, now_ms: int):
        """The device says that it holds `raw`."""
        self._raw_of = None  # a scale factor may have come with it
        if self.setpoint.held_known and not self._unsettled and raw == self._raw_held:
            return
        self.setpoint.acknowledged(self.output.to_value(self.device, raw), now_ms)
        self._raw_held = raw
        self._unsettled = False

    def _clamped(self, value):
        return max(self.low, min(self.high, value))


class ReadBack(Periodic):
    """Reads the setpoint's register: at the start, when the device was away, and now and then (a device may restart
    unseen, or carry out a write that we had given up)."""

    def __init__(self, device, command: Command):
        Periodic.__init__(self, device, _READ_BACK_MS, True)
        self.command = command
        output = command.output
        self.function = output.read_function
        self.register = command.register + output.read_offset
        self.count = output.read_words or output.words

    def replied(self, buf, at, sent_ms, now_ms):
        raw = self.command.output.get(self.device, buf, at)
        if raw is not None:
            self.command.read_back(raw, now_ms)
        self.done = True

    def refused(self, error, now_ms):
        self.done = True
        if error.is_permanent:
            self.period_ms = REFUSED_PAUSE_MS  # it cannot be read back
