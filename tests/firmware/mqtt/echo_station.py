"""A small station for the wire tests, run on MicroPython: `echo_station.py SETTINGS PASSWORD COUNT_MS FOLDER`.

SETTINGS is `mqtt` of a station file as JSON. Sends back what it gets (t/in -> t/out with QoS 1, t/in0 -> t/out0 with
QoS 0), publishes t/count 1, 2, 3 ... with QoS 1, and ticks every 10 ms. Prints its counters and the worst lateness of a
tick as one JSON line every 100 ms.
"""

import asyncio
import gc
import json
import sys

from boards.unix.uart import open_uart
from drivers.ticks import sleep_ms, ticks_add, ticks_diff, ticks_ms
from firmware.mqtt.build import build_client


class Ticks:
    def __init__(self):
        self.count = self.late_max_ms = 0

    async def run(self):
        due_ms = ticks_add(ticks_ms(), 10)
        while True:
            await sleep_ms(max(0, ticks_diff(due_ms, ticks_ms())))
            late_ms = ticks_diff(ticks_ms(), due_ms)
            self.late_max_ms = max(self.late_max_ms, late_ms)
            self.count += 1
            due_ms = ticks_add(due_ms, 10 * (1 + max(0, late_ms) // 10))


async def count(client, pause_ms):
    number = 1
    while pause_ms:
        await sleep_ms(pause_ms)
        if client.publish("t/count", str(number), qos=1):
            number += 1


async def main(settings, password, count_ms, folder):
    ticks = Ticks()
    settings = json.loads(settings)
    client = build_client(settings, "echo", password, folder, open_uart, ticks)
    client._link.connect_ms = settings.get("connect_ms", client._link.connect_ms)  # a test need not wait so long
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
    running = [asyncio.create_task(each) for each in (client.run(), ticks.run(), count(client, count_ms))]
    while not quit_asked:
        report(client, ticks)
        await sleep_ms(100)
    await client.disconnect()
    report(client, ticks)
    for task in running:
        task.cancel()


def report(client, ticks):
    names = ("connected", "connects", "sent", "received", "acked", "dropped", "oversize", "callback_errors")
    line = {name: getattr(client, name) for name in names}
    line["session_present"] = client.session_present
    line["granted"] = len(client.granted)
    line["waiting"] = len(client.outbox.messages)
    line["bytes"] = client.outbox.bytes
    line["late_max_ms"], line["ticks"] = ticks.late_max_ms, ticks.count
    line["error"] = str(client.last_error)
    gc.collect()
    line["heap"] = gc.mem_alloc()
    print(json.dumps(line))


asyncio.run(main(sys.argv[1], sys.argv[2], int(sys.argv[3]), sys.argv[4]))
