"""A day without a broker: what the journal keeps on a board's flash, and how it gets to the platform afterwards.

The station is outage_station.py on MicroPython, its file system as large and as full as that of a Pico W with the
firmware for this station; the platform is `tools.record` on SQLite behind mosquitto, and it decides what has arrived.
"""

import contextlib
import json
import os
import signal
import subprocess
import sys
import tempfile
import threading
import time
from pathlib import Path

import paho.mqtt.client as paho

from firmware import config as station_config
from tools.bench import mosquitto
from tools.bench.processes import ROOT
from tools.firmware_image import build
from tools.platform.store import Store

BOARD, STATION = "rpi_pico_w", ROOT / "tools" / "stations" / "demo.json"
HEAP = "heapsize=400wK"  # of a board, and the compiling of all this from source: compiled code has shorter names
HOURS = 24
PACE_S = 0.05  # between two entries: docs/mqtt.md, at most 20 a second
SLOWER = 1.5
LIVE_GAP_S = 2.0  # telemetry is due every second
WITHIN_S = 300


class Live:
    """Telemetry as a subscriber gets it: arrival times, and numbers that never came."""

    def __init__(self, port):
        self.arrived_s, self.skipped, self._last = [], 0, None
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="bench-live")
        self._client.on_message = self._on_message
        listening = threading.Event()
        self._client.on_subscribe = lambda *_: listening.set()
        self._client.on_connect = lambda client, *_: client.subscribe("guangchu/v1/+/telemetry", 0)
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()
        if not listening.wait(10):
            raise RuntimeError("not subscribed")

    def _on_message(self, client, userdata, message):
        self.arrived_s.append(time.monotonic())
        seq = json.loads(message.payload)["seq"]
        self.skipped += 0 if self._last is None else seq - self._last - 1
        self._last = seq

    def largest_gap_s(self):
        pairs = zip(self.arrived_s, self.arrived_s[1:], strict=False)
        return max((after - before for before, after in pairs), default=float("inf"))

    def stop(self):
        self._client.disconnect()
        self._client.loop_stop()


@contextlib.contextmanager
def recorder(port, url, *more):
    """A `tools.record` that records, as a process; ended as its users end it."""
    command = [sys.executable, "-m", "tools.record", "--db", url, "--port", str(port), *more]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        line = process.stdout.readline()
        if "recording" not in line:
            raise RuntimeError(f"tools.record: {line}{process.stdout.read()}")
        yield process
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.communicate(timeout=30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.communicate()


def station_day(folder, port, hours):
    """What outage_station.py prints."""
    station = json.loads(STATION.read_text(encoding="utf-8"))
    station["mqtt"].update(host="127.0.0.1", port=port)
    del station["inputs"]  # nobody holds its contacts closed here
    (folder / "station.json").write_text(json.dumps(station, ensure_ascii=False), encoding="utf-8")
    image = build(BOARD, {**station_config.load(str(STATION)), "board": BOARD})
    image.write(folder / "image")
    binary = str(Path(sys.executable).with_name("micropython"))
    files, chip = folder / "image" / "flash", folder / "flash.img"
    chip.write_bytes(b"\xff" * image.facts.flash_bytes)
    command = [binary, "-X", HEAP, "-m", "tools.bench.outage_station", str(files), str(chip), str(hours)]
    environment = {**os.environ, "MICROPYPATH": f"{ROOT}:.frozen"}
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, timeout=WITHIN_S)
    if done.returncode:
        raise RuntimeError(f"outage_station ended with {done.returncode}: {(done.stdout + done.stderr)[-600:]}")
    return json.loads(done.stdout.splitlines()[-1])


