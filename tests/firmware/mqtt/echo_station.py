"""A small station for the wire tests, run on MicroPython: `echo_station.py PORT PASSWORD KEEPALIVE_S COUNT_MS`.

Sends back what it gets (t/in -> t/out with QoS 1, t/in0 -> t/out0 with QoS 0), publishes t/count 1, 2, 3 ... with
QoS 1, and ticks every 10 ms. Prints its counters and the worst lateness of a tick as one JSON line every 100 ms.
"""

import asyncio
import json
import sys

from drivers.ticks import sleep_ms, ticks_add, ticks_diff, ticks_ms
from firmware.mqtt.backoff import Backoff
from firmware.mqtt.client import Client

worst = [0, 0]


async def tick():
    due_ms = ticks_add(ticks_ms(), 10)
    while True:
        await sleep_ms(max(0, ticks_diff(due_ms, ticks_ms())))
        late_ms = ticks_diff(ticks_ms(), due_ms)
        worst[0] = max(worst[0], late_ms)
        worst[1] += 1
        due_ms = ticks_add(due_ms, 10 * (1 + max(0, late_ms) // 10))


async def count(client, pause_ms):
    number = 1
    while pause_ms:
        await sleep_ms(pause_ms)
        if client.publish("t/count", str(number), qos=1):
            number += 1


async def main(port, password, keepalive_s, count_ms):
    pauses = Backoff(200, 1000)
    client = Client("127.0.0.1", port, "echo", "station", password, keepalive_s, connect_ms=2000, backoff=pauses)
    quit_asked = []

    def on_message(topic, message):
        if topic == b"t/in":
            client.publish("t/out", message, qos=1)
        elif topic == b"t/in0":
            client.publish("t/out0", message)
        elif topic == "t/站".encode():
            client.publish("t/站/out", b"too large" if message is None else message, qos=1)
        elif topic == b"t/quit":
            quit_asked.append(True)
        elif topic == b"t/bug":
            raise RuntimeError("a bug of the application")

    client.set_last_will("t/status", "offline", retain=True, qos=1)
    client.set_callback(on_message)
    client.set_on_connect(lambda: client.publish("t/status", "online", retain=True, qos=1))
    for topic, qos in (("t/in", 1), ("t/in0", 0), ("t/站", 1), ("t/quit", 1), ("t/bug", 1)):
        client.subscribe(topic, qos)
    running = [asyncio.create_task(each) for each in (client.run(), tick(), count(client, count_ms))]
    while not quit_asked:
        report(client)
        await sleep_ms(100)
    await client.disconnect()
    report(client)
    for task in running:
        task.cancel()


def report(client):
    names = ("connected", "connects", "sent", "received", "acked", "dropped", "oversize", "callback_errors")
    line = {name: getattr(client, name) for name in names}
    line["waiting"] = len(client.outbox)
    line["bytes"] = client.outbox.bytes
    line["late_max_ms"], line["ticks"] = worst
    line["error"] = str(client.last_error)
    print(json.dumps(line))


asyncio.run(main(int(sys.argv[1]), sys.argv[2], int(sys.argv[3]), int(sys.argv[4])))
