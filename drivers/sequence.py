"""A setpoint that takes several writes in a fixed order, e.g. mode, direction, power. Loaded only where a profile has
one.
"""

from drivers.command import Command
from drivers.output import ALWAYS, IF_NEGATIVE, IF_POSITIVE, IF_ZERO, MAGNITUDE, RAW, put_words


class Step:
    """One write. function: 5, 6 or 16.   register: 0-based, or offset from the device's base.

    content: a constant, RAW (the output's content for the value), MAGNITUDE (the same without its sign), the name of a
    device parameter (0 when it has none), or a function (device, raw) -> integer.
    words: 1 or 2; low_first: the low word comes first.   when: IF_* of the output's raw content.
    once: not written again while its content is the one that the device acknowledged: for a register in a memory that
    wears out.
    """

    def __init__(self, function, register, content, words=1, low_first=False, when=ALWAYS, once=False):
        self.function = function
        self.register = register
        self.content = content
        self.words = words
        self.low_first = low_first
        self.when = when
        self.once = once

    def value(self, device, raw):
        content = self.content
        if content == RAW:
            return raw
        if content == MAGNITUDE:
            return abs(raw)
        if isinstance(content, str):
            return device.params.get(content) or 0
        return content if isinstance(content, int) else content(device, raw)


class Sequence(Command):
    """The steps count as one command: the device holds the new value when the last one is acknowledged, and may hold
    the old or the new one from the first. A step that fails starts the sequence again."""

    def __init__(self, device, output, base: int):
        Command.__init__(self, device, output, base)
        self._base = base
        self._at = 0  # the step that goes out next
        self._running = False
        self._partly = False  # a step of this run has been acknowledged
        self._known = [None] * len(output.steps)  # content that the device acknowledged, of `once` steps
        self._content = 0

    def restarted(self):
        """The device may have lost what it was told."""
        self._running = False
        for at in range(len(self._known)):
            self._known[at] = None

    def urgency(self, now_ms):
        urgency = Command.urgency(self, now_ms)
        if self._running and self._raw_wanted != self._raw_sent:
            self._running = False  # something else is wanted meanwhile: from the first step again
        return urgency

    def fill(self, words):
        if not self._running:
            Command.fill(self, words)
            self._at = self._next(0)
            self._partly = False
        step = self.output.steps[self._at]
        self.function = step.function
        self.register = self._base + step.register
        self._content = step.value(self.device, self._raw_sent)
        self._running = True
        return put_words(self._content, step.words, step.low_first, words)

    def replied(self, buf, at, sent_ms, now_ms):
        if self.output.steps[self._at].once:
            self._known[self._at] = self._content  # pyright: ignore[reportCallIssue, reportArgumentType]
        following = self._next(self._at + 1)
        if following < len(self.output.steps):
            self.settle(now_ms)
            self._at = following
            self._partly = True
            self._raw_held = None
            return
        self._running = False
        Command.replied(self, buf, at, sent_ms, now_ms)

    def refused(self, error, now_ms):
        upper = self.setpoint.upper
        Command.refused(self, error, now_ms)
        self._running = False
        if self._partly:  # what it holds now is unknown
            self.setpoint.upper = upper
            self._raw_held = None

    def unanswered(self, now_ms):
        self._running = False
        Command.unanswered(self, now_ms)

    def read_back(self, raw, now_ms):
        if not self._running:  # in between it holds neither the old nor the new
            Command.read_back(self, raw, now_ms)

    def _next(self, at):
        """The first step from `at` on that has something to write for the content that is being sent. The last step
        that applies is always written: its answer acknowledges the whole."""
        raw, steps = self._raw_sent, self.output.steps
        sign = IF_ZERO if raw == 0 else IF_POSITIVE if raw > 0 else IF_NEGATIVE
        last = len(steps) - 1
        while last > 0 and not steps[last].when & sign:
            last -= 1
        while at < len(steps):
            step = steps[at]
            if step.when & sign:
                is_known = step.once and self._known[at] == step.value(self.device, raw)
                if not is_known or at == last:
                    return at
            at += 1
        return at
