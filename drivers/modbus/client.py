"""One Modbus client per line: one request at a time, and nothing of a failed one is ever used again.

Six ways out of a request: the answer, an exception reply (the line is clean), silence, a damaged or foreign frame, a
lost line, and cancellation. After the last four TCP is closed (a late answer would meet the next request), and a serial
line is listened to until it is quiet.
"""

from drivers.modbus.errors import Closed, ExceptionReply
from drivers.modbus.rtu import RtuFramer, character_us, gap_us
from drivers.modbus.tcp import TcpFramer
from drivers.ticks import sleep_ms, ticks_add, ticks_diff, ticks_ms, ticks_us

RTU_TIMEOUT_MS = 150  # to the first byte of the answer; air time comes on top
TCP_TIMEOUT_MS = 300
_BROKEN_OFF_MS = 20  # an RTU frame with a hole of this length is over; larger than any jitter of a loop that holds 5 ms
_DRAIN_MS = 250  # a line that babbles longer is used again anyway
_SPIN_US = 300  # turns without a sleep after a TCP request: a device on the same switch answers within them
_LONGEST_NAP_MS = 5


class Client:
    """framer and link of one line. timeout_ms: to the first byte; character_us, gap_ms: 0 on TCP."""

    def __init__(self, link, framer, timeout_ms: int, character_us: int = 0, gap_ms: int = 0):
        self.link = link
        self.framer = framer
        self.rx = framer.rx
        self.timeout_ms = timeout_ms
        self.character_us = character_us
        self.gap_ms = gap_ms
        self.sent_ms = 0  # when the newest request went out
        self.turnaround_ms = 0  # from there to its answer
        self._quiet_from_ms = ticks_ms()
        self._clean = True

    def read(self, device: str, unit: int, function: int, register: int, count: int):
        """Await it: index in `rx` of the first of 2 * count data bytes. Raises ModbusError."""
        return self._exchange(self.framer.request_read(device, unit, function, register, count))

    def write(self, device: str, unit: int, function: int, register: int, words, count: int):
        """Await it: returns once the device has acknowledged. Raises ModbusError."""
        return self._exchange(self.framer.request_write(device, unit, function, register, words, count))

    async def open(self):
        """Open the line. Raises Closed or Timeout."""
        await self.link.open(self.timeout_ms)
        self._clean = True

    async def _exchange(self, length):
        link, framer = self.link, self.framer
        if not self._clean:  # the last request was cancelled
            await self._recover()
        if not link.is_open:
            raise Closed(framer.device, framer.register, "an open line", "none")
        wait_ms = ticks_diff(self._quiet_from_ms, ticks_ms())
        if wait_ms > 0:
            await sleep_ms(wait_ms)
        self._clean = False
        try:
            if link.is_serial:
                link.read(self.rx, 0)  # bytes that came in a pause belong to nobody
            link.write(framer.tx, length)
            self.sent_ms = ticks_ms()
            while link.is_sending():
                await sleep_ms(1)
            at = await self._answer(length)
            self._clean = True
            return at
        except ExceptionReply:
            self._clean = True
            raise
        except Closed as error:
            link.close()
            self._clean = True
            raise Closed(framer.device, framer.register, error.expected, error.found)
        except Exception:
            await self._recover()
            raise
        finally:
            now = ticks_ms()
            self.turnaround_ms = ticks_diff(now, self.sent_ms)
            self._quiet_from_ms = ticks_add(now, self.gap_ms)

    async def _answer(self, length):
        """Wait for the answer to the request of `length` bytes that has just been sent."""
        link, framer = self.link, self.framer
        have, naps = 0, 0
        spin_from_us = ticks_us()
        spinning = not link.is_serial
        air_ms = (length + framer.reply_bytes) * self.character_us // 1000
        deadline = ticks_add(self.sent_ms, self.timeout_ms + air_ms)
        if air_ms:
            await sleep_ms(air_ms)  # no answer can be complete earlier
        while True:
            got = link.read(self.rx, have)
            now = ticks_ms()
            if got:
                have += got
                at = framer.take(have)
                if at:
                    return at
                naps = 0
                if link.is_serial:  # more of the frame, or the end of a broken one
                    deadline = ticks_add(now, _BROKEN_OFF_MS + self.gap_ms)
            elif ticks_diff(deadline, now) <= 0:
                raise framer.missing(have)
            if spinning and ticks_diff(ticks_us(), spin_from_us) < _SPIN_US:
                await sleep_ms(0)
                continue
            spinning = False
            naps += 1
            await sleep_ms(min(1 + (naps >> 4), _LONGEST_NAP_MS))

    async def _recover(self):
        """Leave no half state: close TCP, or listen to the serial line until it has been quiet for a while."""
        link = self.link
        if not link.is_serial:
            link.close()
        elif link.is_open:
            now = ticks_ms()
            until = ticks_add(now, _DRAIN_MS)
            quiet_at = ticks_add(now, _BROKEN_OFF_MS + self.gap_ms)
            while ticks_diff(quiet_at, now) > 0 and ticks_diff(until, now) > 0:
                try:
                    if link.read(self.rx, 0):
                        quiet_at = ticks_add(now, _BROKEN_OFF_MS + self.gap_ms)
                except Closed:
                    break
                await sleep_ms(2)
                now = ticks_ms()
        self._clean = True


def rtu_client(link, baud: int, parity: str, stop_bits: int, timeout_ms: int = RTU_TIMEOUT_MS) -> Client:
    """A client for an RS-485 line. baud: 1200 to 115200; parity "N", "E" or "O"; stop_bits 1 or 2."""
    gap_ms = (gap_us(baud) + 999) // 1000
    return Client(link, RtuFramer(), timeout_ms, character_us(baud, parity, stop_bits), gap_ms)


def tcp_client(link, timeout_ms: int = TCP_TIMEOUT_MS) -> Client:
    """A client for a Modbus TCP device or gateway."""
    return Client(link, TcpFramer(), timeout_ms)
