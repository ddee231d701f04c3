"""The least that can answer a Modbus TCP client: reads (function 3 or 4) of any register, whose content is its number.

`python -m tools.bench.minimal_server` prints its port, serves any number of connections, and ends when its input does.
Benchmarks measure clients against it because it costs next to nothing itself; it runs in a process of its own.
"""

import asyncio
import struct
import sys

_REQUEST = struct.Struct(">HHHBBHH")


class Server(asyncio.Protocol):
    def connection_made(self, transport):
        self.transport = transport
        self.answers = {}  # the PDU of each answer, made once

    def data_received(self, data):
        while len(data) >= _REQUEST.size:
            transaction, _, _, unit, function, register, count = _REQUEST.unpack_from(data)
            data = data[_REQUEST.size :]
            pdu = self.answers.get((function, register, count))
            if pdu is None:
                words = [(register + n) & 0xFFFF for n in range(count)]
                pdu = struct.pack(f">BB{count}H", function, 2 * count, *words)
                self.answers[function, register, count] = pdu
            self.transport.write(struct.pack(">HHHB", transaction, 0, len(pdu) + 1, unit) + pdu)


async def main():
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Server, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await loop.run_in_executor(None, sys.stdin.buffer.read)
    server.close()


if __name__ == "__main__":
    asyncio.run(main())
