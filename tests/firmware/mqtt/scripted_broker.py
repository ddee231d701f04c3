"""A broker of a few lines in the same loop as the client, and how to run a scene with both. For both runtimes."""

import asyncio

from drivers.ticks import sleep_ms, ticks_diff, ticks_ms
from firmware.mqtt.client import Client
from firmware.mqtt.tcp import TcpLink

CONNACK = b"\x20\x02\x00\x00"


class Script:
    """A broker that answers by the book unless told otherwise, and keeps what it got: [(first byte, body)]."""

    def __init__(self, connack=CONNACK, pings=True, acks=True, suback=1, after=b""):
        self.connack, self.pings, self.acks, self.suback, self.after = connack, pings, acks, suback, after
        self.got = []
        self.tasks = []
        self.connections = 0

    async def serve(self, reader, writer):
        self.connections += 1
        self.tasks.append(asyncio.current_task())
        try:
            while True:
                head = await reader.readexactly(2)
                assert head[1] < 128  # these tests send short packets only
                body = await reader.readexactly(head[1]) if head[1] else b""
                self.got.append((head[0], body))
                answer = self.answer(head[0], body)
                if answer:
                    writer.write(answer)
                    await writer.drain()
        except (OSError, EOFError, asyncio.CancelledError):
            pass
        writer.close()
        try:
            await writer.wait_closed()  # where MicroPython closes
        except OSError:
            pass

    def cut(self):
        """End the first connection. Its task closes it: a socket is never closed under somebody who waits for it."""
        self.tasks[0].cancel()

    def answer(self, first, body):
        kind = first >> 4
        if kind == 1:
            return self.connack + self.after
        if kind == 8:
            return b"\x90\x03" + body[:2] + bytes([self.suback])
        if kind == 12:
            return b"\xd0\x00" if self.pings else b""
        if kind == 3 and first & 2 and self.acks:
            topic = (body[0] << 8) | body[1]
            return b"\x40\x02" + body[2 + topic : 4 + topic]
        return b""

    def kinds(self):
        return [first >> 4 for first, _ in self.got]


async def until(condition, timeout_ms=5000):
    start_ms = ticks_ms()
    while not condition():
        assert ticks_diff(ticks_ms(), start_ms) < timeout_ms, "not in time"
        await sleep_ms(5)


def with_port(script, scene):
    """Run `scene(port)` beside the scripted broker."""

    async def play():
        port = 0
        for candidate in range(21000, 21400, 7):  # MicroPython's server does not tell which free port it took
            try:
                server = await asyncio.start_server(script.serve, "127.0.0.1", candidate)
                port = candidate
                break
            except OSError:
                pass
        try:
            await scene(port)
        finally:
            server.close()
            for each in script.tasks:
                each.cancel()
            while not all([each.done() for each in script.tasks]):
                await sleep_ms(1)

    asyncio.run(play())


def with_broker(script, scene, connect_ms=5000, **options):
    """Run `scene(client, script)` beside the scripted broker and the client's task."""

    async def play(port):
        link = TcpLink("127.0.0.1", port)
        link.connect_ms = connect_ms
        client = Client(link, "c", keepalive_s=2, first_pause_ms=20, last_pause_ms=40, **options)
        task = asyncio.create_task(client.run())
        try:
            await scene(client, script)
        finally:
            task.cancel()
            while not task.done():
                await sleep_ms(1)

    with_port(script, play)
