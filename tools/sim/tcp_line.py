"""A Modbus TCP connection with faults: a proxy on 127.0.0.1 between the controller and a device server.

It hands over one request at a time and waits for its answer, as a small device does. A unit id that is not there gets
exception 0B from the gateway, at once.
"""

import asyncio

from tools.sim.line_faults import LineFaults, request_fields

HEADER = 7  # MBAP: transaction, protocol, length, unit
GATEWAY_NO_RESPONSE = 0x0B
ANSWER_WAIT_S = 5.0


class TcpLine(LineFaults):
    """One gateway or device. `units`: the unit ids behind it; server_port: where the simulated devices listen
    (None: there are none)."""

    def __init__(self, units, server_port, seed=1):
        super().__init__(seed)
        self.units = set(units)
        self.server_port = server_port
        self.port = None
        self.connections = 0  # accepted since the start
        self._listener = None
        self._tasks = set()

    async def start(self):
        await self._listen(0)

    async def _listen(self, port):
        self._listener = await asyncio.start_server(self._serve, "127.0.0.1", port)
        self.port = self._listener.sockets[0].getsockname()[1]

    async def stop(self):
        await self._close()

    async def _close(self):
        if self._listener is not None:
            self._listener.close()
            self._listener = None
        tasks = list(self._tasks)
        for task in tasks:
            task.cancel()
        await asyncio.gather(*tasks, return_exceptions=True)

    async def refuse(self, on):
        """True: close the listener and every connection (the device is off). False: listen again on the same port."""
        if on:
            await self._close()
        elif self._listener is None:
            await self._listen(self.port)

    async def _serve(self, reader, writer):
        task = asyncio.current_task()
        self._tasks.add(task)
        self.connections += 1
        device = None
        try:
            if self.server_port is not None:
                device = await asyncio.open_connection("127.0.0.1", self.server_port)
            while True:
                await self._one_request(reader, writer, device)
        except (asyncio.IncompleteReadError, ConnectionError, asyncio.CancelledError):
            pass  # either side hung up, or the line was stopped
        finally:
            self._tasks.discard(task)
            for end in (writer, device[1] if device else None):
                if end is not None:
                    end.transport.abort()

    async def _one_request(self, reader, writer, device):
        frame = await self._read_frame(reader)
        unit = frame[6]
        self.record(unit, *request_fields(frame[HEADER:]))
        if unit in self.silent:
            return
        if unit not in self.units:
            writer.write(frame[:4] + bytes((0, 3, unit, frame[HEADER] | 0x80, GATEWAY_NO_RESPONSE)))
            await writer.drain()
            return
        device_reader, device_writer = device
        if self.hit():
            return  # the gateway lost the request
        device_writer.write(frame)
        try:
            answer = await asyncio.wait_for(self._read_frame(device_reader), ANSWER_WAIT_S)
        except TimeoutError as error:
            raise ConnectionResetError(f"unit {unit} did not answer within {ANSWER_WAIT_S} s") from error
        delay_s = self.delay_ms.get(unit, 0) / 1000.0
        if delay_s:
            await asyncio.sleep(delay_s)
        if unit in self.silent or unit in self.mute:
            return
        writer.write(self._damage(answer))
        await writer.drain()

    def _damage(self, frame):
        """The answer as a confused gateway hands it on: a wrong transaction, unit, function code or byte count.

        Values behind them are never touched: TCP's own checksum protects them, and a changed value in a sound frame
        would be no fault of the wire. The length field stays right, else the stream could not be cut into frames
        again.
        """
        if not self.hit():
            return frame
        changed = bytearray(frame)
        changed[self._random.choice((0, 1, 6, 7, 8))] ^= 1 << self._random.randrange(8)
        return bytes(changed)

    @staticmethod
    async def _read_frame(reader):
        header = await reader.readexactly(HEADER)
        length = header[4] << 8 | header[5]
        if header[2:4] != b"\0\0" or not 2 <= length <= 254:
            raise ConnectionResetError(f"not a Modbus TCP header: {header.hex(' ')}")
        return header + await reader.readexactly(length - 1)