def stored(url, last_seq):
    """What the platform has, when it has the last entry: ({seq: kind}, numbers missing, [(first, last) given up])."""
    store, end_s = Store(url), time.monotonic() + 30
    try:
        while True:
            with store.engine.connect() as connection:
                rows = {seq: kind for seq, kind in connection.exec_driver_sql("SELECT seq, kind FROM entry")}
            if max(rows, default=0) >= last_seq or time.monotonic() > end_s:
                break
            time.sleep(0.1)
        missing = sum(last - first + 1 for _, _, first, last in store.missing())
        given_up = [(first, last) for _, _, first, last in store.given_up()]
    finally:
        store.close()
    return rows, missing, given_up


def measure(hours=HOURS):
    """(what the station did, what the platform has, the live telemetry)."""
    program = mosquitto.find()
    if program is None:
        raise RuntimeError("mosquitto is not installed")
    with tempfile.TemporaryDirectory(prefix="bench-mqtt-") as name:
        folder = Path(name)
        broker = mosquitto.Mosquitto(program, folder)
        try:
            url, port = f"sqlite:///{folder}/stations.db", broker.ports["plain"]
            with recorder(port, url, "--name", "bench-recorder"):
                live = Live(port)
                day = station_day(folder, port, hours)
                platform = stored(url, day["last_seq"])
                live.stop()
        finally:
            broker.end()
    return day, platform, live


def report(rows):
    day, (entries, missing, gaps), live = measure()
    made, total = day["made"], sum(day["made"].values())
    kept_lost = [seq for seq in day["kept"] if seq not in entries]
    given_up = {seq for first, last in gaps for seq in range(first, last + 1)} - set(entries)
    rows.add(
        "outage of 24 h: alarms and records lost", len(kept_lost), "", bound=("value", "==", 0),
        note=f"of {made['alarm']} alarms, {made['record']} records and a start; virtual time; {BOARD}: "
        f"{day['free']} bytes free behind the firmware, the journal may take {day['most_pages']} files of 4 KB",
    )  # fmt: skip
    rows.add(
        "outage of 24 h: numbers missing that no gap declares", missing, "", bound=("value", "==", 0),
        note=f"tools.record on SQLite; {total} entries were made, {len(entries)} are stored",
    )  # fmt: skip
    loose = made["sample"] + made["decision"]
    rows.add(
        "outage of 24 h: samples and decisions given up", len(given_up) - len(kept_lost), "", baseline=loose,
        note=f"baseline: made ({made['sample']} samples of 60 s, {made['decision']} decisions); declared in "
        f"{len(gaps)} gaps",
    )  # fmt: skip
    rows.add(
        "outage of 24 h: flash used", day["largest"], "bytes", floor=day["most_pages"] * 4096,
        bound=("value", "<=", day["most_pages"] * 4096 + 4096), note="most bytes in the journal's files; floor: its "
        f"share; {day['left_on_flash']} bytes are left when all was sent",
    )  # fmt: skip
    rows.add(
        "outage of 24 h: erases of flash", day["erases"], "", note=f"of 4 KB; the block erased most: "
        f"{day['worst_block']} times; {day['programmed']} bytes programmed for {day['written']} entries",
    )  # fmt: skip
    catch_up(rows, day, len(entries) + len(gaps), live)


def catch_up(rows, day, messages, live):
    if day["catch_up_ms"] is None:
        rows.not_measured("outage of 24 h: caught up within", "s", "the journal was not empty in time")
        return
    took_s, floor_s = day["catch_up_ms"] / 1000, messages * PACE_S
    rows.add(
        "outage of 24 h: caught up within", round(took_s, 1), "s", floor=round(floor_s, 1),
        ratio=round(took_s / floor_s, 2), bound=("ratio", "<=", SLOWER), note="from the connection on, looked at every "
        f"100 ms; floor: {messages} messages, 20 a second",
    )  # fmt: skip
    rows.add(
        "outage of 24 h: longest pause of telemetry meanwhile", round(live.largest_gap_s(), 2), "s",
        bound=("value", "<=", LIVE_GAP_S), note=f"{len(live.arrived_s)} messages at a subscriber, "
        f"{day['telemetry']} sent; {live.skipped} numbers skipped",
    )  # fmt: skip
