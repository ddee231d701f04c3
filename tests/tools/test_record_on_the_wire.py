"""The recorder as a process between a real broker that keeps sessions (mosquitto) and real databases."""

import json
import signal
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

import paho.mqtt.client as paho
import pytest

from tests.micropython_collector import not_run
from tools import record
from tools.bench import mosquitto
from tools.platform.store import Store

ROOT = Path(__file__).resolve().parents[2]

def wait_for(condition, what, timeout_s=30):
    end_s = time.monotonic() + timeout_s
    while not condition():
        assert time.monotonic() < end_s, f"not within {timeout_s} s: {what}"
        time.sleep(0.02)


def end(process, number=signal.SIGTERM):
    if process.poll() is None:
        process.send_signal(number)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
    return process.wait(10)


@pytest.fixture
def broker(tmp_path):
    """The port of a mosquitto of this test's own."""
    program = mosquitto.find() or not_run("mosquitto is not installed")
    running = mosquitto.Mosquitto(program, tmp_path)
    yield running.ports["plain"]
    running.end()


@contextmanager
def recorder(port, url, *more, name="recorder-test"):
    command = [sys.executable, "-m", "tools.record", "--db", url, "--port", str(port), "--name", name, *more]
    process = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True)
    try:
        yield process
    finally:
        end(process)
        process.stdout.close()


@contextmanager
def listening_recorder(port, url, *more, **options):
    with recorder(port, url, *more, **options) as process:
        line = process.stdout.readline()
        assert "recording" in line, line + process.stdout.read()
        yield process


class Station:
    def __init__(self, port, name="GC-T"):
        self.root = f"guangchu/v1/{name}/"
        self.client = paho.Client(paho.CallbackAPIVersion.VERSION2)
        self.client.max_queued_messages_set(0)
        self.client.connect("127.0.0.1", port)
        self.client.loop_start()

    def send(self, first, last, boot=1):
        """Journal entries of these numbers, until the broker has them."""
        for seq in range(first, last + 1):
            message = {
                "boot": boot, "seq": seq, "unix_s": 1_800_000_000 + seq, "at_ms": seq * 1000, "kind": "start",
                "body": {"boot": boot},
            }  # fmt: skip
            sent = self.tell("journal", message)
        sent.wait_for_publish(30)

    def tell(self, kind, message, **options):
        payload = message if isinstance(message, bytes) else json.dumps(message)
        return self.client.publish(self.root + kind, payload, qos=1, **options)

    def close(self):
        self.client.disconnect()
        self.client.loop_stop()


@pytest.fixture
def station(broker):
    made = Station(broker)
    yield made
    made.close()


@contextmanager
def opened(url):
    store = Store(url)
    try:
        yield store
    finally:
        store.close()


def stored(url):
    with opened(url) as store:
        return sum(count for _, _, count, _, _ in store.counts())


def test_a_recorder_that_is_killed_and_started_again_misses_nothing(broker, station, tmp_path):
    url = f"sqlite:///{tmp_path}/stations.db"
    with listening_recorder(broker, url) as first:
        station.send(1, 300)
        wait_for(lambda: stored(url), "something is stored")
        end(first, signal.SIGKILL)
    station.send(301, 600)
    with listening_recorder(broker, url):
        wait_for(lambda: _complete(url, 600), "all are there")
    assert record.main(["--db", url, "--report"]) == 0


def _last(store):
    with store.engine.connect() as connection:
        return connection.exec_driver_sql("SELECT MAX(seq) FROM entry").scalar()


def test_recorders_of_one_group_share_the_load_and_together_have_everything(broker, station, tmp_path):
    url = f"sqlite:///{tmp_path}/stations.db"
    group = ("--share", "g")
    with listening_recorder(broker, url, *group, name="one") as one:
        with listening_recorder(broker, url, *group, name="two") as two:
            station.send(1, 400)
            wait_for(lambda: _complete(url, 400), "all are there")
            assert end(one) == 0 and end(two) == 0
            shares = [int(each.stdout.read().split("received ")[1].split(",")[0]) for each in (one, two)]
    assert min(shares) > 50 and sum(shares) >= 400, shares


def _complete(url, last):
    with opened(url) as store:
        return _last(store) == last and not store.missing()


def test_what_is_hostile_or_foreign_is_counted_and_the_rest_is_stored(broker, station, tmp_path):
    url = f"sqlite:///{tmp_path}/stations.db"
    with listening_recorder(broker, url) as process:
        station.tell("status", {"online": True}, retain=True)
        with opened(url) as store:
            wait_for(lambda: _latest(store) == ["status"], "the status is stored")
            for hostile in (b"\xff\xfe", b"[" * 3000, b"{}", b'{"boot":1,"seq":-1,"to":2,"kind":"gap"}'):
                station.tell("journal", hostile)
            station.tell("nothing-of-ours", b"{}")
            station.send(1, 1)
            station.tell("journal", {"boot": 1, "seq": 2, "to": 4, "kind": "gap"})
            station.send(5, 5)
            wait_for(lambda: stored(url) == 2 and store.given_up() == [("GC-T", 1, 2, 4)], "the good ones are stored")
            assert store.missing() == []
        assert end(process) == 0
        said = process.stdout.read()
    assert said.count("not understood: guangchu/v1/GC-T/journal") == 4, said


def _latest(store):
    with store.engine.connect() as connection:
        return connection.exec_driver_sql("SELECT kind FROM latest").scalars().all()


def test_a_report_says_what_is_missing_and_ends_with_one(tmp_path, capsys):
    url = f"sqlite:///{tmp_path}/stations.db"
    row = {
        "station": "GC-T", "boot": 1, "kind": "record", "unix_s": 1_800_000_000, "at_ms": 1, "body": "{}",
        "received_unix_ms": 1,
    }  # fmt: skip
    with opened(url) as store:
        store.write([{**row, "seq": seq} for seq in (1, 2, 5)], [], [])
    assert record.main(["--db", url, "--report"]) == 1
    said = capsys.readouterr().out
    assert "GC-T record: 3 2027-01-15T08:00:00Z" in said and "GC-T boot 1: 3..4 缺失 / missing" in said


@pytest.mark.parametrize("url", ["nonsense", "sqlite:////no/such/folder/x.db", "mysql://u:secret@127.0.0.1/x"])
def test_a_database_that_cannot_be_used_is_named_without_its_password(url, capsys):
    assert record.main(["--db", url, "--report"]) == 2
    said = capsys.readouterr().err
    assert "--db" in said and "secret" not in said


def test_a_recorder_whose_broker_is_away_waits_for_it_and_ends_when_told_to(tmp_path):
    with recorder(1, f"sqlite:///{tmp_path}/stations.db") as process:
        wait_for(lambda: (tmp_path / "stations.db").exists(), "the database is there")
        with pytest.raises(subprocess.TimeoutExpired):
            process.wait(0.5)
        assert end(process) == 0
