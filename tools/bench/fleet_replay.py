"""Stations that replay what a real one has said: `python -m tools.bench.fleet_replay PORT TRACE`.

TRACE: {kind: [message]} of one real station (JSON), its journal in order. Each replaying station has a connection of
its own through the firmware's MQTT client (on CPython), and says the same under its own name, with its own sequence
numbers and the time of now: telemetry every second, capability every ten, a journal entry as often as the real one had
one, each acknowledged before the next is sent and at most 20 a second. Lines of its input, answered with a line of
JSON each: `join N` (there are N from now on), `leave` (all connections are closed, journals go on), `back N` (N more
entries have come up in each journal; all connect at once), `said` ({station: [boot, last entry acknowledged]}),
`wait` (answered when every journal is empty). Goes when its input ends.
"""

import asyncio
import itertools
import json
import sys
import time

from drivers.ticks import ticks_ms
from firmware.mqtt.client import Client
from firmware.mqtt.tcp import TcpLink

ROOT = "guangchu/v1"
BOOT = 1
ENTRY_EVERY_S = 20.0
CAPABILITY_EVERY_S = 10
PACE_S = 0.05
_PERSONAL = ("seq", "at_ms", "unix_s", "boot", "station")


def template(message):
    """A message without what each station says differently, ready to be continued."""
    rest = {name: value for name, value in message.items() if name not in _PERSONAL}
    return json.dumps(rest, ensure_ascii=False, separators=(",", ":")).encode()[1:]


def stamped(rest, **personal):
    """personal: what this station says of itself, in front of a template."""
    return json.dumps(personal, separators=(",", ":")).encode()[:-1] + b"," + rest


class Trace:
    """Templates of each kind."""

    def __init__(self, messages):
        entries = [each for each in messages["journal"] if each["kind"] not in ("start", "gap")]
        self.of = {kind: [template(each) for each in messages[kind]] for kind in ("telemetry", "capability")}
        self.of["journal"] = [template(each) for each in entries]
        self.state, self.birth = template(messages["state"][-1]), template(messages["birth"][-1])


class Replaying:
    """One station. offset_s: its place within a second, so that the fleet does not speak as one."""

    def __init__(self, name, port, trace, offset_s):
        self.name, self._port, self._trace, self._offset_s = name, port, trace, offset_s
        self.acked = 0
        self._made = 0  # numbers of the journal so far
        self._waiting = []  # messages of the journal
        self._entries = itertools.cycle(trace.of["journal"])
        self._seconds = 0
        self._sender = self._client = self._run = None
        self.add(b'"kind":"start","body":{"boot":%d}}' % BOOT)

    def topic(self, kind):
        return f"{ROOT}/{self.name}/{kind}"

    def add(self, rest=None):
        """One more entry in the journal, as of now."""
        self._made += 1
        rest = next(self._entries) if rest is None else rest
        message = stamped(rest, boot=BOOT, seq=self._made, unix_s=int(time.time()), at_ms=ticks_ms())
        self._waiting.append(message)

    def connect(self):
        self._client = client = Client(TcpLink("127.0.0.1", self._port), self.name, "bench", None, 30)
        client.set_last_will(self.topic("status"), b'{"online":false}', True, 1)
        client.set_on_connect(self._on_connect)
        client.subscribe(self.topic("command"), 1)
        self._run = asyncio.create_task(client.run())
        self._sender = asyncio.create_task(self._send())

    async def leave(self):
        self._sender.cancel()
        await self._client.disconnect()
        await self._run

    def _on_connect(self):
        now = {"unix_s": int(time.time()), "at_ms": ticks_ms()}
        self._client.publish(self.topic("status"), b'{"online":true}', True, 1)
        self._client.publish(self.topic("birth"), stamped(self._trace.birth, station=self.name, boot=BOOT), True)
        self._client.publish(self.topic("state"), stamped(self._trace.state, seq=1, boot=BOOT, **now), True, 1)

    async def live(self):
        """What it says every second, for as long as it lives."""
        await asyncio.sleep(self._offset_s)
        due_s = time.monotonic()
        every = round(ENTRY_EVERY_S)
        shift = hash(self.name) % every
        while True:
            self._seconds += 1
            if (self._seconds + shift) % every == 0:
                self.add()
            if self._client is not None and self._client.connected:
                self._tell("telemetry", self._seconds)
                if self._seconds % CAPABILITY_EVERY_S == 0:
                    self._tell("capability", self._seconds // CAPABILITY_EVERY_S)
            due_s += 1
            await asyncio.sleep(max(0, due_s - time.monotonic()))

    def _tell(self, kind, seq):
        rests = self._trace.of[kind]
        message = stamped(rests[seq % len(rests)], seq=seq, at_ms=ticks_ms(), unix_s=int(time.time()))
        self._client.publish(self.topic(kind), message)

    async def _send(self):
        while True:
            await asyncio.sleep(PACE_S)
            if self._waiting and self._client.connected:
                if await self._client.publish_acked(self.topic("journal"), self._waiting[0]):
                    self._waiting.pop(0)
                    self.acked += 1

    @property
    def empty(self):
        """Every entry of the journal is acknowledged."""
        return not self._waiting


class Fleet:
    def __init__(self, port, trace):
        self._port, self._trace = port, trace
        self._stations, self._tasks = [], []

    async def join(self, count):
        for number in range(len(self._stations), count):
            station = Replaying(f"GC-R{number:03}", self._port, self._trace, (number * 37 % 100) / 100)
            station.connect()
            self._stations.append(station)
            self._tasks.append(asyncio.create_task(station.live()))
        return len(self._stations)

    async def leave(self):
        await asyncio.gather(*(each.leave() for each in self._stations))
        return len(self._stations)

    async def back(self, entries):
        for each in self._stations:
            for _ in range(entries):
                each.add()
            each.connect()
        return len(self._stations)

    async def said(self):
        return {each.name: [BOOT, each.acked] for each in self._stations}

    async def wait(self):
        while not all(each.empty for each in self._stations):
            await asyncio.sleep(PACE_S)
        return await self.said()


async def main(port, trace):
    fleet, loop = Fleet(port, trace), asyncio.get_running_loop()
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        verb, *arguments = line.split()
        print(json.dumps(await getattr(fleet, verb)(*map(int, arguments))), flush=True)


if __name__ == "__main__":
    with open(sys.argv[2], encoding="utf-8") as file:
        asyncio.run(main(int(sys.argv[1]), Trace(json.load(file))))
