"""A transparent gateway: a TCP listener that hands bytes to an RS-485 line and back, RTU frames with their CRC and all.

Behind it is a line like any other, with its byte times and its faults; the gateway itself adds nothing and checks
nothing. As the usual boxes it serves one connection: a new one takes the line over.
"""

import asyncio

from tools.sim.serial_line import SerialLine

BAUD = 9600  # of the line behind it where the station file does not say: the slowest that is usual


class RtuGateway(SerialLine):
    """units, baud, parity, stop_bits, seed: of the line. `tcp_port`: where it listens, valid after `start()`."""

    def __init__(self, units, baud=BAUD, parity="N", stop_bits=1, seed=1):
        super().__init__(units, baud, parity, stop_bits, seed)
        self.tcp_port = 0
        self.connections = 0  # accepted since the start
        self._listener = None
        self._writer = None

    async def _start_controller_end(self):
        await self.refuse(False)

    async def refuse(self, on):
        """True: close the listener and the connection (the box is off). False: listen again on the same port."""
        if on:
            self._hang_up()
            if self._listener is not None:
                self._listener.close()
                self._listener = None
        elif self._listener is None:
            self._listener = await asyncio.start_server(self._serve, "127.0.0.1", self.tcp_port)
            self.tcp_port = self._listener.sockets[0].getsockname()[1]

    async def stop(self):
        await self.refuse(True)
        await super().stop()

    async def _serve(self, reader, writer):
        self._hang_up()
        self._writer = writer
        self.connections += 1
        try:
            while data := await reader.read(256):
                self._from_controller(data)
        except (ConnectionError, asyncio.CancelledError):
            pass  # the controller hung up, or the box was switched off
        finally:
            writer.transport.abort()

    def _hang_up(self):
        if self._writer is not None:
            self._writer.transport.abort()
            self._writer = None

    def _to_controller(self, data):
        if self._writer is not None:
            self._writer.write(data)
