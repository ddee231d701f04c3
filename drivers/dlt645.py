"""DL/T 645-2007: the frames by which Chinese energy meters are read, as a framer for the client of our Modbus lines. A
data identifier (DI) takes the place of a register, a number of bytes that of a number of registers. Loaded only where a
bus is of this kind.

    FE FE FE FE  68  A0 .. A5  68  C  L  data  CS  16

Address in BCD, lowest pair of digits first; data bytes are sent with 0x33 added; CS is the sum of everything from the
first 68 on (standard from general knowledge, grade D; checked against the `dlt645` package).
"""

from drivers.modbus.client import Client
from drivers.modbus.clients import character_us
from drivers.modbus.errors import CrcError, ExceptionReply, Timeout
from drivers.modbus.framer import MAX_FRAME, Framer

READ = 0x11  # as a profile's "function"
TIMEOUT_MS = 600  # a meter may take 500 ms to answer
_GAP_US = 50000  # silence before a request; with it a frame may have holes of 70 ms
_WAKE, _START, _END = 0xFE, 0x68, 0x16
_WAKES = 4
_OFFSET = 0x33
_DI_BYTES = 4
_AROUND = 12  # two starts, address, C, L, CS and end
_READ_REPLY, _READ_REPLY_MORE, _ERROR_REPLY = 0x91, 0xB1, 0xD1
_ANY = b"\xaa\xaa\xaa\xaa\xaa\xaa"  # every meter answers: for a line with one
_INVALID = 1 << 40  # beyond every reading


class MeterRefuses(ExceptionReply):
    """The meter answered that it will not. code: its error byte."""

    def __init__(self, device, register, function, code):
        ExceptionReply.__init__(self, device, register, function, code)
        self.is_permanent = True
        self.is_failure = self.is_patience = self.is_from_gateway = False

    def __str__(self):
        from drivers.modbus import exception_texts

        return exception_texts.of_meter(self)


