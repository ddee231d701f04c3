"""What the platform must not miss, kept until it has acknowledged it: alarms, records of a quarter of an hour, samples,
decisions. Everything goes through here, is numbered, and leaves in its order.

While the broker acknowledges, nothing is written: the newest entries wait in memory for some seconds. What is not
acknowledged by then goes to flash (firmware/journal_pages.py, loaded only for that), where two rings of files of fixed
size hold it: one for alarms and records, one for samples and decisions, so that the latter can never push out the
former, but must make room for them. What was given up, a file at a time, is declared: a `gap` names the numbers.

The numbers run from 1 in each boot, so (boot, seq) names an entry for good, and nothing has to be written to count. The
first is a `start`: nothing more of an earlier boot comes after it.
"""

from drivers.ticks import ticks_diff
from firmware.cold import forget

ALARM, RECORD, START, SAMPLE, DECISION = 0, 1, 2, 3, 4
KINDS = ("alarm", "record", "start", "sample", "decision")
LAST_KEPT = START  # kinds up to this go into the ring of what is kept longest

_PATIENCE_MS = 5000  # an alarm or a record that has not been acknowledged by then goes to flash
_COLD = ("firmware.journal_start", "firmware.journal_write", "firmware.journal_pages")
_MOST_WAITING = 2048  # bytes in memory; the rest goes to flash at once


class Entry:
    """unix_s: 0 while the time was not known. body: JSON in bytes."""

    __slots__ = ("kind", "boot", "seq", "unix_s", "at_ms", "body")

    def __init__(self, kind, boot, seq, unix_s, at_ms, body):
        self.kind, self.boot, self.seq = kind, boot, seq
        self.unix_s, self.at_ms, self.body = unix_s, at_ms, body


class Journal:
    """folder: its files lie in `<folder>/journal`. boot: count of starts. clock: Clock. most_pages: files of 4 KB, at
    least 4; None: a quarter of what is free on flash, 4 to 64.

    `written`, `lost`, `damaged`: entries that went to flash, that were given up unsent, files with a damaged rest.
    """

    def __init__(self, folder, boot, clock, now_ms, most_pages=None):
        self.folder = folder + "/journal"
        self.boot, self.most_pages = boot, most_pages
        self.waiting = []
        self.written = self.lost = self.damaged = 0
        self.dead = []  # paths of files that have nothing more to give
        self.pages = None  # of the rings on flash, kept by journal_pages; None: nothing is there
        self.saved = self.sent = (0, 0)  # boot and number of the last entry acknowledged, as on flash and as known
        self._clock = clock
        self._seq = self._bytes = 0
        from firmware.journal_start import recover

        recover(self)
        forget(*_COLD)
        self.add(START, b'{"boot":%d}' % boot, now_ms)

    def add(self, kind: int, body: bytes, now_ms: int) -> int:
        """One more entry with a body of at most 2000 bytes; gives its number. Writes nothing: see tend()."""
        self._seq += 1
        self.waiting.append(Entry(kind, self.boot, self._seq, self._clock.now_s(now_ms) or 0, now_ms, body))
        self._bytes += len(body)
        return self._seq

    def wants_flash(self, now_ms: int) -> bool:
        """Whether tend() would write."""
        return bool(self.dead) or self._is_due(now_ms)

    def tend(self, now_ms: int) -> None:
        """Once a second, out of the cycle: takes to flash what has waited too long, and deletes what is not needed."""
        if self.wants_flash(now_ms):
            try:
                from firmware.journal_write import write

                write(self, self._is_due(now_ms))
            except OSError:
                # Flash refuses: memory is all there is, and it is bounded.
                while self._bytes > _MOST_WAITING:
                    self._give_up()
            self._bytes = sum([len(each.body) for each in self.waiting])
            forget("firmware.journal_write")
        if self.pages is None:
            forget(*_COLD)

    def _is_due(self, now_ms):
        if self._bytes > _MOST_WAITING:
            return True
        for each in self.waiting:
            if each.kind <= LAST_KEPT and ticks_diff(now_ms, each.at_ms) > _PATIENCE_MS:
                return True
        return False

    def _give_up(self):
        at = 0
        for index in range(len(self.waiting)):
            if self.waiting[index].kind > LAST_KEPT:
                at = index
                break
        self._bytes -= len(self.waiting.pop(at).body)
        self.lost += 1

    def oldest(self):
        """The entry whose turn it is, None when everything was acknowledged."""
        found = None
        if self.pages is not None:
            from firmware.journal_pages import oldest

            found = oldest(self)
        if self.waiting:
            first = self.waiting[0]
            if found is None or (first.boot, first.seq) < (found.boot, found.seq):
                return first
        return found

    def gap_before(self, entry):
        """(boot, first number, last number) of what is missing before this entry, None when nothing is."""
        boot, seq = self.sent
        first = seq + 1 if boot == entry.boot else 1
        return (entry.boot, first, entry.seq - 1) if entry.seq > first else None

    def declared(self, gap) -> None:
        """The platform has acknowledged the gap."""
        self.sent = (gap[0], gap[2])

    def acknowledged(self, entry) -> None:
        """The platform has this entry."""
        self.sent = (entry.boot, entry.seq)
        if self.waiting and self.waiting[0].seq == entry.seq and entry.boot == self.boot:
            self._bytes -= len(self.waiting.pop(0).body)
        elif self.pages is not None:
            from firmware.journal_pages import acknowledged

            acknowledged(self, entry)


def message(entry) -> bytes:
    """The entry as it goes out on the `journal` topic."""
    unix = b"%d" % entry.unix_s if entry.unix_s else b"null"
    head = b'{"boot":%d,"seq":%d,"unix_s":%s,"at_ms":%d,"kind":"%s","body":'
    return head % (entry.boot, entry.seq, unix, entry.at_ms, KINDS[entry.kind].encode()) + entry.body + b"}"


def gap_message(gap) -> bytes:
    return b'{"boot":%d,"seq":%d,"to":%d,"kind":"gap"}' % gap
