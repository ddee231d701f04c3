"""A station that only tells, run on MicroPython for the view's wire test: `telling_station.py PORT PASSWORD`."""

import asyncio
import sys

sys.path.append("tests/firmware")

from telemetry_station import CONFIG, charging_rig  # noqa: E402

from drivers.ticks import sleep_ms, ticks_ms  # noqa: E402
from firmware.birth import birth  # noqa: E402
from firmware.mqtt.client import Client  # noqa: E402
from firmware.mqtt.tcp import TcpLink  # noqa: E402
from firmware.telemetry import status, topic  # noqa: E402


async def main(port, password):
    name = CONFIG["station"]["id"]
    rig = charging_rig()
    client = Client(TcpLink("127.0.0.1", port), name, "station", password, 4)
    about = b"".join(await birth(CONFIG.items(), "0.1.0", 4))
    client.set_last_will(topic(name, "status"), status(False), True, 1)

    def on_connect():
        client.publish(topic(name, "status"), status(True), True, 1)
        client.publish(topic(name, "birth"), about, True, 1)

    client.set_on_connect(on_connect)
    asyncio.create_task(client.run())
    while True:
        rig.seen.seq += 1
        client.publish(topic(name, "telemetry"), b"".join(rig.seen.pieces(ticks_ms(), None)))
        await sleep_ms(200)


asyncio.run(main(int(sys.argv[1]), sys.argv[2]))
