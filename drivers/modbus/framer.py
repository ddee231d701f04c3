"""What all framings have in common: the request's PDU put into a buffer, and the answer's PDU checked against it.

A frame on the wire is `head` + PDU + `tail`. The subclasses know head and tail; the PDU is the same on all (MODBUS
Application Protocol V1.1b3): functions 1 to 6, 15, 16, 22 and 23.
"""

from drivers.modbus.errors import ExceptionReply, ProtocolError

MAX_FRAME = 260  # TCP: 7 + 253; RTU needs 256
_SHORT_FRAME = 32  # any request but a long write


class Framer:
    """One request at a time: `request_*` puts it into `tx` and returns its length; `take(have)` looks at `have` bytes
    of `rx`: index in it of the answer's first data byte, 0 while bytes are missing (raises ExceptionReply, CrcError,
    ProtocolError); `missing(have)` is the error that describes `have` bytes after which nothing more came."""

    HEAD = 0
    MATCHES_ANSWERS = False  # the frame itself says which request it answers

    def __init__(self):
        self.tx = bytearray(_SHORT_FRAME)
        self.rx = bytearray(MAX_FRAME)
        self._request = b""
        self.device = ""
        self.unit = 0
        self.function = 0
        self.register = 0
        self.reply_bytes = 0  # length of a good answer's frame
        self.reply_pdu_bytes = 0
        self.data_bytes = 0  # that the answer brings; 0: it is the echo of a write

    def request_read(self, device: str, unit: int, function: int, register: int, count: int) -> int:
        """Length of the frame that reads `count` bits (function 1 or 2, up to 2000) or registers (3 or 4, up to 125).
        ValueError when out of range."""
        if not 1 <= function <= 4 or not 1 <= count <= (2000 if function < 3 else 125):
            text = "function 1 or 2 reads 1 to 2000 bits, 3 or 4 1 to 125 registers, found %d, %d"
            raise ValueError(text % (function, count))
        self.begin(device, unit, function, register)
        self.put(self.HEAD + 3, count)
        return self.end(5, (count + 7) // 8 if function < 3 else 2 * count, 0)

    def request_write(self, device: str, unit: int, function: int, register: int, words, count: int) -> int:
        """Length of the frame that writes words[0:count]: one coil (5), one register (6), coils (15, one entry each, 0
        is off), registers (16), or the AND and the OR mask of a register (22). ValueError when out of range."""
        if function > 6 and function != 16:
            from drivers.modbus import rare

            return rare.write(self, device, unit, function, register, words, count)
        single = function == 5 or function == 6
        if not (single and count == 1) and not (function == 16 and 1 <= count <= 123):
            raise ValueError("function 5 or 6 writes 1, 16 1 to 123 registers, found %d, %d" % (function, count))
        self.begin(device, unit, function, register)
        at = self.HEAD + 3
        if single:
            self.put(at, words[0] if function == 6 else 0xFF00 if words[0] else 0)
            return self.end(5, 0, 5)
        self.put_block(at, words, count)
        return self.end(6 + 2 * count, 0, 5)

    def _seal(self, end: int) -> int:
        raise NotImplementedError

    def request(self, length: int):
        """tx[:length] without a copy; made anew only when it changes, which saves two allocations a request."""
        if length != len(self._request):
            self._request = memoryview(self.tx)[:length]
        return self._request

    def begin(self, device, unit, function, register):
        """Function and address; the rest of the PDU follows, then `end`."""
        self.device = device
        self.unit = unit
        self.function = function
        self.register = register
        self.tx[self.HEAD] = function
        self.put(self.HEAD + 1, register)

    def end(self, pdu_bytes, data_bytes, echo_bytes):
        """The PDU is whole: the frame's length. Its answer has data_bytes, or is the PDU's first echo_bytes."""
        self.data_bytes = data_bytes
        self.reply_pdu_bytes = echo_bytes or 2 + data_bytes
        return self._seal(self.HEAD + pdu_bytes)

    def reserve(self, octets):
        """Room for a longer request than most."""
        if octets > len(self.tx):
            longer = bytearray(MAX_FRAME)
            longer[: len(self.tx)] = self.tx
            self.tx = longer
            self._request = b""  # of the shorter one

    def put_block(self, at, words, count):
        """Count, byte count and words[0:count] at tx[at:]."""
        self.reserve(at + 5 + 2 * count)
        self.put(at, count)
        self.tx[at + 2] = 2 * count
        for i in range(count):
            self.put(at + 3 + 2 * i, words[i])

    def put(self, at, word):
        self.tx[at] = word >> 8 & 0xFF
        self.tx[at + 1] = word & 0xFF

    def _check_pdu(self, at, length) -> int:
        """Data index of the PDU at rx[at:at + length], which the subclass knows to be whole."""
        rx = self.rx
        if rx[at] == self.function | 0x80 and length == 2:
            raise ExceptionReply(self.device, self.register, self.function, rx[at + 1])
        if rx[at] != self.function:
            raise self._protocol("function %d" % self.function, "function %d" % rx[at])
        if length != self.reply_pdu_bytes:
            raise self._protocol("a PDU of %d bytes" % self.reply_pdu_bytes, "one of %d" % length)
        if self.data_bytes:
            if rx[at + 1] != self.data_bytes:
                raise self._protocol("byte count %d" % self.data_bytes, rx[at + 1])
            return at + 2
        head = self.HEAD
        for i in range(1, length):  # a write is acknowledged by its own address and value, count or masks
            if rx[at + i] != self.tx[head + i]:
                raise self._protocol("the echo of the write", "byte %d of it is 0x%02X" % (i, rx[at + i]))
        return at + 1

    def _protocol(self, expected, found):
        return ProtocolError(self.device, self.register, expected, found)
