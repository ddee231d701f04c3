"""What becomes of a fleet's messages: how late they are in the database, and what the broker counts.

The database is looked at from outside, over a connection of its own, every LOOK_S: an entry or a message counts as
stored when another reader sees it, so each lag includes up to LOOK_S of our own. `at_ms` of a message are the ticks at
its sampling, which all processes of this machine share.
"""

import sqlite3
import threading
import time

import paho.mqtt.client as paho

LOOK_S = 0.1
_TICKS = 1 << 30
COUNTERS = ("publish/messages/received", "publish/bytes/received", "publish/messages/dropped")


def lag_ms(at_ms, now_ms):
    """From ticks, which wrap, to now on the same clock."""
    return (now_ms - at_ms + _TICKS // 2) % _TICKS - _TICKS // 2


def quantiles(lags):
    """(median, p99, worst) in ms; Nones of nothing."""
    if not lags:
        return None, None, None
    lags = sorted(lags)
    return lags[len(lags) // 2], lags[min(len(lags) - 1, len(lags) * 99 // 100)], lags[-1]


class DatabaseWatch:
    """path: the SQLite file. `take()` gives ([lag of each new entry in ms], [lag of each new telemetry message])."""

    def __init__(self, path):
        self._path, self._stop, self._lock = path, threading.Event(), threading.Lock()
        self._entries, self._telemetry = [], []
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()

    def _run(self):
        connection = sqlite3.connect(f"file:{self._path}?mode=ro", uri=True, timeout=10)
        last_row, newest = 0, {}
        while not self._stop.wait(LOOK_S):
            rows = connection.execute("SELECT rowid, at_ms FROM entry WHERE rowid > ?", (last_row,)).fetchall()
            telemetry = connection.execute(
                "SELECT station, json_extract(body, '$.at_ms') FROM latest WHERE kind = 'telemetry'"
            ).fetchall()
            now_ms = time.monotonic_ns() // 1_000_000
            fresh = [(name, at_ms) for name, at_ms in telemetry if newest.get(name) != at_ms]
            newest.update(fresh)
            last_row = max([last_row, *(row for row, _ in rows)])
            with self._lock:
                self._entries += [lag_ms(at_ms, now_ms) for _, at_ms in rows]
                self._telemetry += [lag_ms(at_ms, now_ms) for _, at_ms in fresh]
        connection.close()

    def take(self):
        with self._lock:
            found, self._entries, self._telemetry = (self._entries, self._telemetry), [], []
        return found

    def stop(self):
        self._stop.set()
        self._thread.join()


class BrokerCounters:
    """mosquitto's own counters, from its $SYS topics; it needs `sys_interval 1`."""

    def __init__(self, port):
        self._values, self._known = {}, threading.Event()
        self._client = paho.Client(paho.CallbackAPIVersion.VERSION2, client_id="bench-counters")
        self._client.on_connect = lambda client, *_: client.subscribe([(f"$SYS/broker/{each}", 0) for each in COUNTERS])
        self._client.on_message = self._on_message
        self._client.connect("127.0.0.1", port)
        self._client.loop_start()

    def _on_message(self, client, userdata, message):
        self._values[message.topic.removeprefix("$SYS/broker/")] = int(message.payload)
        if len(self._values) == len(COUNTERS):
            self._known.set()

    def now(self):
        """(messages received, bytes of them, messages dropped) since the broker's start."""
        if not self._known.wait(10):
            raise RuntimeError(f"the broker says only {sorted(self._values)} of itself")
        return [self._values[each] for each in COUNTERS]

    def stop(self):
        self._client.disconnect()
        self._client.loop_stop()


def cpu_s(pid):
    """Processor time of a process so far (Linux)."""
    with open(f"/proc/{pid}/stat", encoding="ascii") as file:
        fields = file.read().rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / 100
