"""Fleets into one broker and `tools.record`: 15 stations, 200, and 200 that all come back at once.

As many of them as the machine carries are whole controllers at simulated plants (fleet_controllers.py); the rest replay
what a real one has said (fleet_replay.py): a station's firmware on MicroPython is left without a broker for an hour of
virtual time, and everything it then says is recorded. The rows say how many are which.
"""

import contextlib
import json
import os
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import paho.mqtt.client as paho

from tools.bench import mosquitto
from tools.bench.fleet_watch import BrokerCounters, DatabaseWatch, cpu_s, quantiles
from tools.bench.mqtt_caps import turning
from tools.bench.mqtt_outage import recorder, station_day
from tools.bench.processes import ROOT
from tools.platform.store import Store

CONTROLLERS = 2 * (os.cpu_count() or 1)
SMALL, LARGE = 15, 200
SETTLE_S, SMALL_S, LARGE_S, AWAY_S = 5, 20, 30, 8
BACKLOG = 90  # entries a station has made in an hour's outage
PACE_S = 0.05
LAG_MS = 1000
CAUGHT_UP_S, BEHIND_S = 20, 2
MOST_S = 120
COUNTED_S = 2
# What one recorder may have in its hands, and what is kept for it while it is away: docs/platform.md.
BROKER = ("sys_interval 1", "max_inflight_messages 500")


def recorded(port, folder):
    """{kind: [message]} of a station after an hour's outage."""
    said = {}

    def on_message(client, userdata, message):
        said.setdefault(message.topic.rpartition("/")[2], []).append(json.loads(message.payload))

    client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="bench-trace")
    client.on_message = on_message
    client.on_connect = lambda client, *_: client.subscribe("guangchu/v1/#", 1)
    client.connect("127.0.0.1", port)
    client.loop_start()
    folder.mkdir()
    station_day(folder, port, 1)
    client.disconnect()
    client.loop_stop()
    return said


class Asked:
    """A program that answers each line of its input with a line of JSON."""

    def __init__(self, module, *arguments):
        command = [sys.executable, "-m", module, *map(str, arguments)]
        self._process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)

    def answer(self):
        line = self._process.stdout.readline()
        if not line:
            raise RuntimeError(f"{self._process.args[2]} ended with {self._process.wait()}")
        return json.loads(line)

    def ask(self, line):
        self._process.stdin.write(line + "\n")
        self._process.stdin.flush()
        return self.answer()

    def end(self):
        self._process.stdin.close()
        try:
            self._process.wait(20)
        except subprocess.TimeoutExpired:
            self._process.kill()
            self._process.wait()
        self._process.stdout.close()


@contextlib.contextmanager
def asked(module, *arguments):
    program = Asked(module, *arguments)
    try:
        yield program
    finally:
        program.end()


