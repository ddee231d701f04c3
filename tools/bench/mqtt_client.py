"""The publisher of the benchmark, on MicroPython: `mqtt_client.py PORT MESSAGES QOS WINDOW [CA]`.

Publishes MESSAGES of 40 bytes, at most WINDOW of QoS 1 in flight, and prints how long it took (JSON); with CA, a file
in DER, over TLS. The heap is counted after a collection, behind the first thousand messages and at the end.
"""

import asyncio
import gc
import json
import sys
import time

from firmware.mqtt.client import Client
from firmware.mqtt.outbox import Outbox
from firmware.mqtt.tcp import TcpLink

MESSAGE = b"x" * 40
WARM = 1000


def heap():
    gc.collect()
    return gc.mem_alloc()


def link_to(port, ca):
    if not ca:
        return TcpLink("127.0.0.1", port)
    from firmware.mqtt.tls import TlsLink

    return TlsLink("127.0.0.1", port, ca[0])


async def publish(client, messages, qos, window):
    """Keeps the window full and no more than that in the outbox."""
    if qos:
        shares = [messages // window + (place < messages % window) for place in range(window)]
        for task in [asyncio.create_task(publish_share(client, share)) for share in shares]:
            await task
        return
    waiting = client.outbox.messages
    while messages:
        while messages and len(waiting) < window:
            client.publish("bench/ours", MESSAGE)
            messages -= 1
        await asyncio.sleep_ms(0)
    while waiting:
        await asyncio.sleep_ms(0)


async def publish_share(client, messages):
    for _ in range(messages):
        await client.publish_acked("bench/ours", MESSAGE)


async def main(port, messages, qos, window, ca):
    client = Client(link_to(port, ca), "bench-ours", outbox=Outbox(max_messages=window, window=window))
    asyncio.create_task(client.run())
    while not client.connected:
        await asyncio.sleep_ms(5)
    await publish(client, WARM, qos, window)
    before = heap()
    started_us = time.ticks_us()
    await publish(client, messages, qos, window)
    us = time.ticks_diff(time.ticks_us(), started_us)
    result = {"messages": messages, "us": us, "heap_before": before, "heap_after": heap()}
    result["lost"] = client.dropped + (messages + WARM - (client.acked if qos else client.sent))
    result["connects"] = client.connects
    print(json.dumps(result))
    await client.disconnect()


port, messages, qos, window = [int(each) for each in sys.argv[1:5]]
asyncio.run(main(port, messages, qos, window, sys.argv[5:]))
