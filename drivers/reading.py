"""A value read from a device: what, when, and how far to trust it."""

ABSENT, GOOD, SUSPECT = 0, 1, 2

# Why a reading is ABSENT: index into the texts of `drivers.reading_texts`.
WHY_NONE, WHY_NEVER_READ, WHY_NOT_IMPLEMENTED, WHY_IMPLAUSIBLE = 0, 1, 2, 3
WHY_UNKNOWN_CODE, WHY_REFUSED, WHY_SILENT = 4, 5, 6


class Reading:
    """The newest value of one quantity of a device.

    value: in the unit of the reading's name. When `quality` is ABSENT it is the last good one and must not be used.
    at_ms: ticks when the request that brought `value` went out, None before the first.
    quality: ABSENT, GOOD, or SUSPECT: the newest sample could not follow `value`, which stays with its old time.
    why: WHY_* while ABSENT.   found: the register content that made it ABSENT, the value that made it SUSPECT.
    doubt, doubt_ms: the newest sample that was not believed and when it was asked for; None when the newest one was.

    What only a bad sample needs is on the class until one comes: there are forty readings on a small station.
    """

    found = doubt_ms = 0
    doubt: "int | None" = None

    def __init__(self):
        self.value = 0
        self.at_ms: "int | None" = None
        self.quality = ABSENT
        self.why = WHY_NEVER_READ

    def good(self, value: int, at_ms: int):
        self.value = value
        self.at_ms = at_ms
        self.quality = GOOD
        self.why = WHY_NONE
        if self.doubt is not None:
            self.doubt = None

    def absent(self, why: int, found: int = 0):
        """The register gave no usable number: the last good value stays where it is and is marked as no value."""
        self.quality = ABSENT
        self.why = why
        self.found = found

    def suspect(self, found: int, at_ms: int):
        """The newest sample is not believed: the last good one stays, and grows older. Without a good one: ABSENT."""
        self.found = self.doubt = found
        self.doubt_ms = at_ms
        if self.quality != ABSENT:
            self.quality = SUSPECT
        else:
            self.why = WHY_IMPLAUSIBLE
