"""Records what stations say into a database, and reports what is missing.

    python -m tools.record --db sqlite:///stations.db --host broker --user platform
    python -m tools.record --db postgresql+psycopg://recorder@host/stations --share recorders
    python -m tools.record --db sqlite:///stations.db --report

A message is acknowledged to the broker only when it is in the database. With --share, any number of recorders divide
the stations' messages among them (MQTT shared subscription). The report ends with 1 when numbers are missing that no
station has declared lost. SIGTERM or Ctrl-C end it.
"""

import argparse
import os
import queue
import signal
import sys
import threading
import time

import sqlalchemy.exc

from tools.platform import link
from tools.platform.sorting import NotUnderstood, Sorter
from tools.platform.store import Store

_MOST_A_BATCH = 500
_RETRY_FIRST_S, _RETRY_LAST_S = 0.5, 30.0
_TABLES = ("entry", "given_up", "latest")


class Recorder:
    """client: paho, with manual_ack. `received`, `stored`, `not_understood`: messages so far."""

    def __init__(self, client, store: Store, share: str | None, out=sys.stderr):
        self._client, self._store, self._out = client, store, out
        self._sorter, self._queue = Sorter(), queue.SimpleQueue()
        prefix = f"$share/{share}/" if share else ""
        self._topics = [(f"{prefix}{link.ROOT}+/{kind}", 1) for kind in ("journal", "status", "birth", "state")]
        self._topics += [(f"{prefix}{link.ROOT}+/{kind}", 0) for kind in ("telemetry", "capability", "health")]
        self.received = self.stored = self.not_understood = 0
        client.on_connect, client.on_subscribe = self._on_connect, self._on_subscribe
        client.on_message = self._on_message

    def _on_connect(self, client, userdata, flags, reason_code, properties) -> None:
        if reason_code.is_failure:
            self._say(f"broker: {reason_code}")
        else:
            client.subscribe(self._topics)

    def _on_subscribe(self, client, userdata, mid, reason_codes, properties) -> None:
        refused = [str(code) for code in reason_codes if code.is_failure]
        self._say(f"broker: subscription refused: {refused[0]}" if refused else "记录中 / recording")

    def _on_message(self, client, userdata, message) -> None:
        self._queue.put((message.topic, message.payload, message.mid, message.qos))

    def run(self, stop: threading.Event) -> None:
        """Stores until `stop` is set, and then what has come by then."""
        while not stop.is_set() or not self._queue.empty():
            batch = self._batch()
            if batch:
                self._keep(batch, stop)

    def _batch(self) -> list:
        batch = []
        try:
            batch.append(self._queue.get(timeout=0.2))
            while len(batch) < _MOST_A_BATCH:
                batch.append(self._queue.get_nowait())
        except queue.Empty:
            pass
        return batch

    def _keep(self, batch: list, stop: threading.Event) -> None:
        self.received += len(batch)
        rows, now_ms = {name: [] for name in _TABLES}, time.time_ns() // 1_000_000
        for topic, payload, _, _ in batch:
            try:
                sorted_ = self._sorter.sort(topic, payload, now_ms)
            except NotUnderstood as error:
                self.not_understood += 1
                self._say(f"not understood: {error}")
                continue
            if sorted_ is not None:
                rows[sorted_[0]].append(sorted_[1])
        if not self._write(rows, stop):
            return  # not acknowledged: the broker has it, and delivers it again
        self.stored += sum(len(each) for each in rows.values())
        for _, _, mid, qos in batch:
            if qos:
                self._client.ack(mid, qos)

    def _write(self, rows: dict, stop: threading.Event) -> bool:
        pause_s = _RETRY_FIRST_S
        while True:
            try:
                self._store.write(rows["entry"], rows["given_up"], rows["latest"])
                return True
            except sqlalchemy.exc.SQLAlchemyError as error:
                self._say(f"database: {str(error).splitlines()[0]}; again in {pause_s:g} s")
                if stop.wait(pause_s):
                    return False
                pause_s = min(2 * pause_s, _RETRY_LAST_S)

    def _say(self, text: str) -> None:
        print(text, file=self._out, flush=True)


def report(store: Store, out=None) -> int:
    """Prints what is there and what is not; 1 when something is missing."""
    for station, kind, count, first_s, last_s in store.counts():
        span = "" if first_s is None else f" {_time(first_s)} .. {_time(last_s)}"
        print(f"{station} {kind}: {count}{span}", file=out)
    for station, boot, first, last in store.given_up():
        print(f"{station} boot {boot}: {first}..{last} 场站声明已丢弃 / given up by the station", file=out)
    missing = store.missing()
    for station, boot, first, last in missing:
        print(f"{station} boot {boot}: {first}..{last} 缺失 / missing", file=out)
    print(f"缺失 {len(missing)} 段 / {len(missing)} ranges missing", file=out)
    return 1 if missing else 0


def _time(unix_s: int) -> str:
    return time.strftime("%Y-%m-%dT%H:%M:%SZ", time.gmtime(unix_s))


def main(arguments: list[str] | None = None) -> int:
    parser = argparse.ArgumentParser(prog="python -m tools.record", description="record stations from MQTT")
    parser.add_argument("--db", default="sqlite:///stations.db", help="URL of the database (default %(default)s)")
    parser.add_argument("--share", metavar="GROUP", help="divide the messages among all recorders of this group")
    parser.add_argument("--name", help="client id, the same after a restart (default: recorder-<host name>)")
    parser.add_argument("--report", action="store_true", help="say what is stored and what is missing, and end")
    link.add_options(parser)
    options = parser.parse_args(arguments)
    try:
        store = Store(options.db)
    except (ValueError, sqlalchemy.exc.SQLAlchemyError) as error:
        print(f"--db: {str(error).splitlines()[0]}", file=sys.stderr)
        return 2
    try:
        return report(store) if options.report else _record(store, options)
    finally:
        store.close()


def _record(store: Store, options) -> int:
    # A session that the broker keeps: what is published while the recorder is away waits for it there.
    client = link.client(options, options.name or f"recorder-{os.uname().nodename}", clean=False, manual_ack=True)
    recorder, stop = Recorder(client, store, options.share), threading.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        signal.signal(number, lambda *_: stop.set())
    client.connect_async(options.host, options.port, keepalive=30)
    client.loop_start()
    try:
        recorder.run(stop)
    finally:
        client.disconnect()
        client.loop_stop()
    print(f"received {recorder.received}, stored {recorder.stored}, not understood {recorder.not_understood}")
    return 0


if __name__ == "__main__":
    sys.exit(main())
