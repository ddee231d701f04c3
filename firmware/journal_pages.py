"""The journal on flash: two rings of files of PAGE_BYTES, `k<number>` for what is kept longest and `t<number>` for what
is thinned first. Loaded while something lies there.

A file is only appended to (firmware/journal_write.py), and deleted as a whole when the platform has acknowledged all of
it or its ring is full. An entry is a header, its body, and a CRC-32 over both:

    length of the body (2), kind (1), 0 (1), boot (4), number (4), unix s or 0 (4), ticks (4), body, CRC-32 (4)

all little endian. A power cut leaves a file with a damaged end: what is before the damage is used, and nothing is
appended to that file any more. `sent` holds boot and number of the last entry known to be acknowledged when something
was written last; after a restart the entries of a file that was half acknowledged are sent again.
"""

import struct
from binascii import crc32

from firmware.journal import Entry

PAGE_BYTES = 4096
RINGS = "kt"
HEAD = "<HBBIIII"
HEAD_BYTES = 20


class Ring:
    """Files first..last of one ring; `at` is where the oldest entry that was not acknowledged begins in the first,
    `size` what the last holds. first > last: empty."""

    def __init__(self, letter, numbers):
        self.letter = letter
        self.first = min(numbers) if numbers else 1
        self.last = max(numbers) if numbers else 0
        self.at = self.size = 0


def path(journal, ring, number):
    return "%s/%s%d" % (journal.folder, ring.letter, number)


def read(file):
    """(entry, its bytes) from where the file stands; (None, 0) at its end, (None, 1) at damage."""
    head = file.read(HEAD_BYTES)
    if not head:
        return None, 0
    if len(head) < HEAD_BYTES:
        return None, 1
    length, kind, zero, boot, seq, unix_s, at_ms = struct.unpack(HEAD, head)
    rest = file.read(length + 4) if length < PAGE_BYTES else b""
    if len(rest) < length + 4 or zero:
        return None, 1
    if struct.unpack("<I", rest[length:])[0] != crc32(rest[:length], crc32(head)) & 0xFFFFFFFF:
        return None, 1
    return Entry(kind, boot, seq, unix_s, at_ms, rest[:length]), HEAD_BYTES + length + 4


def drop_first(journal, ring):
    """Let go of the oldest file of a ring; it is deleted when files are written (firmware/journal_write.py)."""
    journal.dead.append(path(journal, ring, ring.first))
    ring.first += 1
    ring.at = 0


def oldest(journal):
    """The oldest entry on flash that was not acknowledged, None when there is none."""
    found = None
    for ring in journal.pages:
        entry = _head(journal, ring)
        if entry is not None and (found is None or (entry.boot, entry.seq) < (found.boot, found.seq)):
            found = entry
    drop_empty(journal)
    return found


def _head(journal, ring):
    """The entry at `ring.at`; files that have nothing more to give are let go of."""
    while ring.first <= ring.last:
        try:
            with open(path(journal, ring, ring.first), "rb") as file:
                file.seek(ring.at)
                entry, size = read(file)
        except OSError:
            entry, size = None, 1
        if entry is not None:
            return entry
        journal.damaged += size
        drop_first(journal, ring)
    return None


def acknowledged(journal, entry) -> None:
    for ring in journal.pages:
        head = _head(journal, ring)
        if head is not None and (head.boot, head.seq) == (entry.boot, entry.seq):
            ring.at += HEAD_BYTES + len(entry.body) + 4
            _head(journal, ring)
    drop_empty(journal)


def drop_empty(journal):
    """Forget the rings when nothing is left in them."""
    if not any([ring.first <= ring.last for ring in journal.pages]):
        journal.pages = None
