"""The first bytes of a buffer as a memoryview, made anew only when their number changes: saves two allocations a
request."""


class FirstBytes:
    def __init__(self):
        self._buffer = None
        self._view = None
        self._length = 0

    def of(self, buffer, length: int):
        """buffer[:length], without a copy."""
        if buffer is not self._buffer or length != self._length:
            self._buffer = buffer
            self._length = length
            self._view = memoryview(buffer)[:length]
        return self._view
