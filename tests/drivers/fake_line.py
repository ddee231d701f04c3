"""A line that is a function: what is written to it is answered by fake devices, in memory. Runs on CPython and
MicroPython.

The frames are taken apart and built here by themselves (bitwise CRC), so that a mistake of the framers cannot hide on
both sides.
"""

from drivers.modbus.errors import Closed


def crc(data):
    value = 0xFFFF
    for byte in data:
        value ^= byte
        for _ in range(8):
            value = value >> 1 ^ 0xA001 if value & 1 else value >> 1
    return bytes((value & 0xFF, value >> 8))


class FakeUnit:
    """Registers of one unit. silent: answers nothing; refuse: {(function, register): exception code, or a list of the
    codes of the next requests}. A register that is not 0 reads as a bit that is on."""

    def __init__(self, registers=None, inputs=None):
        self.registers = registers if registers is not None else {}
        self.inputs = inputs if inputs is not None else self.registers
        self.silent = False
        self.mute = False  # obeys, but its answers are lost
        self.refuse = {}
        self.seen = []  # (function, register, count or the words written)

    def answer(self, pdu):
        function, register = pdu[0], pdu[1] << 8 | pdu[2]
        if function in (1, 2, 3, 4, 23):
            what = pdu[3] << 8 | pdu[4]
        elif function in (5, 6):
            what = [pdu[3] << 8 | pdu[4]]
        else:
            what = words_of(pdu)
        self.seen.append((function, register, what))
        if self.silent:
            return None
        code = self.refuse.get((function, register))
        if isinstance(code, list):
            code = code.pop(0) if code else None
        if code is not None:
            return None if self.mute else bytes((function | 0x80, code))
        if function == 23:
            for i in range(pdu[7] << 8 | pdu[8]):
                self.registers[(pdu[5] << 8 | pdu[6]) + i] = pdu[10 + 2 * i] << 8 | pdu[11 + 2 * i]
        if function in (1, 2):
            bank = self.registers if function == 1 else self.inputs
            data = bytearray((what + 7) // 8)
            for i in range(what):
                if bank.get(register + i, 0):
                    data[i >> 3] |= 1 << (i & 7)
            return bytes((function, len(data))) + bytes(data)
        if function in (3, 4, 23):
            bank = self.inputs if function == 4 else self.registers
            data = b""
            for at in range(register, register + what):
                word = bank.get(at, 0)
                data += bytes((word >> 8, word & 0xFF))
            return bytes((function, len(data))) + data
        if function == 22:
            self.registers[register] = self.registers.get(register, 0) & what[0] | what[1] & ~what[0] & 0xFFFF
            return None if self.mute else pdu
        for i, word in enumerate(what):
            self.registers[register + i] = word
        return None if self.mute else pdu[:5]

    def writes(self):
        return [s for s in self.seen if s[0] in (5, 6, 15, 16, 22, 23)]

    def reads(self, register):
        return [s for s in self.seen if s[0] in (3, 4) and s[1] == register]


def words_of(pdu):
    """What a write of function 15, 16 or 22 writes: one entry a coil, one a register, or the two masks."""
    if pdu[0] == 22:
        return [pdu[3] << 8 | pdu[4], pdu[5] << 8 | pdu[6]]
    if pdu[0] == 15:
        return [pdu[6 + (i >> 3)] >> (i & 7) & 1 for i in range(pdu[3] << 8 | pdu[4])]
    return [pdu[i] << 8 | pdu[i + 1] for i in range(6, len(pdu), 2)]


class FakeLine:
    """A link with `units` {unit id: FakeUnit} on it, RTU when `is_serial`, else TCP, with RTU frames when `is_rtu`.

    chunk: bytes per read; before: bytes that ring in front of each answer; mangle(answer) -> bytes sent instead;
    refused: cannot be opened.
    """

    def __init__(self, units, is_serial=True, is_rtu=False):
        self.units = units
        self.is_serial = is_serial
        self.is_rtu = is_serial or is_rtu
        self.is_open = False
        self.refused = False
        self.lost = False  # the next read finds the peer gone
        self.chunk = 999
        self.before = b""
        self.mangle = None
        self.opened = 0
        self.order = []  # unit ids as the requests came
        self._waiting = b""

    async def open(self, timeout_ms):
        if self.refused:
            raise Closed("line", 0, "a connection", "refused")
        self.opened += 1
        self.is_open = True
        self._waiting = b""

    def close(self):
        self.is_open = False
        self._waiting = b""

    def is_sending(self):
        return False

    def stray(self, data):
        """Bytes that come without a request; what finds no room in the receive buffer is lost."""
        if len(self._waiting) < 4096:
            self._waiting += data

    def write(self, frame, length):
        frame = bytes(frame[:length])
        if self.is_rtu:
            assert crc(frame[:-2]) == frame[-2:], "a request with a wrong CRC went out"
            unit, pdu = frame[0], frame[1:-2]
        else:
            assert frame[2:4] == b"\x00\x00" and frame[4] << 8 | frame[5] == length - 6, "a wrong header went out"
            unit, pdu = frame[6], frame[7:]
        self.order.append(unit)
        device = self.units.get(unit)
        answer = device.answer(pdu) if device else None
        if answer is None:
            return
        if self.is_rtu:
            answer = bytes((unit,)) + answer
            answer += crc(answer)
        else:
            answer = frame[:4] + bytes((0, len(answer) + 1, unit)) + answer
        if self.mangle:
            answer = self.mangle(answer)
        self._waiting += self.before + answer

    def read(self, buffer, at):
        if self.lost:
            self.lost = False
            raise Closed("line", 0, "an open connection", "closed by the peer")
        part = self._waiting[: min(self.chunk, len(buffer) - at)]
        self._waiting = self._waiting[len(part) :]
        for i, byte in enumerate(part):
            buffer[at + i] = byte
        return len(part)
