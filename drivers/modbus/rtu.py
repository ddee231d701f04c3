"""Modbus RTU frames: unit, PDU, CRC low byte first (Modbus over Serial Line V1.02).

What can be on the wire after a request: the answer; the answer behind noise bytes (a direction switch that rings); an
exception; a frame cut short or damaged; the late answer of another unit; or nothing. A frame has no length of its own,
but we know the length that the answer must have, so the answer is searched for: unit, function and byte count must fit
and the CRC must hold. Every start is tried once, so a flooded line costs no more than one look at each byte.
"""

from array import array

from drivers.modbus.errors import CrcError, ExceptionReply, Timeout
from drivers.modbus.framer import Framer
from drivers.ticks import const

_MAX_RTU_FRAME = const(256)
_EXCEPTION_BYTES = const(5)


# CRC-16, polynomial 0xA001 reflected, start 0xFFFF (V1.02, 6.2.2).
def _make_table():
    table = array("H", bytearray(512))
    for value in range(256):
        crc = value
        for _ in range(8):
            crc = crc >> 1 ^ 0xA001 if crc & 1 else crc >> 1
        table[value] = crc
    return table


_TABLE = _make_table()


def crc16(frame, start: int, end: int) -> int:
    """CRC of frame[start:end]; sent low byte first. Over a frame with its CRC it is 0. Allocates nothing."""
    table = _TABLE
    crc = 0xFFFF
    for i in range(start, end):
        crc = crc >> 8 ^ table[(crc ^ frame[i]) & 0xFF]
    return crc


class RtuFramer(Framer):
    HEAD = 1

    def __init__(self):
        Framer.__init__(self)
        self._scan = 0
        self._damaged_at = -1

    def take(self, have: int) -> int:
        rx = self.rx
        at = self._scan
        while have - at >= _EXCEPTION_BYTES:
            if rx[at] == self.unit and rx[at + 1] & 0x7F == self.function:
                if rx[at + 1] & 0x80:
                    if crc16(rx, at, at + _EXCEPTION_BYTES) == 0:
                        raise ExceptionReply(self.device, self.register, self.function, rx[at + 2])
                    self._damaged_at = at
                elif self._fits(at):
                    if have - at < self.reply_bytes:
                        break
                    if crc16(rx, at, at + self.reply_bytes) == 0:
                        return self._check_pdu(at + 1, self.reply_pdu_bytes)
                    self._damaged_at = at
            at += 1
        self._scan = at
        if have >= _MAX_RTU_FRAME:
            raise self._protocol("a frame of %d bytes" % self.reply_bytes, "%d bytes without one" % have)
        return 0

    def missing(self, have: int):
        if have == 0:
            return Timeout(self.device, self.register, "an answer of %d bytes" % self.reply_bytes, "silence")
        at = self._damaged_at
        end = at + self.reply_bytes
        if at < 0 and have >= self.reply_bytes:
            at, end = 0, have
        if at >= 0 and end <= have and crc16(self.rx, at, end) != 0:
            wanted = crc16(self.rx, at, end - 2)
            found = self.rx[end - 2] | self.rx[end - 1] << 8
            return CrcError(self.device, self.register, "CRC 0x%04X" % wanted, "0x%04X" % found)
        return self._protocol(
            "%d bytes from unit %d" % (self.reply_bytes, self.unit), "%d bytes, first 0x%02X" % (have, self.rx[0])
        )

    def _fits(self, at):
        if self.data_bytes:
            return self.rx[at + 2] == self.data_bytes
        return self.rx[at + 2] == self.tx[2] and self.rx[at + 3] == self.tx[3]

    def _seal(self, end):
        tx = self.tx
        tx[0] = self.unit
        crc = crc16(tx, 0, end)
        tx[end] = crc & 0xFF
        tx[end + 1] = crc >> 8
        self.reply_bytes = self.reply_pdu_bytes + 3
        self._scan = 0
        self._damaged_at = -1
        return end + 2
