"""Runs on MicroPython: a LittleFS volume with the geometry of a Pico W's flash, in a file, that counts what is
programmed and erased, by the file that was written. Truncating, renaming and deleting count for the directories.
"""

import builtins
import os

import vfs  # pyright: ignore[reportMissingImports]

SECTOR_BYTES, PAGE_BYTES = 4096, 256
DIRECTORIES = "names and directories"
_real_open = open


LFS = {"progsize": PAGE_BYTES}  # as MicroPython mounts the flash of an RP2040


class Chip:
    """path: of a file as large as the chip. programmed: bytes. erases: of each sector; erased: of all."""

    def __init__(self, path):
        self._file = _real_open(path, "r+b")
        self.forget(os.stat(path)[6] // SECTOR_BYTES)

    def forget(self, sectors):
        """Counts from now on."""
        self.erases, self.programmed = [0] * sectors, 0

    @property
    def erased(self):
        return sum(self.erases)

    def readblocks(self, sector, buffer, offset=0):
        self._file.seek(sector * SECTOR_BYTES + offset)
        self._file.readinto(buffer)

    def writeblocks(self, sector, buffer, offset=0):
        self.programmed += len(buffer)
        self._file.seek(sector * SECTOR_BYTES + offset)
        self._file.write(buffer)

    def ioctl(self, operation, argument):
        if operation == 6:
            self.erases[argument] += 1
            self._file.seek(argument * SECTOR_BYTES)
            self._file.write(b"\xff" * SECTOR_BYTES)
        return {4: len(self.erases), 5: SECTOR_BYTES}.get(operation, 0)


def mounted(path, folder):
    """A new volume on the chip that is the file `path`, as it is mounted on a board."""
    chip = Chip(path)
    vfs.VfsLfs2.mkfs(chip, **LFS)
    vfs.mount(vfs.VfsLfs2(chip, **LFS), folder)
    return chip


class Flash:
    """Mounts the volume, puts `files` of the current folder into it, and goes there. Counts from then on."""

    def __init__(self, path, files):
        self.chip, self._files = mounted(path, "/flash"), {}
        for name in files:
            with _real_open(name, "rb") as source, _real_open("/flash/" + name, "wb") as target:
                target.write(source.read())
        os.chdir("/flash")
        self.chip.forget(len(self.chip.erases))
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
