"""Reads of one unit for commissioning, each register once, whoever asks for it again."""

from drivers.modbus.errors import ExceptionReply, ModbusError
from drivers.ticks import sleep_ms

_SERIAL_GAP_MS = 30  # the pause that field controllers keep on RS-485


class Reader:
    """answered: the unit is there, be it that it only refuses.   gap_ms: pause before each request, by default 30 ms on
    a serial line and none on TCP."""

    def __init__(self, client, unit, gap_ms=None):
        self._client = client
        self._unit = unit
        self._seen = {}
        self.answered = False
        self.gap_ms = gap_ms if gap_ms is not None else _SERIAL_GAP_MS if client.link.is_serial else 0

    async def read(self, function, register, count):
        """The data bytes; the exception code as an integer when it refuses; None when no usable answer came. Raises
        Closed or Timeout when the line cannot be opened."""
        key = (function, register, count)
        if key not in self._seen:
            client = self._client
            if not client.link.is_open:
                await client.open()
            if self.gap_ms:
                await sleep_ms(self.gap_ms)
            try:
                at = await client.read("unit %d" % self._unit, self._unit, function, register, count)
                self._seen[key] = bytes(client.rx[at : at + ((count + 7) // 8 if function < 3 else 2 * count)])
                self.answered = True
            except ExceptionReply as error:
                self._seen[key] = error.code
                self.answered = self.answered or not error.is_from_gateway
            except ModbusError:
                self._seen[key] = None
        return self._seen[key]

    async def serve(self, job):
        """Do one read of a plan."""
        data = await self.read(job.function, job.register, job.count)
        if isinstance(data, bytes):
            job.replied(data, 0, 0, 0)
        else:
            job.refused(ExceptionReply("", job.register, job.function, data or 0), 0)

    async def text(self, function, register, count):
        data = await self.read(function, register, count)
        if not isinstance(data, bytes):
            return ""
        return "".join([chr(byte) for byte in data if 32 <= byte < 127]).strip()
