"""What RTU and TCP have in common: the request of function 3, 4, 6 or 16 put into a buffer, and the answer checked
against it.

A frame on the wire is `head` + PDU + `tail`. The subclasses know head and tail; the PDU is the same on both (MODBUS
Application Protocol V1.1b3).
"""

from drivers.modbus.errors import ExceptionReply, ProtocolError

READ_HOLDING, READ_INPUT, WRITE_SINGLE, WRITE_MULTIPLE = 3, 4, 6, 16
MAX_READ_REGISTERS = 125
MAX_WRITE_REGISTERS = 123
MAX_FRAME = 260  # TCP: 7 + 253; RTU needs 256


class Framer:
    """One request at a time: `request_*` puts it into `tx` and returns its length; `take(have)` looks at `have` bytes
    of `rx`."""

    HEAD = 0

    def __init__(self):
        self.tx = bytearray(MAX_FRAME)
        self.rx = bytearray(MAX_FRAME)
        self.device = ""
        self.unit = 0
        self.function = 0
        self.register = 0
        self.count = 0
        self.reply_bytes = 0  # length of a good answer's frame
        self.reply_pdu_bytes = 0

    def request_read(self, device: str, unit: int, function: int, register: int, count: int) -> int:
        """Length of the frame that reads `count` registers (1 to 125) by function 3 or 4. ValueError when out of
        range."""
        if not READ_HOLDING <= function <= READ_INPUT or not 1 <= count <= MAX_READ_REGISTERS:
            raise ValueError("read: function 3 or 4 and 1 to 125 registers, found %d and %d" % (function, count))
        self._begin(device, unit, function, register, count, 2 + 2 * count)
        self._put(self.HEAD + 3, count)
        return self._seal(self.HEAD + 5)

    def request_write(self, device: str, unit: int, function: int, register: int, words, count: int) -> int:
        """Length of the frame that writes words[0:count] by function 6 (one register) or 16 (1 to 123). ValueError when
        out of range."""
        head = self.HEAD
        if function == WRITE_SINGLE and count == 1:
            self._begin(device, unit, function, register, 1, 5)
            self._put(head + 3, words[0])
            return self._seal(head + 5)
        if function != WRITE_MULTIPLE or not 1 <= count <= MAX_WRITE_REGISTERS:
            text = "write: function 6 with 1 or 16 with 1 to 123 registers, found %d and %d"
            raise ValueError(text % (function, count))
        self._begin(device, unit, function, register, count, 5)
        self._put(head + 3, count)
        self.tx[head + 5] = 2 * count
        for i in range(count):
            self._put(head + 6 + 2 * i, words[i])
        return self._seal(head + 6 + 2 * count)

    def take(self, have: int) -> int:
        """Index in `rx` of the answer's first data byte, 0 while bytes are missing. Raises ExceptionReply, CrcError,
        ProtocolError."""
        raise NotImplementedError

    def missing(self, have: int):
        """The error that describes `have` bytes after which nothing more came."""
        raise NotImplementedError

    def _seal(self, end: int) -> int:
        raise NotImplementedError

    def _begin(self, device, unit, function, register, count, reply_pdu_bytes):
        self.device = device
        self.unit = unit
        self.function = function
        self.register = register
        self.count = count
        self.reply_pdu_bytes = reply_pdu_bytes
        self.tx[self.HEAD] = function
        self._put(self.HEAD + 1, register)

    def _put(self, at, word):
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
        if self.function <= READ_INPUT:
            if rx[at + 1] != 2 * self.count:
                raise self._protocol("byte count %d" % (2 * self.count), rx[at + 1])
            return at + 2
        head = self.HEAD
        for i in range(1, 5):  # a write is acknowledged by its own address and value (6) or count (16)
            if rx[at + i] != self.tx[head + i]:
                raise self._protocol("the echo of the write", "byte %d of it is 0x%02X" % (i, rx[at + i]))
        return at + 1

    def _protocol(self, expected, found):
        return ProtocolError(self.device, self.register, expected, found)
