"""What has to be done to a board's flash: pure, from what should be there and what is there.

What changes goes to the board in one piece (a pack, tools/flash_finish.py unpacks it), so that the firmware that was
there stays bootable until all of the new one has been verified. Where the flash has no room for that, it goes in
several packs, and main.py says from the first to the last one that the board is incomplete.
"""

from dataclasses import dataclass

from tools.firmware_image import MAIN_INCOMPLETE, sha256

# Folders whose content is this tool's alone: what does not belong to the build goes.
FOLDERS = ("boards", "control", "drivers", "firmware", "profiles")
# A pack that is being sent, and one that will be unpacked.
PART, UPDATE = "update.part", "update.bin"
# Files of the root that it writes or looks at; keys.json stays as it is unless new keys are given.
FILES = ("main.py", "station.json", "keys.json", PART, UPDATE)
# Left free for the state, the journal and the file system's own blocks.
RESERVE_BYTES = 48 * 1024


@dataclass
class Plan:
    """packs: lists of paths that are sent together, main.py last; none when the board holds everything already.
    stale: files that go. need_bytes, room_bytes: of flash, at the fullest moment."""

    packs: list
    same: list
    stale: list
    need_bytes: int
    room_bytes: int

    @property
    def is_full(self):
        return self.need_bytes > self.room_bytes

    @property
    def changed(self):
        return [path for paths in self.packs for path in paths]


def plan(wanted, found, block, free_blocks) -> Plan:
    """wanted: {path: bytes}, main.py last. found: {path: (size, SHA-256)} of FOLDERS and FILES on the board. block:
    bytes of a flash block; LittleFS gives each file whole ones."""

    def on_flash(size):
        return -(-size // block) * block

    def old_size(path):
        return on_flash(found[path][0]) if path in found else 0

    same = [path for path in wanted if path in found and found[path][1] == sha256(wanted[path])]
    changed = [path for path in wanted if path not in same]
    stale = sorted(path for path in found if path not in wanted and path not in FILES)
    room = free_blocks * block + old_size(PART)
    if not changed and not stale:
        return Plan([], same, stale, 0, room)
    ends_with_main = "main.py" in changed
    changed = [path for path in changed if path != "main.py"]
    new_folders = {_folder(path) for path in changed} - {_folder(path) for path in found}
    # A folder is a pair of blocks. A file has its new blocks before it loses its old ones.
    growth = sum(on_flash(len(wanted[path])) - old_size(path) for path in changed) + 2 * block * len(new_folders)
    largest = max([on_flash(len(wanted[path])) for path in changed] + [block])
    kept = max(growth, 0) + largest + RESERVE_BYTES
    most = (room - kept) // block * block
    packs = _split(wanted, changed, most)
    if most < largest + block:
        return Plan([], same, stale, kept + largest + block, room)
    largest_pack = max(len(pack(wanted, paths, stale)) for paths in packs)
    if ends_with_main or len(packs) > 1:
        packs[-1].append("main.py")
    same = [path for path in same if path not in packs[-1]]
    return Plan(packs, same, stale, kept + on_flash(largest_pack), room)


def pack(wanted, paths, stale=(), is_last=True) -> bytes:
    """One pack: what goes, then the files. One that is not the last of its update brings the mark 'incomplete' as its
    main.py."""
    parts = [f"-{path}\n".encode() for path in stale]
    files = {path: wanted[path] for path in paths}
    if not is_last:
        files["main.py"] = MAIN_INCOMPLETE.encode()
    for path, data in files.items():
        parts += [f"+{path} {len(data)}\n".encode(), data]
    return b"".join(parts)


def _split(wanted, paths, most):
    """The paths in as few lists as packs of at most `most` bytes allow; at least one list."""
    packs, size = [[]], 0
    for path in paths:
        add = len(path) + 16 + len(wanted[path])
        if packs[-1] and size + add > most:
            packs.append([])
            size = 0
        packs[-1].append(path)
        size += add
    return packs


def _folder(path):
    return path.rpartition("/")[0]