class Measured:
    """The parts of a running fleet, and rows about them."""

    def __init__(self, rows, path, port, recorders):
        self.rows, self.url, self._recorders = rows, f"sqlite:///{path}", recorders
        self._counters, self._watch = BrokerCounters(port), DatabaseWatch(path)

    def stop(self):
        self._watch.stop()
        self._counters.stop()

    def span(self, wait, late_s=0.0):
        """What happens while `wait()` runs: (its result, s, counters, (entries', telemetry's lags), core's share).
        late_s: the counters are read so much later, since the broker publishes them once a second."""
        self._watch.take()
        began_s, before = time.monotonic(), self._counters.now()
        cpu_before_s = sum(cpu_s(each.pid) for each in self._recorders)
        result = wait()
        took_s = time.monotonic() - began_s
        share = (sum(cpu_s(each.pid) for each in self._recorders) - cpu_before_s) / took_s
        time.sleep(late_s)
        counted = [after - earlier for after, earlier in zip(self._counters.now(), before, strict=True)]
        return result, took_s, counted, self._watch.take(), share

    def steady(self, name, stations, seconds):
        """Rows of a fleet that goes about its business."""
        _, took_s, (messages, size, dropped), lags, share = self.span(lambda: time.sleep(seconds))
        self.rate(name, stations, took_s, messages, size, share)
        for what, found in zip(("journal", "telemetry"), lags, strict=True):
            median, p99, worst = quantiles(found)
            if p99 is None:
                self.rows.not_measured(f"{name}: {what} stored after, p99", "ms", "nothing was stored")
                continue
            self.rows.add(
                f"{name}: {what} stored after, p99", p99, "ms", bound=("value", "<=", LAG_MS),
                note=f"from sampling until another reader of the database sees it, looked at every 100 ms; median "
                f"{median}, worst {worst}; {len(found)} messages",
            )  # fmt: skip
        self.dropped(name, dropped)

    def rate(self, name, stations, took_s, messages, size, share):
        self.rows.add(
            f"{name}: messages", round(messages / took_s), "1/s", note=f"{stations}; {size / took_s / 1000:.0f} kB/s; "
            f"tools.record ({len(self._recorders)} of them) took {100 * share:.0f} % of a core",
        )  # fmt: skip

    def dropped(self, name, dropped):
        self.rows.add(f"{name}: messages dropped by the broker", dropped, "", bound=("value", "==", 0))

    def burst(self, name, stations, wait, journals):
        """Rows of a fleet that comes back at once. wait(): until every journal is empty, gives `journals` then."""
        before = sum(acked for _, acked in journals.values())

        def all_stored():
            said, acked_s = wait(), time.monotonic()
            self.until_stored(said)
            return said, time.monotonic() - acked_s

        (said, behind_s), took_s, (messages, size, dropped), (_, telemetry), share = self.span(all_stored, COUNTED_S)
        entries, floor_s = sum(acked for _, acked in said.values()) - before, BACKLOG * PACE_S
        self.rate(name, stations, took_s, messages, size, share)
        self.rows.add(
            f"{name}: caught up within", round(took_s, 1), "s", floor=round(floor_s, 1),
            bound=("value", "<=", CAUGHT_UP_S), note=f"until the last of {entries} journal entries was stored; floor: "
            f"{BACKLOG} entries of a station, 20 a second; the replaying stations themselves take most of it",
        )  # fmt: skip
        self.rows.add(
            f"{name}: the last entry stored after", round(behind_s, 2), "s", bound=("value", "<=", BEHIND_S),
            note="from the broker's acknowledgement of it on",
        )  # fmt: skip
        median, p99, worst = quantiles(telemetry)
        self.rows.add(
            f"{name}: telemetry stored after, p99", p99, "ms", note=f"median {median}, worst {worst}; "
            f"{len(telemetry)} messages that were the newest when looked at",
        )  # fmt: skip
        self.dropped(name, dropped)

    def until_stored(self, said):
        """Until the database has what these stations know to be acknowledged. Raises RuntimeError."""
        wanted, end_s = sum(acked for _, acked in said.values()), time.monotonic() + MOST_S
        store = Store(self.url)
        try:
            query = "SELECT COUNT(*) FROM entry WHERE station LIKE 'GC-R%'"
            while True:
                with store.engine.connect() as connection:
                    found = connection.exec_driver_sql(query).scalar()
                if found >= wanted:
                    return
                if time.monotonic() > end_s:
                    raise RuntimeError(f"{found} of {wanted} entries were stored within {MOST_S} s")
                time.sleep(0.1)
        finally:
            store.close()

    def missing(self, name, said):
        """The row that counts: no number of any station is missing, and nobody knows of more than is stored."""
        self.until_stored(said)
        store = Store(self.url)
        try:
            gaps = store.missing()
            query = "SELECT station, COUNT(*), MAX(seq) FROM entry GROUP BY station"
            with store.engine.connect() as connection:
                counts = {row[0]: tuple(row[1:]) for row in connection.exec_driver_sql(query)}
        finally:
            store.close()
        short = [station for station, (_, acked) in said.items() if counts.get(station, (0, 0))[0] < acked]
        self.rows.add(
            f"{name}: numbers missing", sum(last - first + 1 for _, _, first, last in gaps) + len(short), "",
            bound=("value", "==", 0), note=f"{sum(count for count, _ in counts.values())} entries of {len(counts)} "
            "stations in the database; of the replaying ones also compared with what they know to be acknowledged",
        )  # fmt: skip


def report(rows):
    program = mosquitto.find()
    if program is None:
        raise RuntimeError("mosquitto is not installed")
    with tempfile.TemporaryDirectory(prefix="bench-mqtt-") as name:
        folder = Path(name)
        broker = mosquitto.Mosquitto(program, folder, more=BROKER)
        try:
            trace = recorded(broker.ports["plain"], folder / "trace")
            (folder / "trace.json").write_text(json.dumps(trace), encoding="utf-8")
            fleets(rows, folder, broker.ports["plain"])
        finally:
            broker.end()


def fleets(rows, folder, port):
    path = folder / "stations.db"
    url = f"sqlite:///{path}"
    with contextlib.ExitStack() as running:
        alone = contextlib.ExitStack()
        running.enter_context(alone)
        recorders = [alone.enter_context(recorder(port, url, "--name", "bench-recorder"))]
        measured = Measured(rows, path, port, recorders)
        running.callback(measured.stop)
        way, turn = running.enter_context(turning(port))
        replay = running.enter_context(asked("tools.bench.fleet_replay", port, folder / "trace.json"))
        controllers = running.enter_context(asked("tools.bench.fleet_controllers", way, CONTROLLERS))
        controllers.answer()
        for name, count, seconds in (("15 stations", SMALL, SMALL_S), ("200 stations", LARGE, LARGE_S)):
            replay.ask(f"join {count - CONTROLLERS}")
            time.sleep(SETTLE_S)
            measured.steady(name, kinds(count), seconds)
            measured.missing(name, replay.ask("said"))
        come_back(measured, replay, turn, "200 stations come back")
        measured.missing("200 stations come back", replay.ask("said"))
        shared = [running.enter_context(recorder(port, url, "--share", "bench", "--name", each)) for each in "ab"]
        alone.close()
        recorders[:] = shared
        come_back(measured, replay, turn, "200 stations come back, 2 recorders")
        measured.missing("200 stations come back, 2 recorders", replay.ask("said"))


def come_back(measured, replay, turn, name):
    turn("unreachable")
    replay.ask("leave")
    time.sleep(AWAY_S)
    journals = replay.ask("said")

    def wait():
        turn("well")
        replay.ask(f"back {BACKLOG}")
        return replay.ask("wait")

    measured.burst(name, kinds(LARGE), wait, journals)


def kinds(count):
    return f"{CONTROLLERS} whole controllers at simulated plants, {count - CONTROLLERS} stations that replay"
