"""Runs on MicroPython: a LittleFS volume with the geometry of a Pico W's flash, in a file, that counts what is
programmed and erased, by the file that was written. Truncating, renaming and deleting count for the directories.
"""

import builtins
import os

import vfs  # pyright: ignore[reportMissingImports]

SECTOR_BYTES, PAGE_BYTES = 4096, 256
DIRECTORIES = "names and directories"
_real_open = open


class Chip:
    """path: of a file as large as the chip. programmed: bytes. erased: sectors."""

    def __init__(self, path):
        self._file = _real_open(path, "r+b")
        self._sectors = os.stat(path)[6] // SECTOR_BYTES
        self.programmed = self.erased = 0

    def readblocks(self, sector, buffer, offset=0):
        self._file.seek(sector * SECTOR_BYTES + offset)
        self._file.readinto(buffer)

    def writeblocks(self, sector, buffer, offset=0):
        self.programmed += len(buffer)
        self._file.seek(sector * SECTOR_BYTES + offset)
        self._file.write(buffer)

    def ioctl(self, operation, argument):
        if operation == 6:
            self.erased += 1
        return {4: self._sectors, 5: SECTOR_BYTES}.get(operation, 0)


class Flash:
    """Mounts the volume, puts `files` of the current folder into it, and goes there. Counts from then on."""

    def __init__(self, path, files):
        self.chip, self._files = Chip(path), {}
        vfs.VfsLfs2.mkfs(self.chip, readsize=32, progsize=PAGE_BYTES, lookahead=32)
        vfs.mount(vfs.VfsLfs2(self.chip, readsize=32, progsize=PAGE_BYTES, lookahead=32), "/flash")
        for name in files:
            with _real_open(name, "rb") as source, _real_open("/flash/" + name, "wb") as target:
                target.write(source.read())
        os.chdir("/flash")
        self.chip.programmed = self.chip.erased = 0
        builtins.open = self.open

    def open(self, path, mode="r", **rest):
        if "w" not in mode and "a" not in mode:
            return _real_open(path, mode, **rest)
        name = path.rsplit("./", 1)[-1]
        name = (name[:-4] if name.endswith(".tmp") else name).rstrip("0123456789")
        return Written(self, name, path, mode)

    def count(self, name, function, *arguments):
        """function(*arguments), and what it has put on the chip is the file's."""
        chip = self.chip
        programmed, erased = chip.programmed, chip.erased
        try:
            return function(*arguments)
        finally:
            entry = self._files.setdefault(name, [0, 0, 0])
            entry[1] += chip.programmed - programmed
            entry[2] += chip.erased - erased

    def wrote(self, name, count):
        self._files.setdefault(name, [0, 0, 0])[0] += count

    def used(self):
        """{file: [bytes that were written, bytes programmed, sectors erased]}."""
        rest = [0, self.chip.programmed, self.chip.erased]
        for each in self._files.values():
            rest[1] -= each[1]
            rest[2] -= each[2]
        found = dict(self._files)
        found[DIRECTORIES] = rest
        return found


class Written:
    """A file that is open for writing."""

    def __init__(self, flash, name, path, mode):
        self._flash, self._name = flash, name
        self._file = flash.count(name, _real_open, path, mode)

    def __enter__(self):
        return self

    def __exit__(self, *_):
        self.close()

    def write(self, data):
        self._flash.wrote(self._name, len(data))
        return self._flash.count(self._name, self._file.write, data)

    def flush(self):
        self._flash.count(self._name, self._file.flush)

    def close(self):
        self._flash.count(self._name, self._file.close)
