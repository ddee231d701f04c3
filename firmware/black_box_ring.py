"""A ring of bytes for entries that begin with a key now and then: what is overwritten goes key by key, so that what is
left always begins with one. Numbers are written in as few bytes as they need. Nothing allocates.

The bytes lie in pieces: a heap that has been in use for a while has no large one left.
"""

from array import array

from control.station import ABSENT_AGE_MS

PIECE = 256
_KEYS = 8


class Ring:
    """size: bytes, made a multiple of PIECE. `since`: bytes written since the last key."""

    def __init__(self, size):
        self.pieces = [bytearray(PIECE) for _ in range(size // PIECE)]
        self.size = PIECE * len(self.pieces)
        self._keys = array("i", [0] * _KEYS)  # where the keys begin, oldest first
        self._group = array("i", [0] * 8)
        self.clear()

    def clear(self):
        self.since = self.key_count = 0
        self._head = self._index = self._mask = self._empty = 0

    def bounds(self):
        """(first, end) of what the ring holds; end is below first when it goes over the end of the buffer. A ring
        without a key is empty: (0, 0).
        """
        return (self._keys[0], self._head) if self.key_count else (0, 0)

    def held(self):
        """What the ring holds, the oldest first, in memoryviews of at most PIECE bytes."""
        at, end = self.bounds()
        while at != end:
            start = at % PIECE
            stop = PIECE if end < at or end // PIECE > at // PIECE else end % PIECE
            yield memoryview(self.pieces[at // PIECE])[start:stop]
            at = (at + stop - start) % self.size

    def begin_key(self):
        """What is written next can be read without anything before it."""
        if self.key_count == _KEYS:
            self._drop_oldest()
        self._keys[self.key_count] = self._head
        self.key_count += 1

    def changes(self, values, before, at, drift):
        """values: an array; what is written of it is what has changed against before[at:], which then holds `values`.
        Numbers below ABSENT_AGE_MS are expected to have grown by `drift`. before: None to write `values` themselves.
        Gives the place in `before` after them.

        Eight changes are one byte that says which of them are not 0, and those.
        """
        index, group = self._index, self._group
        for value in values:
            if before is not None:
                expected = before[at]
                before[at] = value
                at += 1
                if expected < ABSENT_AGE_MS:
                    expected += drift
                value ^= expected  # a difference could leave 31 bits, this cannot
            bit = index & 7
            index += 1
            if value:
                group[bit] = value
                self._mask |= 1 << bit
            if bit == 7:
                self._end_group()
        self._index = index
        return at

    def end_changes(self):
        """Fill up the last group."""
        if self._index & 7:
            self._end_group()
        self._flush_empty()
        self._index = 0

    def _end_group(self):
        mask, self._mask = self._mask, 0
        if mask == 0:
            self._empty += 1
            return
        self._flush_empty()
        self.put(mask)
        for bit in range(8):
            if mask >> bit & 1:
                self.number(self._group[bit])

    def _flush_empty(self):
        """Groups without any change: a 0 and how many."""
        if self._empty:
            self.put(0)
            self.number(self._empty)
            self._empty = 0

    def number(self, value):
        """6 bits and the sign, then 7 bits a byte, the lowest first; bit 7: more follow."""
        low = 0
        if value < 0:
            value, low = ~value, 64
        low |= value & 63
        value >>= 6
        while value:
            self.put(low | 128)
            low = value & 127
            value >>= 7
        self.put(low)

    def put(self, byte):
        head = self._head
        self.pieces[head // PIECE][head % PIECE] = byte
        self.since += 1
        head += 1
        if head == self.size:
            head = 0
        self._head = head
        if head == self._keys[0] and self.key_count:
            self._drop_oldest()

    def _drop_oldest(self):
        self.key_count -= 1
        for i in range(self.key_count):
            self._keys[i] = self._keys[i + 1]