class Dlt645Framer(Framer):
    """addresses: {device id: meter address, 12 digits}; a device that is not in it is asked with the wildcard."""

    def __init__(self, addresses: dict):
        Framer.__init__(self)
        self._addresses = {device: address_bytes(digits) for device, digits in addresses.items()}
        self._address = _ANY
        self._scan = 0
        self._damaged = None  # (sum wanted, sum found)

    def request_read(self, device, unit, function, register, count) -> int:
        """Length of the frame that reads the `count` bytes (1 to 196) of the DI `register`. ValueError when out of
        range."""
        if function != READ or not 1 <= count <= 196:
            raise ValueError("DL/T 645: function 17 and 1 to 196 bytes, found %d and %d" % (function, count))
        self.device, self.unit, self.function, self.register = device, unit, function, register
        self._address = self._addresses.get(device, _ANY)
        tx = self.tx
        for i in range(_WAKES):
            tx[i] = _WAKE
        at = _WAKES
        tx[at] = tx[at + 7] = _START
        tx[at + 1 : at + 7] = self._address
        tx[at + 8] = READ
        tx[at + 9] = _DI_BYTES
        for i in range(_DI_BYTES):
            tx[at + 10 + i] = (register >> 8 * i & 0xFF) + _OFFSET & 0xFF
        end = at + 10 + _DI_BYTES
        tx[end] = check_sum(tx, at, end)
        tx[end + 1] = _END
        self.data_bytes = count
        self.reply_bytes = _WAKES + _AROUND + _DI_BYTES + count
        self._scan = 0
        self._damaged = None
        return end + 2

    def request_write(self, device, unit, function, register, words, count):
        raise ValueError("DL/T 645: meters are only read, found a write to %s" % device)

    def take(self, have: int) -> int:
        rx = self.rx
        at = self._scan
        while have - at >= 10:
            length = self._expected_length(at)
            if length:
                end = at + 10 + length
                if have < end + 2:
                    break
                if rx[end + 1] == _END:
                    wanted = check_sum(rx, at, end)
                    if wanted != rx[end]:
                        self._damaged = (wanted, rx[end])
                    elif length == 1:
                        raise MeterRefuses(self.device, self.register, READ, rx[at + 10] - _OFFSET & 0xFF)
                    else:
                        data = self._data(at + 10, end)
                        if data:
                            return data
            at += 1
        self._scan = at
        if have >= MAX_FRAME:
            raise self._protocol("a frame of %d bytes" % self.reply_bytes, "%d bytes without one" % have)
        return 0

    def missing(self, have: int):
        if have == 0:
            return Timeout(self.device, self.register, "an answer of %d bytes" % self.reply_bytes, "silence")
        if self._damaged is not None:
            wanted, found = self._damaged
            return CrcError(self.device, self.register, "check sum 0x%02X" % wanted, "0x%02X" % found)
        found = "%d bytes, first 0x%02X" % (have, self.rx[0])
        return self._protocol("%d bytes from the meter" % self.reply_bytes, found)

    def _expected_length(self, at):
        """L of the answer that starts at `at`, 0 when none of ours does."""
        rx = self.rx
        if rx[at] != _START or rx[at + 7] != _START:
            return 0
        for i in range(6):
            if self._address[i] != 0xAA and rx[at + 1 + i] != self._address[i]:
                return 0
        control, length = rx[at + 8], rx[at + 9]
        if control == _ERROR_REPLY:
            return 1 if length == 1 else 0
        if control != _READ_REPLY and control != _READ_REPLY_MORE:  # `in` a tuple would make it
            return 0
        return length if length == _DI_BYTES + self.data_bytes else 0

    def _data(self, at, end):
        """Index of the first data byte, with 0x33 taken off the data; 0 when they are those of another DI."""
        rx = self.rx
        for i in range(_DI_BYTES):
            if rx[at + i] - _OFFSET & 0xFF != self.register >> 8 * i & 0xFF:
                return 0
        at += _DI_BYTES
        for i in range(at, end):
            rx[i] = rx[i] - _OFFSET & 0xFF
        return at


def check_sum(buf, start: int, end: int) -> int:
    total = 0
    for i in range(start, end):
        total += buf[i]
    return total & 0xFF


def address_bytes(digits: str) -> bytes:
    """Six bytes of a meter address, lowest pair of digits first. ValueError unless it has 12 digits."""
    if len(digits) != 12 or [digit for digit in digits if not "0" <= digit <= "9"]:
        raise ValueError("meter_address: 12 digits, found %r" % (digits,))
    return bytes([int(digits[i : i + 2], 16) for i in range(10, -1, -2)])


def client(link, members, baud: int, parity: str, stop_bits: int, timeout_ms: int = TIMEOUT_MS) -> Client:
    """The client of a line with DL/T 645 meters; members: its devices."""
    addresses = {}
    for device in members:
        if device.params.get("meter_address") is not None:
            addresses[device.id] = device.params["meter_address"]
    return Client(link, Dlt645Framer(addresses), timeout_ms, character_us(baud, parity, stop_bits), _GAP_US)


def _bcd(buf, i, count):
    value = 0
    for at in range(i + count - 1, i - 1, -1):
        high, low = buf[at] >> 4, buf[at] & 15
        if high > 9 or low > 9:
            return _INVALID
        value = 100 * value + 10 * high + low
    return value


def bcd4(buf, i) -> int:
    """Eight digits, lowest pair first."""
    return _bcd(buf, i, 4)


def bcd3_signed(buf, i) -> int:
    """Six digits, lowest pair first; the highest bit is the sign (the top digit is at most 7)."""
    if not buf[i + 2] & 0x80:
        return _bcd(buf, i, 3)
    upper = buf[i + 2] & 0x7F
    lower = _bcd(buf, i, 2)
    if lower == _INVALID or upper & 15 > 9:
        return _INVALID
    return -(10000 * (10 * (upper >> 4) + (upper & 15)) + lower)
