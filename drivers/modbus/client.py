"""One Modbus client per line: one request at a time, and nothing of a failed one is ever used again.

Six ways out of a request: the answer, an exception reply (the line is clean), silence, a damaged or foreign frame, a
lost line, and cancellation. After the last four a connection is closed (a late answer would meet the next request), and
a serial line is listened to until it is quiet.
"""

from drivers.modbus.errors import Closed, ExceptionReply
from drivers.ticks import const, sleep_ms, ticks_add, ticks_diff, ticks_ms, ticks_us

_BROKEN_OFF_MS = 20  # an RTU frame with a hole of this length is over; larger than any jitter of a loop that holds 5 ms
_DRAIN_MS = const(250)  # a line that babbles longer is used again anyway
# Turns without a sleep from the earliest moment of an answer on, where the answer before came promptly: a sleep cannot
# divide a millisecond. Prompt is longer than a spin and a nap, so that one late answer does not end the spinning.
_SPIN_US = const(1500)
_SPIN_SLOW_US = const(100)
_PROMPT_US = const(4000)
_LONGEST_NAP_MS = const(5)


class Client:
    """framer and link of one line. timeout_ms: to the first byte; character_us, gap_us: of a serial line, else 0."""

    def __init__(self, link, framer, timeout_ms: int, character_us: int = 0, gap_us: int = 0):
        self.link = link
        self.framer = framer
        self.rx = framer.rx
        self.timeout_ms = timeout_ms
        self.character_us = character_us
        self.gap_ms = (gap_us + 999) // 1000
        self.connect_delay_ms = 0  # between a connection and its first request; some gateways lose what comes earlier
        self.sent_ms = 0  # when the newest request went out
        self.turnaround_ms = 0  # from there to its answer
        self.busy_ms = 0  # sum of all of them, wraps at 2^28
        self.babbled = False  # the line was not quiet even at the end of the time that a failed request waits for it
        self._gap_us = gap_us
        self._quiet_from_us = ticks_us()
        self._spin_us = 0
        self._late_us = 0  # the newest answer, after its earliest moment
        self._drops_stray = not framer.MATCHES_ANSWERS
        self._clean = True
        # Of the request under way. Kept here and not in its coroutine, which is a new object for each request.
        self._at = 0
        self._have = 0
        self._naps = 0
        self._is_sending = False
        self._spin_from_us = 0
        self._deadline_ms = 0

    def read(self, device: str, unit: int, function: int, register: int, count: int):
        """Await it: index in `rx` of the first data byte of `count` registers (function 3, 4) or bits (1, 2: the first
        bit is the lowest one of the first byte). Raises ModbusError."""
        return self.exchange(self.framer.request_read(device, unit, function, register, count))

    def write(self, device: str, unit: int, function: int, register: int, words, count: int):
        """Await it: returns once the device has acknowledged words[0:count], function 5, 6, 15, 16 or 22 (see
        `Framer.request_write`). Raises ModbusError."""
        return self.exchange(self.framer.request_write(device, unit, function, register, words, count))

    async def open(self):
        """Open the line. Raises Closed or Timeout."""
        await self.link.open(self.timeout_ms)
        self._quiet_from_us = ticks_us()
        self._clean = True
        if self.connect_delay_ms:
            await sleep_ms(self.connect_delay_ms)

    async def exchange(self, length):
        """Send the `length` bytes of request in the framer; the result is that of `read`. Raises ModbusError."""
        if not self._clean:  # the last request was cancelled
            await self._recover()
        if not self.link.is_open:
            raise Closed(self.framer.device, self.framer.register, "an open line", "none")
        if self._gap_us:
            await self._quiet()
        self._clean = False
        try:
            nap_ms = self._send(length)
            while nap_ms >= 0:
                await sleep_ms(nap_ms)
                nap_ms = self._listen(length)
        except ExceptionReply:
            self._clean = True
            raise
        except Closed as error:
            self.link.close()
            self._clean = True
            raise Closed(self.framer.device, self.framer.register, error.expected, error.found)
        except Exception:
            await self._recover()
            raise
        finally:
            self.turnaround_ms = ticks_diff(ticks_ms(), self.sent_ms)
            self.busy_ms = self.busy_ms + self.turnaround_ms & 0xFFFFFFF
        self._clean = True
        return self._at

    async def _quiet(self):
        """Keep the gap between two frames: sleep its whole milliseconds, then yield until it is over."""
        while True:
            left_us = self._gap_us - ticks_diff(ticks_us(), self._quiet_from_us)
            if not 0 < left_us <= self._gap_us:  # a long idle time wraps
                return
            await sleep_ms(left_us // 1000)

    def _send(self, length):
        """Put the request on the wire; gives the first nap, ms."""
        link = self.link
        if self._drops_stray:
            link.read(self.rx, 0)  # bytes that came in a pause belong to nobody
        link.write(self.framer.request(length), length)
        self.sent_ms = ticks_ms()
        self._have = self._naps = 0
        self._is_sending = link.is_serial
        self._spin_us = _SPIN_US if self._late_us < _PROMPT_US else _SPIN_SLOW_US
        air_us = (length + self.framer.reply_bytes) * self.character_us
        self._spin_from_us = ticks_add(ticks_us(), air_us + self._gap_us)
        self._deadline_ms = ticks_add(self.sent_ms, self.timeout_ms + air_us // 1000)
        return 0

    def _listen(self, length):
        """One look at the line: the next nap in ms, -1 when the answer is there, at `_at`. Raises ModbusError."""
        link = self.link
        if self._is_sending:
            if link.is_sending():
                return 1
            self._is_sending = False
            # No answer can be complete before its air time and a gap have passed.
            return max(0, ticks_diff(self._spin_from_us, ticks_us()) // 1000)
        got = link.read(self.rx, self._have)
        if got:
            self._quiet_from_us = ticks_us()  # now, so that what is done with the answer falls into the gap
            self._have += got
            self._at = self.framer.take(self._have)
            if self._at:
                self._late_us = ticks_diff(ticks_us(), self._spin_from_us)
                return -1
            self._naps = 0
            if link.is_serial:  # more of the frame, or the end of a broken one
                self._deadline_ms = ticks_add(ticks_ms(), _BROKEN_OFF_MS + self.gap_ms)
        elif ticks_diff(self._deadline_ms, ticks_ms()) <= 0:
            raise self.framer.missing(self._have)
        if ticks_diff(ticks_us(), self._spin_from_us) < self._spin_us and not self._naps:
            return 0
        self._naps += 1
        return min(1 + (self._naps >> 4), _LONGEST_NAP_MS)

    async def _recover(self):
        """Leave no half state: close a connection, or listen to the serial line until it has been quiet for a while."""
        link = self.link
        self.babbled = False
        if not link.is_serial:
            link.close()
        elif link.is_open:
            now = ticks_ms()
            until = ticks_add(now, _DRAIN_MS)
            quiet_at = ticks_add(now, _BROKEN_OFF_MS + self.gap_ms)
            while ticks_diff(quiet_at, now) > 0 and not self.babbled:
                try:
                    if link.read(self.rx, 0):
                        quiet_at = ticks_add(now, _BROKEN_OFF_MS + self.gap_ms)
                except Closed:
                    break
                await sleep_ms(2)
                now = ticks_ms()
                self.babbled = ticks_diff(until, now) <= 0
        self._clean = True
