"""The broker behind a 4G DTU in transparent mode: whatever goes into the serial port comes out of a TCP connection that
the DTU keeps, and back.

Nobody tells the station whether that connection is up, or new. So CONNECT is sent again until a CONNACK comes, and
bytes of an older connection that may come before it are thrown away. When the DTU had kept its connection, the broker
closes it at the second CONNECT (MQTT-3.1.0-2), the DTU opens a new one, and the next CONNECT is taken. Lost bytes leave
one side in the middle of a packet: it then answers nothing, or nonsense, and the deadlines begin anew.
"""

from drivers.ticks import sleep_ms

_POLL_MS = 5  # 58 bytes at 115200 Bd; a port holds 512


class UartLink:
    """open_port(name, baud, parity, stop_bits, is_duplex) gives a serial port of the board, of which no call waits, or
    raises OSError."""

    connect_ms = 5000

    def __init__(self, open_port, name: str, baud: int):
        self._open_port = open_port
        self._name = name
        self._baud = baud
        self._port = None
        self._matched = 0  # bytes of a CONNACK seen in a row; 4: everything is taken
        self._flags = 0
        self._rest = b""  # of the packet that is being written

    async def open(self) -> None:
        """Open the port unless it still is, and forget what has come. Raises OSError."""
        if self._port is None:
            self._port = self._open_port(self._name, self._baud, "N", 1, True)
        self._matched = 0
        stale = bytearray(64)
        try:
            for _ in range(16):
                if not self._port.readinto(stale):
                    break
            await self._write()  # or the broker would take CONNECT for the rest of a packet that was cut short
        except OSError:  # an adapter was pulled out: the next call opens it anew
            self._port.close()
            self._port = None
            raise

    def close(self) -> None:
        """Nothing: the port stays open, for closing it would tell the DTU nothing."""

    async def read_some(self, buffer: bytearray) -> int:
        """Bytes read into `buffer`, at least 1. Raises OSError."""
        room = memoryview(buffer)[:-4]  # bytes of a CONNACK that came in pieces are put in front
        while True:
            count = self._port.readinto(room) or 0
            if count and self._matched < 4:
                count = self._from_connack(buffer, count)
            if count:
                return count
            await sleep_ms(_POLL_MS)

    def _from_connack(self, buffer, count: int) -> int:
        """Moves the first CONNACK in the stream, and what follows it, to the front; 0 when none is complete yet."""
        for at in range(count):
            byte = buffer[at]
            if self._matched == 3 and byte <= 5:
                self._matched = 4
                rest = bytes(memoryview(buffer)[at + 1 : count])
                buffer[: 4 + len(rest)] = bytes((0x20, 2, self._flags, byte)) + rest
                return 4 + len(rest)
            if self._matched == 1 and byte == 2 or self._matched == 2 and byte <= 1:
                self._matched += 1
                self._flags = byte
            else:
                self._matched = 1 if byte == 0x20 else 0
        return 0

    async def write_all(self, packet: bytearray) -> None:
        """Hand the whole packet to the port, and wait until it has left. Raises OSError."""
        self._rest = memoryview(packet)
        await self._write()

    async def _write(self) -> None:
        port = self._port
        while self._rest:
            self._rest = self._rest[port.write(self._rest) or 0 :]
            await sleep_ms(1)
        while not port.txdone():
            await sleep_ms(1)
        if hasattr(port, "end_of_send"):
            port.end_of_send()
