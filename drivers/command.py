"""Keeping one setpoint of a device at what is wanted: when to write, what the device may hold, reading it back."""

from drivers.jobs import REFUSALS_TO_GIVE_UP, REFUSED_PAUSE_MS, Job, Periodic
from drivers.ticks import ticks_add, ticks_diff

NOTHING, DECREASE, INCREASE, REFRESH = 0, 1, 2, 3
_RETRY_REFUSED_MS = 1000
_READ_BACK_MS = 5000
_NEVER_MS = (1 << 30) - 1  # beyond every difference of ticks


class Command(Job):
    """Keeps one setpoint of a device at the wanted value."""

    is_write = True

    def __init__(self, device, output, base: int):
        Job.__init__(self, device)
        self.output = output
        self.setpoint = device.setpoints[output.name]
        self.function = output.function
        self.register = base + output.register
        self.refresh_ms = device.profile.refresh_ms(device.params) if output.refresh else _NEVER_MS
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
        self._refusals = 0  # for good, in a row
        self._write_gap_ms = device.profile.write_gap_ms
        self._not_before_ms = None  # the next write, where the device needs a pause between two

    def urgency(self, now_ms: int) -> int:
        """What the setpoint needs now: NOTHING, DECREASE (at once), INCREASE or REFRESH. Allocates nothing."""
        setpoint = self.setpoint
        if not setpoint.has_want:
            return NOTHING
        if self._not_before_ms is not None:
            if ticks_diff(self._not_before_ms, now_ms) > 0:
                return NOTHING
            self._not_before_ms = None
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
        if self._not_before_ms is not None:
            return ticks_diff(self._not_before_ms, now_ms)
        if self._again_ms is not None:
            return ticks_diff(self._again_ms, now_ms)
        return self.refresh_ms - ticks_diff(now_ms, self.setpoint.held_at_ms)

    def fill(self, words):
        setpoint = self.setpoint
        self._value_sent = setpoint.wanted
        self._raw_sent = self.output.to_raw(self.device, self._clamped(setpoint.wanted))
        self._raw_of = setpoint.wanted
        self._raw_wanted = self._raw_sent  # what an output makes of a value may depend on what was sent before
        self._upper_before = setpoint.upper
        setpoint.on_the_wire(setpoint.wanted)
        return self.output.put(self.device, self._raw_sent, words)

    def settle(self, now_ms):
        """A write has gone out, whatever came of it."""
        if self._write_gap_ms:
            self._not_before_ms = ticks_add(now_ms, self._write_gap_ms)

    def replied(self, buf, at, sent_ms, now_ms):
        self.settle(now_ms)
        self._refusals = 0
        self.setpoint.acknowledged(self._value_sent, now_ms)
        self._raw_held = self._raw_sent
        self._unsettled = False
        self.since_ms = None

    def refused(self, error, now_ms):
        """The device holds what it held; asking again at once would only load the bus."""
        self.settle(now_ms)
        self.setpoint.upper = self._upper_before
        self._refusals = self._refusals + 1 if error.is_permanent else 0
        pause_ms = _RETRY_REFUSED_MS if self._refusals < REFUSALS_TO_GIVE_UP else REFUSED_PAUSE_MS
        self._again_ms = ticks_add(now_ms, pause_ms)  # another value goes out at once

    def unanswered(self, now_ms):
        self.settle(now_ms)
        self._unsettled = True

    def rescaled(self):
        """A scale factor may have changed: what is wanted becomes another register content."""
        self._raw_of = None

    def read_back(self, raw: int, now_ms: int):
        """The device says that it holds `raw`."""
        self.rescaled()
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
        if raw is None:
            self.command.rescaled()
        else:
            self.command.read_back(raw, now_ms)
        self.done = True

    def refused(self, error, now_ms):
        self.done = True
        if error.is_permanent:
            self.period_ms = REFUSED_PAUSE_MS  # it cannot be read back
