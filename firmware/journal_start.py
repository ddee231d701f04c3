"""What the journal finds on flash after a restart. Needed once, at the start."""

import os

from firmware.journal_pages import PAGE_BYTES, RINGS, Ring, drop_empty, path, read
from firmware.state import State

_LEAST_PAGES, _MOST_PAGES = 4, 64


def recover(journal) -> None:
    """Takes up the files that are there. Never raises; a folder that cannot be read is an empty one."""
    if journal.most_pages is None:
        journal.most_pages = _pages_for(journal.folder[: journal.folder.rfind("/")], journal.folder)
    try:
        names = os.listdir(journal.folder)
    except OSError:
        return
    sent = State(journal.folder + "/sent", {"boot": 0, "seq": 0})
    sent.load()
    journal.sent = journal.saved = (sent.values["boot"], sent.values["seq"])
    journal.pages = []
    for letter in RINGS:
        ring = Ring(letter, [int(name[1:]) for name in names if name[0] == letter and name[1:].isdigit()])
        if ring.last >= ring.first:
            ring.size = _sound_bytes(journal, ring)
        journal.pages.append(ring)
    drop_empty(journal)


def _pages_for(folder, own):
    """Three quarters of what is free or taken by the journal itself: a restart in an outage must not make it smaller.
    A day's alarms and records fill 52 KB at a station of six guns (`make bench-mqtt`)."""
    try:
        numbers = os.statvfs(folder)
    except (OSError, AttributeError):
        return _LEAST_PAGES
    try:
        pages = len(os.listdir(own))
    except OSError:
        pages = 0
    pages += numbers[0] * numbers[3] // PAGE_BYTES
    return max(_LEAST_PAGES, min(_MOST_PAGES, pages * 3 // 4))


def _sound_bytes(journal, ring):
    """Size of the last file; PAGE_BYTES when its end is damaged, so that nothing is added behind the damage."""
    at = 0
    with open(path(journal, ring, ring.last), "rb") as file:
        while True:
            entry, size = read(file)
            if entry is None:
                return PAGE_BYTES if size else at
            at += size
