"""A device that does not answer as it should: when it counts as gone, and how long it is left alone."""

from drivers.ticks import const, ticks_add, ticks_diff

_SILENT_TO_QUARANTINE = const(3)
_NOISY_TO_QUARANTINE = const(12)  # damaged answers in a row: it is there, but every request costs the others a drain
_BABBLING = const(4)  # an answer after which the line was not quiet counts as so many damaged ones
_PROBE_FIRST_MS = const(2000)
_PROBE_LONGEST_MS = const(300000)
_PROBE_LONGEST_CONTROL_MS = const(10000)  # roles that the cycle cannot do without
_PROBE_ALONE_FIRST_MS = const(250)  # a device alone on its bus slows nobody down
_PROBE_ALONE_LONGEST_MS = const(2000)
_PROBE_BABBLING_FIRST_MS = const(15000)  # each probe costs the others on the line as long as it babbles
# A silent device is sent a new, lower limit out of turn, but not more often than this: a try costs the bus a time-out.
_EARLY_GAP_MS = const(1000)
_EARLY_GAP_ALONE_MS = const(200)
_EARLY_GAP_BABBLING_MS = const(10000)  # while a device babbles nobody on its line is heard


class Trouble:
    """What is remembered of such a device, from the first bad answer to the next good one. alone: no other device
    shares the bus.

    silent, noisy, busy: answers of that kind in a row.   spoils: it shares its line, and the newest request to it set
    it babbling.   is_early: the newest job of a silent device is a decrease out of turn.   probe_ms: of the next probe.
    tried_ms: when it was newly asked in vain.

    Parts of one machine behind one unit id are troubled each by itself: they fall silent together, as it is one
    controller that answers for all of them, but one of them may also be refused by a gateway, or lack its registers.
    """

    silent = noisy = busy = probes = backoff_ms = 0
    spoils = is_early = False

    def __init__(self, alone, now_ms):
        self.alone = alone
        self.probe_ms = self.tried_ms = now_ms

    def count(self, is_silent, babbled) -> bool:
        """Silence or a damaged answer; babbled: the line was quiet before the request and was not afterwards. True when
        the device is to be left alone from now on."""
        if is_silent:
            self.silent += 1
        else:
            self.noisy += _BABBLING if babbled else 1
        self.spoils = babbled and not self.alone
        return self.silent >= _SILENT_TO_QUARANTINE or self.noisy >= _NOISY_TO_QUARANTINE

    def put_off(self, role, now_ms):
        """The next probe, later than after the one before; a decrease out of turn does not change their rhythm."""
        self.noisy = 0
        self.tried_ms = now_ms
        if self.is_early:
            self.is_early = False
            return
        first_ms, longest_ms = _PROBE_FIRST_MS, _PROBE_LONGEST_MS
        if self.alone:
            first_ms, longest_ms = _PROBE_ALONE_FIRST_MS, _PROBE_ALONE_LONGEST_MS
        elif self.spoils:
            first_ms = _PROBE_BABBLING_FIRST_MS
        elif role in ("gun", "meter", "pcs"):
            longest_ms = _PROBE_LONGEST_CONTROL_MS
        self.backoff_ms = min(longest_ms, max(first_ms, 2 * self.backoff_ms))
        self.probe_ms = ticks_add(now_ms, self.backoff_ms)

    def early_ms(self, now_ms) -> int:
        """Time until the device may be sent a decrease out of turn."""
        gap_ms = _EARLY_GAP_ALONE_MS if self.alone else _EARLY_GAP_MS
        if self.spoils:
            gap_ms = _EARLY_GAP_BABBLING_MS
        return gap_ms - ticks_diff(now_ms, self.tried_ms)

    def lost(self, now_ms):
        """The line is gone, perhaps for so long that ticks wrap."""
        self.tried_ms = now_ms
        if ticks_diff(self.probe_ms, now_ms) > _PROBE_LONGEST_MS:
            self.probe_ms = now_ms
