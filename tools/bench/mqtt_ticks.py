"""How late a 10 ms tick and a 200 ms cycle are beside the client, on MicroPython: `mqtt_ticks.py SECONDS [PORT [CA]]`.

Without a port: the bare ticks. With one, a client with a keep-alive of 2 s publishes 500 bytes with QoS 1 every 100 ms
and connects again whenever it is cut. Prints one JSON line when the client has connected (or after a second), and one
with the figures at the end.
"""

import asyncio
import json
import sys
import time

from firmware.mqtt.client import Client
from firmware.mqtt.tcp import TcpLink

TICK_US, CYCLE_MS = 10000, 200


class Cycle:
    """A control cycle that does nothing: `count`, and how many instants were missed."""

    def __init__(self):
        self.count = self.missed = 0

    async def run(self):
        due_ms = time.ticks_add(time.ticks_ms(), CYCLE_MS)
        while True:
            await asyncio.sleep_ms(max(0, time.ticks_diff(due_ms, time.ticks_ms())))
            skipped = time.ticks_diff(time.ticks_ms(), due_ms) // CYCLE_MS
            self.missed += max(0, skipped)
            self.count += 1
            due_ms = time.ticks_add(due_ms, CYCLE_MS * (1 + max(0, skipped)))


async def ticks(late_us, seconds):
    due_us = time.ticks_add(time.ticks_us(), TICK_US)
    for _ in range(seconds * 1000000 // TICK_US):
        await asyncio.sleep_ms(max(0, time.ticks_diff(due_us, time.ticks_us()) // 1000))
        while time.ticks_diff(due_us, time.ticks_us()) > 0:
            await asyncio.sleep_ms(0)
        late_us.append(time.ticks_diff(time.ticks_us(), due_us))
        due_us = time.ticks_add(due_us, TICK_US)


async def publish(client):
    while True:
        client.publish("bench/ticks", b"x" * 500, qos=1)
        await asyncio.sleep_ms(100)


def link_to(port, ca, cycle):
    if not ca:
        return TcpLink("127.0.0.1", port)
    from firmware.mqtt.tls import TlsLink

    return TlsLink("127.0.0.1", port, ca[0], cycle=cycle)


async def main(seconds, port, ca):
    cycle, late_us, client = Cycle(), [], None
    asyncio.create_task(cycle.run())
    if port:
        client = Client(link_to(port, ca, cycle), "bench-ticks", keepalive_s=2)
        asyncio.create_task(client.run())
        asyncio.create_task(publish(client))
    await asyncio.sleep_ms(1000)
    print(json.dumps({"running": True}))
    await ticks(late_us, seconds)
    late_us.sort()
    samples = len(late_us)
    result = {"samples": samples, "p50_us": late_us[samples // 2], "p99_us": late_us[samples * 99 // 100]}
    result.update(max_us=late_us[-1], missed=cycle.missed)
    if client:
        result.update(connects=client.connects, received=client.received, error=str(client.last_error))
    print(json.dumps(result))


asyncio.run(main(int(sys.argv[1]), int(sys.argv[2]) if sys.argv[2:] else 0, sys.argv[3:]))
