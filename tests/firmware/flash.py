"""A flash chip in RAM whose power can be cut at any write or erase, for tests on a real LittleFS volume."""

_BLOCK, _BLOCKS = 4096, 16


class Flash:
    """A flash chip with LittleFS's extended block interface; the power fails at the write or erase number `cut`."""

    def __init__(self):
        self.data = bytearray(b"\xff" * (_BLOCK * _BLOCKS))
        self.cut = -1
        self.torn = False
        self.operations = 0

    def readblocks(self, block, buffer, offset=0):
        start = block * _BLOCK + offset
        buffer[:] = self.data[start:start + len(buffer)]

    def writeblocks(self, block, buffer, offset=0):
        self.check()
        start = block * _BLOCK + offset
        # The piece that the power cut hits is written to its middle, or not at all.
        self.count(start, buffer[:len(buffer) // 2] if self.torn else b"")
        self.data[start:start + len(buffer)] = buffer

    def ioctl(self, request, argument):
        if request == 4:
            return _BLOCKS
        if request == 5:
            return _BLOCK
        if request == 6:
            self.check()
            start = argument * _BLOCK
            self.count(start, b"\xff" * (_BLOCK // 2) if self.torn else b"")
            self.data[start:start + _BLOCK] = b"\xff" * _BLOCK
            return 0
        return None

    def check(self):
        """Raises OSError without power; allocates nothing more, for a file is also closed when it is collected."""
        if self.cut >= 0 and self.operations > self.cut:
            raise OSError(5)

    def count(self, start, piece):
        if self.operations == self.cut:
            self.data[start:start + len(piece)] = piece
            self.operations += 1
        self.check()  # and every later operation of this power-on
        self.operations += 1
