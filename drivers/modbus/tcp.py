"""Modbus TCP frames: transaction id, protocol id 0, length, unit, PDU (MODBUS Messaging on TCP/IP V1.0b).

The transaction id counts up and wraps at 2^16. An answer with another id belongs to a request that was given up: the
connection can no longer be trusted and the client closes it.
"""

from drivers.modbus.errors import Timeout
from drivers.modbus.framer import Framer

_HEADER_BYTES = 6


class TcpFramer(Framer):
    HEAD = 7
    MATCHES_ANSWERS = True

    def __init__(self, transaction: int = 0):
        Framer.__init__(self)
        self.transaction = transaction & 0xFFFF

    def take(self, have: int) -> int:
        if have < _HEADER_BYTES:
            return 0
        rx = self.rx
        length = rx[4] << 8 | rx[5]
        if rx[2] or rx[3]:
            raise self._protocol("protocol id 0", rx[2] << 8 | rx[3])
        if not 3 <= length <= 254:
            raise self._protocol("a length of 3 to 254", length)
        end = _HEADER_BYTES + length
        if have < end:
            return 0
        if have > end:
            raise self._protocol("one answer of %d bytes" % end, "%d bytes" % have)
        transaction = rx[0] << 8 | rx[1]
        if transaction != self.transaction:
            raise self._protocol("transaction %d" % self.transaction, transaction)
        if rx[6] != self.unit:
            raise self._protocol("unit %d" % self.unit, rx[6])
        return self._check_pdu(7, length - 1)

    def missing(self, have: int):
        if have == 0:
            return Timeout(self.device, self.register, "an answer of %d bytes" % self.reply_bytes, "silence")
        return self._protocol("an answer of %d bytes" % self.reply_bytes, "only %d bytes" % have)

    def _seal(self, end):
        self.transaction = (self.transaction + 1) & 0xFFFF
        tx = self.tx
        length = end - _HEADER_BYTES
        tx[0] = self.transaction >> 8
        tx[1] = self.transaction & 0xFF
        tx[2] = tx[3] = 0
        tx[4] = length >> 8
        tx[5] = length & 0xFF
        tx[6] = self.unit
        self.reply_bytes = 7 + self.reply_pdu_bytes
        return end
