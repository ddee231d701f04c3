"""A station that talks: the real Northbound, its commands, clock and journal, over a client that keeps what is sent."""

import asyncio

from telemetry_station import CONFIG, charging_rig

from drivers.ticks import sleep_ms, ticks_ms
from firmware.bus_health import BusHealth
from firmware.clock import Clock
from firmware.clock_task import ClockTask
from firmware.commands import Commands
from firmware.emergency_stop import EmergencyStop
from firmware.journal import Journal
from firmware.limits import LimitsInForce
from firmware.northbound import Northbound
from firmware.running import Running
from firmware.supervisor import Supervisor

SETTINGS = {"telemetry_ms": 1000}
KEYS = {"operator": b"o" * 32, "grid": b"g" * 32, "service": b"s" * 16}
SOURCES = ("mqtt", "operator", "grid")


class Broker:
    """What Northbound asks of a client. `sent`: [(topic, message in bytes, retained, qos)], the will first."""

    def __init__(self):
        self.connected = True
        self.sent = []

    def set_last_will(self, topic, message, retain=False, qos=0):
        self.sent.append((topic, message, retain, qos))

    def set_callback(self, callback):
        self.receive = callback

    def set_on_connect(self, callback):
        self.connect = callback

    def subscribe(self, topic, qos=0):
        self.subscribed = topic

    def publish(self, topic, message, retain=False, qos=0):
        if self.connected or qos:
            self.sent.append((topic, bytes(message), retain, qos))
        return self.connected or qos > 0

    def publish_page(self, page, topic, pieces, retain=False):
        outgoing = page.write(topic, pieces, retain)
        if outgoing is None:
            return False
        outgoing.waits = False  # it goes out at once
        packet = bytes(outgoing.packet)
        return self.publish(topic, packet[packet.find(topic.encode()) + len(topic) :], retain)

    async def disconnect(self, timeout_ms):
        self.connected = False

    async def publish_acked(self, topic, message, retain=False):
        return self.publish(topic, message, retain, qos=1)

    def of(self, kind):
        """Messages of one kind, in bytes, and forgets them."""
        found = [each[1] for each in self.sent if each[0].rsplit("/", 1)[1] == kind]
        self.sent = [each for each in self.sent if each[0].rsplit("/", 1)[1] != kind]
        return found


class Talking:
    """folder: for its files. keys: of the authorities. rig: the station behind it."""

    def __init__(self, folder, keys=KEYS, buses=(), boot=4):
        self.rig = charging_rig()
        self.rig.stop = self.rig.seen.stop = EmergencyStop(None, None, False)
        self.rig.limits = self.rig.seen.limits = LimitsInForce(CONFIG["circuits"], SOURCES)
        self.clock = Clock(ticks_ms())
        station = CONFIG["station"]["id"]
        limits, stop = self.rig.limits, self.rig.stop
        self.running = Running(Supervisor(), self.rig.station, {}, [], None, limits, stop, None, None)
        self.commands = Commands(station, limits, stop, self.clock, keys, None, folder.path, self.running)
        self.journal = Journal(folder.path, boot, self.clock, ticks_ms(), 8)
        self.clock_task = ClockTask(self.clock, SETTINGS, boot)
        self.broker = Broker()
        config = {"station": CONFIG["station"], "mqtt": SETTINGS}
        self.north = Northbound(
            config, self.broker, ("0.1.0", boot), self.rig.seen, self.commands, BusHealth(buses),
            self.clock_task, self.journal,
        )

    def order(self, message, topic=b"guangchu/v1/GC-T/command"):
        """A command comes, and is carried out."""
        self.broker.receive(topic, message)
        asyncio.run(self._obeyed())

    async def _obeyed(self):
        task = asyncio.create_task(self.north.obey())
        while self.north._orders:
            await sleep_ms(5)
        await sleep_ms(5)
        task.cancel()
