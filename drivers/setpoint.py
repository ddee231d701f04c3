"""A quantity that we command: what is wanted, what is on the wire, and what the device is known to hold."""


class Setpoint:
    """wanted: what control wants now.   sent: value of the last write put on the wire.
    held: value that the device is known to hold (acknowledged write or read-back).   held_known: False until there was
    one.
    upper: largest value that the device may hold: the maximum of `held` and of every write since that was not
    acknowledged; while nothing is known, the device's own maximum.   held_at_ms: ticks of the last acknowledgement or
    read-back.
    has_want: False until the first `want()`; nothing is written before it.
    """

    def __init__(self, name: str, upper: int):
        self.name = name
        self.wanted = 0
        self.has_want = False
        self.sent = 0
        self.held = 0
        self.held_known = False
        self.upper = upper
        self.held_at_ms = 0
        self.sleeper = None  # of the bus that writes it

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
