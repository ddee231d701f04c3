"""What we command: what is wanted, what is on the wire, what the device is known to hold; when to write, and reading it
back."""

from drivers.jobs import REFUSALS_TO_GIVE_UP, REFUSED_PAUSE_MS, Block, Job
from drivers.ticks import const, ticks_add, ticks_diff

NOTHING, DECREASE, INCREASE, REFRESH = 0, 1, 2, 3
_RETRY_REFUSED_MS = const(1000)
_READ_BACK_MS = const(5000)
_NEVER_MS = const((1 << 30) - 1)  # beyond every difference of ticks


class Setpoint:
    """wanted: what control wants now.   sent: value of the last write put on the wire.
    held: value that the device is known to hold (acknowledged write or read-back).   held_known: False until there was
    one.
    upper: largest value that the device may hold: the maximum of `held` and of every write since that was not
    acknowledged; while nothing is known, the device's own maximum.   held_at_ms: ticks of the last acknowledgement or
    read-back.
    has_want: False until the first `want()`; nothing is written before it.
    """

    def __init__(self, upper: int):
        self.wanted = 0
        self.has_want = False
        self.sent = 0
        self.held = 0
        self.held_known = False
        self.upper = upper
        self.held_at_ms = 0
        self.sleeper = None  # its wake() is called: the agenda of the device

    def want(self, value: int):
        """Ask for `value`; the bus does the rest. Allocates nothing."""
        if value != self.wanted or not self.has_want:
            self.wanted = value
            self.has_want = True
            if self.sleeper is not None:
                self.sleeper.wake()

    def acknowledged(self, value: int, now_ms: int):
        """The device confirmed that it holds `value`."""
        self.held = value
        self.upper = value
        self.held_known = True
        self.held_at_ms = now_ms

    def on_the_wire(self, value: int):
        """A write of `value` has gone out and its answer has not come."""
        self.sent = value
        if value > self.upper:
            self.upper = value


class Command(Job):
    """Keeps one setpoint of a device at the wanted value. base: added to the output's register."""

    is_write = True
    _again_ms = None
    _not_before_ms = None  # the next write, where the device needs a pause between two
    _refusals = 0  # for good, in a row

    def __init__(self, device, output, base: int):
        self.device = device
        self.output = output
        self.setpoint = device.setpoints[output.name]
        self.function = output.function
        self.register = base + output.register
        self.refresh_ms = device.profile.refresh_ms(device.params) if output.refresh else _NEVER_MS
        self.since_ms = None  # when the pending increase or refresh became due
        self._raw_held = None  # None: nothing is known, or a write is out whose fate is not
        self._raw_wanted = 0
        self._raw_of = None  # the wanted value that _raw_wanted was made for
        self._raw_sent = None
        self._upper_before = 0

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
            self._look_up()
        if self._again_ms is not None:
            if self._raw_wanted == self._raw_sent and ticks_diff(self._again_ms, now_ms) > 0:
                return NOTHING  # refused a moment ago
            self._again_ms = None
        if setpoint.held_known and self._raw_wanted == self._raw_held:
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
    def has_pause(self) -> bool:
        """Nothing is written for a while, whatever is wanted."""
        return self._not_before_ms is not None or self._again_ms is not None

    @property
    def is_lower_than_sent(self) -> bool:
        """The wanted value is below the newest one that was put on the wire, or none was yet."""
        return self._raw_of is None or self._raw_sent is None or self.setpoint.wanted < self.setpoint.sent

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
        self._look_up()  # what an output makes of a value may depend on what was sent before
        self._raw_sent = self._raw_wanted
        self._upper_before = setpoint.upper
        setpoint.on_the_wire(setpoint.wanted)
        return self.output.put(self.device, self._raw_sent, words)

    def settle(self, now_ms):
        """A write has gone out, whatever came of it."""
        gap_ms = self.device.profile.write_gap_ms
        if gap_ms:
            self._not_before_ms = ticks_add(now_ms, gap_ms)

    def replied(self, buf, at, sent_ms, now_ms):
        self.settle(now_ms)
        if self._refusals:
            self._refusals = 0
        self.setpoint.acknowledged(self.setpoint.sent, now_ms)
        self._raw_held = self._raw_sent
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
        self._raw_held = None

    def was_away(self):
        """The device was out of reach: it is not known what it holds until that is read back or written again."""
        self._raw_held = self.since_ms = self._not_before_ms = self._again_ms = None

    def rescaled(self):
        """A scale factor may have changed: what is wanted becomes another register content."""
        self._raw_of = None

    def read_back(self, raw: int, now_ms: int):
        """The device says that it holds `raw`."""
        self.rescaled()
        if not self.setpoint.held_known or raw != self._raw_held:
            self.setpoint.acknowledged(self.output.to_value(self.device, raw), now_ms)
            self._raw_held = raw

    def _look_up(self):
        """The register content of what is wanted, moved to the end of the device's range where it is outside."""
        output, device, wanted = self.output, self.device, self.setpoint.wanted
        self._raw_of = wanted
        self._raw_wanted = output.to_raw(device, output.clamped(device.params, wanted))


class ReadBack(Block):
    """Reads the setpoint's register: at the start, when the device was away, and now and then (a device may restart
    unseen, or carry out a write that we had given up)."""

    def __init__(self, command: Command):
        output = command.output
        register, count = command.register + output.read_offset, output.read_words or output.words
        Block.__init__(self, output.read_function, register, count, _READ_BACK_MS, True)
        self.command = command

    def restart(self):
        self.done = False

    def replied(self, buf, at, sent_ms, now_ms):
        raw = self.command.output.get(self.command.device, buf, at)
        if raw is None:
            self.command.rescaled()
        else:
            self.command.read_back(raw, now_ms)
        self.done = True

    def refused(self, error, now_ms):
        self.done = True
        if error.is_permanent:
            self.period_ms = REFUSED_PAUSE_MS  # it cannot be read back
