"""A station's commands, and a platform that signs as it likes."""

import json

from scratch import Folder  # noqa: F401 for the tests that use this one
from telemetry_station import CONFIG

from control.station import Station
from firmware import signing
from firmware.clock import Clock
from firmware.commands import Commands
from firmware.emergency_stop import EmergencyStop
from firmware.keys import sources
from firmware.limits import LimitsInForce
from firmware.running import Running

CIRCUITS = [{"id": "grid", "cap_w": 400000}, {"id": "ac-row", "cap_w": 22000}]
TOPIC = b"guangchu/v1/GC-T/command"
KEYS = {"operator": b"o" * 32, "grid": b"g" * 32, "service": b"s" * 16}
NOW_S = 1800000000


class Site:
    """now_s None: the station does not know the time. station: of telemetry_station.py where none is given, with gun1
    (5 to 480 kW), gun2 (5 to 60 kW) and storage of 200 kW. now_ms: ticks of its start."""

    def __init__(self, folder, now_s=NOW_S, unsigned=None, held=KEYS, config=CONFIG, now_ms=0):
        self.limits = LimitsInForce(CIRCUITS, sources(held))
        self.stop = EmergencyStop(None, None, False)
        self.clock = Clock(0)
        self.clock.source = ""
        if now_s is not None:
            self.clock.set(now_s, "ntp", 50, now_ms)
        self.station = Station(config)
        running = Running(None, self.station, {}, [], None, self.limits, self.stop, None, None)
        self.commands = Commands("GC-T", self.limits, self.stop, self.clock, held, unsigned, folder.path, running)
        self.commands.restore(now_ms)
        self.counter = 0

    def message(self, authority="operator", kind="limit", key=None, topic=TOPIC, change=None, **fields):
        self.counter += 1
        command = {"id": "c%d" % self.counter, "type": kind, "station": "GC-T", "authority": authority}
        command.update({"issued": NOW_S, "expires": NOW_S + 60, "counter": self.counter})
        command.update(change or fields)
        body = json.dumps({name: command[name] for name in command if command[name] != "absent"}).encode()[:-1]
        return body + b',"mac":"' + signing.mac(key or KEYS[authority], topic, body) + b'"}'

    def take(self, message, now_ms=0):
        return self.commands.handle(TOPIC, message, now_ms)

    def send(self, authority="operator", kind="limit", now_ms=0, **fields):
        return self.take(self.message(authority, kind, **fields), now_ms)

    def limit(self, limit_w, expires_s=600, authority="operator", now_ms=0, circuit="grid", **fields):
        return self.send(authority, "limit", now_ms, circuit=circuit, limit_w=limit_w, expires_s=expires_s, **fields)

    def effective_w(self, now_ms=0):
        return self.limits.effective_w(0, now_ms)

    def told(self, now_ms=0):
        """What control is told of orders by now: (permitted W by gun, W asked of the storage), as a cycle does."""
        inputs = self.station.inputs
        if self.limits.orders is not None:
            self.limits.orders.take(inputs, now_ms)
        return list(inputs.gun_limit_w), inputs.storage_wish_w
