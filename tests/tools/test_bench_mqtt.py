"""The benchmark of the wire to the platform: its own parts, and an outage that is short enough for a test."""

import json
import socket
import subprocess
import sys
import time

import pytest

from tests.micropython_collector import not_run
from tools.bench import fleet_replay, mosquitto, mqtt_caps, mqtt_fleet, mqtt_outage
from tools.bench.fleet_watch import lag_ms, quantiles
from tools.bench.processes import ROOT
from tools.bench.report import Report
from tools.bench.turning_broker import publication, topic_of
from tools.platform.sorting import Sorter

TRACE = {
    "telemetry": [{"seq": 4, "at_ms": 1, "unix_s": None, "room_w": 5}],
    "capability": [{"seq": 1, "at_ms": 1, "unix_s": 2, "cap_w": 7}],
    "journal": [
        {"boot": 3, "seq": 1, "kind": "start", "body": {"boot": 3}},
        {"boot": 3, "seq": 2, "to": 4, "kind": "gap"},
        {"boot": 3, "seq": 5, "unix_s": 9, "at_ms": 9, "kind": "decision", "body": {"guns": [], "storage": []}},
    ],
    "state": [{"seq": 1, "boot": 3, "estop": False}],
    "birth": [{"station": "GC-DEMO-01", "boot": 3, "name": {"zh": "站", "en": "station"}}],
}


def test_lag_is_counted_across_the_wrap_of_the_ticks():
    assert lag_ms(1000, 1250) == 250
    assert lag_ms((1 << 30) - 100, (1 << 30) + 50) == 150 and lag_ms((1 << 30) - 100, 50) == 150


def test_quantiles_of_nothing_are_none_and_the_worst_is_never_hidden():
    assert quantiles([]) == (None, None, None)
    assert quantiles([5]) == (5, 5, 5)
    assert quantiles(list(range(1000, 0, -1))) == (501, 991, 1000)


def test_a_replaying_station_says_it_under_its_own_name_and_numbers():
    trace = fleet_replay.Trace(TRACE)
    station = fleet_replay.Replaying("GC-R001", 1, trace, 0)
    station.add()
    station.add()
    sorter, rows = Sorter(), []
    for message in station._waiting:
        rows.append(sorter.sort(station.topic("journal"), message, 1)[1])
    assert [(row["station"], row["boot"], row["seq"], row["kind"]) for row in rows] == [
        ("GC-R001", 1, 1, "start"), ("GC-R001", 1, 2, "decision"), ("GC-R001", 1, 3, "decision"),
    ]  # fmt: skip
    birth = json.loads(fleet_replay.stamped(trace.birth, station="GC-R001", boot=1))
    assert birth == {"station": "GC-R001", "boot": 1, "name": {"zh": "站", "en": "station"}}


def test_a_flood_is_of_commands_for_the_station_that_connects():
    will = b"\x00\x1fguangchu/v1/GC-DEMO-01/status\x00\x10"
    assert topic_of(b"\x10\x60" + will) == b"guangchu/v1/GC-DEMO-01/command" and topic_of(b"\x10\x00") == b"t"
    packet = publication(b"t", b"x" * 200)
    assert packet[:3] == bytes([0x30, 0x80 | 203 & 0x7F, 203 >> 7]) and len(packet) == 3 + 203
    assert publication(b"t", b"x")[:2] == b"\x30\x04"


def test_each_state_of_the_broker_meets_a_station_at_its_cap_and_a_cloud_front():
    events = mqtt_caps.scenario().data["events"]
    assert [each["event"] for each in events] == ["broker_turns", "pv_drop"]
    assert events[0]["at_s"] < events[1]["at_s"] < mqtt_caps.SECONDS - 10


@pytest.mark.parametrize(("over_kws", "gap_ms"), [(0.0, 210.0), (0.1, 210.0), (0.0, 9000.0)])
def test_a_state_in_which_anything_goes_over_the_cap_or_the_meter_is_not_read_fails(over_kws, gap_ms):
    rows = Report("make x")
    found = {"over_cap_kws": over_kws, "import_last_30s_permille_of_cap": 900.0, "meter_polls": 9, "seconds": 36.0,
             "meter_largest_gap_ms": gap_ms, "heard": [5, 0], "failures": []}  # fmt: skip
    mqtt_caps.row(rows, "slow", found, 400.0)
    assert rows.passed is (over_kws == 0 and gap_ms < 1000)
    mqtt_caps.row(rows, "slow", {**found, "failures": ["the physics did not keep up"]}, 400.0)
    assert not rows.passed and "physics" in rows.rows[-1]["note"]


def test_a_way_that_turns_unreachable_falls_silent_and_comes_back():
    listener = socket.create_server(("127.0.0.1", 0))
    with listener, mqtt_caps.turning(listener.getsockname()[1]) as (port, turn):
        with socket.create_connection(("127.0.0.1", port), 10) as client:
            client.sendall(b"one")
            far, _ = listener.accept()
            with far:
                assert far.recv(10) == b"one"
                far.sendall(b"two")
                assert client.recv(10) == b"two"
                turn("unreachable")
                time.sleep(0.5)
                far.sendall(b"three")
                client.settimeout(0.5)
                with pytest.raises(TimeoutError):
                    client.recv(10)
                with pytest.raises(TimeoutError):
                    socket.create_connection(("127.0.0.1", port), 0.5).close()
                turn("well")
                client.settimeout(20)
                assert client.recv(10) in (b"", b"three")  # the silence has broken it
        end_s = time.monotonic() + 20
        with socket.create_connection(("127.0.0.1", port), 20) as client:
            client.sendall(b"again")
            listener.settimeout(20)
            while time.monotonic() < end_s:
                far, _ = listener.accept()
                with far:
                    if far.recv(10) == b"again":
                        return
        raise AssertionError("it did not come back")


def test_an_hour_without_a_broker_reaches_the_platform_whole(monkeypatch):
    if mosquitto.find() is None:
        not_run("mosquitto is not installed")
    day, (entries, missing, gaps), live = mqtt_outage.measure(1)
    assert day["made"]["record"] == 4 and day["made"]["sample"] == 60 and day["free"] > 0
    assert missing == 0 and gaps == [] and set(day["kept"]) <= set(entries) and len(entries) == day["last_seq"]
    assert day["catch_up_ms"] >= 1000 * mqtt_outage.PACE_S * 80 and live.skipped == 0
    rows = Report("make x")
    monkeypatch.setattr(mqtt_outage, "measure", lambda: (day, ({1: "start"}, missing, gaps), live))
    mqtt_outage.report(rows)
    assert not rows.rows[0]["ok"] and rows.rows[0]["value"] == len(day["kept"]) - 1


def test_a_program_that_is_asked_says_when_it_has_ended():
    program = mqtt_fleet.Asked.__new__(mqtt_fleet.Asked)
    command = [sys.executable, "-m", "json.no_such_module"]
    program._process = subprocess.Popen(
        command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, text=True
    )
    with pytest.raises(RuntimeError, match="json.no_such_module ended with 1"):
        program.answer()
    program.end()
