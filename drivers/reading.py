"""A value read from a device: what, when, and how far to trust it."""

ABSENT, GOOD, SUSPECT = 0, 1, 2

# Why a reading is ABSENT: index into the texts of `drivers.reading_texts`.
WHY_NONE, WHY_NEVER_READ, WHY_NOT_IMPLEMENTED, WHY_IMPLAUSIBLE = 0, 1, 2, 3
WHY_UNKNOWN_CODE, WHY_REFUSED, WHY_SILENT = 4, 5, 6


class Reading:
    """The newest value of one quantity of a device.

    value: in the unit of the reading's name. When `quality` is ABSENT it is the last good one and must not be used.
    at_ms: ticks when the request that brought `value` went out.
    quality: ABSENT, GOOD, or SUSPECT: the newest sample could not follow `value`, which stays with its old time.
    why: WHY_* while ABSENT.   found: the register content that made it ABSENT, the value that made it SUSPECT.
    """

    def __init__(self, name: str):
        self.name = name
        self.value = 0
        self.at_ms = 0
        self.quality = ABSENT
        self.why = WHY_NEVER_READ
        self.found = 0

    def good(self, value: int, at_ms: int):
        self.value = value
        self.at_ms = at_ms
        self.quality = GOOD
        self.why = WHY_NONE

    def absent(self, why: int, found: int = 0):
        """The register gave no usable number: the last good value stays where it is and is marked as no value."""
        self.quality = ABSENT
        self.why = why
        self.found = found

    def suspect(self, found: int):
        """The newest sample is not believed: the last good one stays, and grows older. Without a good one: ABSENT."""
        self.found = found
        if self.quality != ABSENT:
            self.quality = SUSPECT
        else:
            self.why = WHY_IMPLAUSIBLE
