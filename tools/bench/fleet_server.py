"""The 24 devices of the fleet benchmark: 16 behind TCP ports of their own, 8 on two byte-timed RS-485 lines.

`python -m tools.bench.fleet_server` prints {"tcp": [ports], "rtu": [paths]} and ends when its input does. All answer
reads (register n holds n) and acknowledge writes. The last TCP device is slow (250 ms); unit 4 of the first line is
silent, unit 4 of the second one babbles: asked, it sends noise for a second, and meanwhile nobody on its line is
heard.
"""

import asyncio
import json
import os
import random
import struct
import sys
import tty

from tools.bench.timed_slave import line_times
from tools.sim.serial_line import crc16

TCP_DEVICES, LINES, UNITS = 16, 2, 4
BAUD = 19200
SLOW_S = 0.25
BABBLE_S = 1.0
FAULTY_UNIT = 4


def answer_pdu(pdu):
    """A good answer to a read of function 3 or 4, or to a write of function 6 or 16."""
    if pdu[0] in (3, 4):
        register, count = struct.unpack(">HH", pdu[1:5])
        return struct.pack(f">BB{count}H", pdu[0], 2 * count, *range(register, register + count))
    return bytes(pdu[:5])


class TcpDevice(asyncio.Protocol):
    def __init__(self, delay_s):
        self.delay_s = delay_s

    def connection_made(self, transport):
        self.transport = transport

    def data_received(self, data):
        pdu = answer_pdu(data[7:])
        frame = data[:4] + struct.pack(">HB", len(pdu) + 1, data[6]) + pdu
        if self.delay_s:
            asyncio.get_running_loop().call_later(self.delay_s, self.transport.write, frame)
        else:
            self.transport.write(frame)


class Line:
    """One RS-485 line with units 1 to 4; `fault` of unit 4: "silent" or "babbling"."""

    def __init__(self, fault):
        self.fault = fault
        self.character_s, self.gap_s = line_times(BAUD)
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        os.set_blocking(self.master, False)
        self.path = os.ttyname(self.slave)
        self._random = random.Random(1)
        self._spoiled_until_s = 0.0
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(self.master, self._asked)

    def _asked(self):
        frame = os.read(self.master, 512)
        if len(frame) < 4 or crc16(frame) != 0:
            return
        sent_s = len(frame) * self.character_s + self.gap_s
        if self._loop.time() < self._spoiled_until_s:
            return  # the request and the answer collide with the noise
        if frame[0] != FAULTY_UNIT:
            answer = frame[:1] + answer_pdu(frame[1:-2])
            answer += crc16(answer).to_bytes(2, "little")
            self._loop.call_later(sent_s + len(answer) * self.character_s, self._send, answer)
        elif self.fault == "babbling":
            self._spoiled_until_s = self._loop.time() + BABBLE_S
            self._babble(self._spoiled_until_s)

    def _babble(self, until_s):
        self._send(self._random.randbytes(10))
        if self._loop.time() < until_s:
            self._loop.call_later(10 * self.character_s, self._babble, until_s)

    def _send(self, data):
        try:
            os.write(self.master, data)
        except BlockingIOError:
            pass  # nobody reads: lost, as in a UART


async def main():
    loop = asyncio.get_running_loop()
    delays_s = [0] * (TCP_DEVICES - 1) + [SLOW_S]
    servers = [await loop.create_server(lambda d=delay_s: TcpDevice(d), "127.0.0.1", 0) for delay_s in delays_s]
    lines = [Line(fault) for fault in ("silent", "babbling")]
    ports = [server.sockets[0].getsockname()[1] for server in servers]
    print(json.dumps({"tcp": ports, "rtu": [line.path for line in lines]}), flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)


if __name__ == "__main__":
    asyncio.run(main())
