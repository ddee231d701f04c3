"""An RS-485 line over a port of the board.

A board's port has `readinto(buffer)` (None or 0 when nothing is there), `write(bytes)`, `txdone()` and `close()`, none
of which waits, and may have `end_of_send()`, called once the last bit has left (to turn the driver of the line off).
"""

from drivers.modbus.errors import Closed


class SerialLink:
    """open_port() gives the port or raises OSError; it is called again when the port was lost (an adapter pulled
    out)."""

    is_serial = True

    def __init__(self, name: str, open_port):
        self.name = name
        self._open_port = open_port
        self._port = None
        self._end_of_send = None

    @property
    def is_open(self) -> bool:
        return self._port is not None

    async def open(self, timeout_ms: int):
        """Open the port (at once; timeout_ms is for links that need it). Raises Closed."""
        self.close()
        try:
            self._port = self._open_port()
        except OSError as error:
            raise Closed(self.name, 0, "a serial port", "error %s" % error.errno)
        self._end_of_send = getattr(self._port, "end_of_send", None)

    def write(self, frame, length: int):
        """Hand the `length` bytes of `frame` to the port. Raises Closed."""
        try:
            sent = self._port.write(frame)
        except OSError as error:
            self._lost(error)
        if sent != length:
            raise Closed(self.name, 0, "room to send %d bytes" % length, sent)

    def read(self, buffer, at: int) -> int:
        """Bytes received into buffer[at:], 0 when none are there. Raises Closed when the port is lost."""
        if at >= len(buffer):
            return 0
        try:
            return self._port.readinto(memoryview(buffer)[at:] if at else buffer) or 0
        except OSError as error:
            self._lost(error)

    def is_sending(self) -> bool:
        """True until the last byte has left; the call that sees it leave turns the driver of the line off."""
        if not self._port.txdone():
            return True
        if self._end_of_send is not None:
            self._end_of_send()
        return False

    def close(self):
        if self._port is not None:
            self._port.close()
            self._port = None

    def _lost(self, error):
        self.close()
        raise Closed(self.name, 0, "an open serial port", "error %s" % error.errno)
