"""Takes entries of the journal to flash. Loaded for it; firmware/journal_pages.py says what the files are."""

import os
import struct
from binascii import crc32

from firmware.journal import LAST_KEPT
from firmware.journal_pages import HEAD, HEAD_BYTES, PAGE_BYTES, RINGS, Ring, drop_first, path, read
from firmware.state import State


def write(journal, is_due=True) -> None:
    """Delete the files that have nothing more to give and, when it is due, take everything that waits to flash. Raises
    OSError; what was written by then no longer waits."""
    _sweep(journal)
    if not is_due:
        return
    if journal.pages is None:
        try:
            os.mkdir(journal.folder)
        except OSError:  # it is there, or writing will fail and say so
            pass
        journal.pages = [Ring(letter, []) for letter in RINGS]
    if journal.saved != journal.sent:
        sent = State(journal.folder + "/sent", {})
        sent.values = {"boot": journal.sent[0], "seq": journal.sent[1]}
        sent.save()
        journal.saved = journal.sent
    for ring in journal.pages:
        kept = ring.letter == RINGS[0]
        entries = [each for each in journal.waiting if (each.kind <= LAST_KEPT) == kept]
        while entries:
            count = _append(journal, ring, entries)
            for each in entries[:count]:
                journal.waiting.remove(each)
            journal.written += count
            del entries[:count]


def _append(journal, ring, entries):
    """Add as many of the entries as the ring's last file has room for, at least one; gives their count. One by one: in
    the outage that fills the journal there may be no memory for a copy of what waits."""
    if ring.last < ring.first or ring.size + _size(entries[0]) > PAGE_BYTES:
        _next_page(journal, ring)
    size, count = ring.size, 0
    ring.size = PAGE_BYTES  # where writing fails, nothing is put behind what it left
    with open(path(journal, ring, ring.last), "ab") as file:
        while count < len(entries) and (count == 0 or size + _size(entries[count]) <= PAGE_BYTES):
            _put(file, entries[count])
            size += _size(entries[count])
            count += 1
    ring.size = size
    return count


def _size(entry):
    return HEAD_BYTES + len(entry.body) + 4


def _put(file, entry):
    # The ticks of a board fit 31 bits; those of a process do not.
    at_ms = entry.at_ms & 0x7FFFFFFF
    head = struct.pack(HEAD, len(entry.body), entry.kind, 0, entry.boot, entry.seq, entry.unix_s, at_ms)
    file.write(head)
    file.write(entry.body)
    file.write(struct.pack("<I", crc32(entry.body, crc32(head)) & 0xFFFFFFFF))


def _next_page(journal, ring):
    """One more file for a ring. Where there is no room, files of what is thinned go first, all but one; then the ring's
    own oldest."""
    kept, thinned = journal.pages
    spared = 1 if ring is kept else 0
    while _files(kept) + max(_files(thinned), spared) >= journal.most_pages:
        full = thinned if _files(thinned) > spared else kept
        journal.lost += _count(journal, full)
        drop_first(journal, full)
        _sweep(journal)  # its room is needed
    ring.last += 1
    ring.size = 0


def _files(ring):
    return ring.last - ring.first + 1


def _sweep(journal):
    while journal.dead:
        try:
            os.remove(journal.dead.pop())
        except OSError:  # it is not there any more, or flash refuses: it is passed over, and sent again after a restart
            pass


def _count(journal, ring):
    count = 0
    with open(path(journal, ring, ring.first), "rb") as file:
        file.seek(ring.at)
        while read(file)[0] is not None:
            count += 1
    return count
