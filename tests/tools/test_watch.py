"""The table of all stations from messages alone, and the program against a real broker."""

import io
import json
import os
import subprocess
import sys
from pathlib import Path

import pytest
from rich.console import Console

sys.path.append(str(Path(__file__).parent))

from view_messages import gun, telemetry  # noqa: E402

from tools.watch import Fleet, condition, table  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]


def fleet_of(wanted=(), **stations):
    """stations: {id: fields of its telemetry, or None when only its status was heard}"""
    fleet = Fleet(wanted)
    for station, fields in stations.items():
        topic = f"guangchu/v1/{station}/"
        fleet.take(topic + "status", b'{"online":true}', 0.0)
        if fields is not None:
            fleet.take(topic + "telemetry", telemetry(**fields), 0.0)
    return fleet


def text_of(fleet, now_s=0.5, language="en"):
    out = io.StringIO()
    Console(file=out, width=140, color_system=None).print(table(fleet, now_s, language))
    return out.getvalue()


def line_of(fleet, station, **more):
    return [line for line in text_of(fleet, **more).splitlines() if station in line][0]


def test_each_station_has_a_line_with_its_powers():
    guns = [gun("g1", power_w=100000), gun("g2", power_w=50000), gun("g3", "idle", 0)]
    line = line_of(fleet_of(A={"guns": guns}, B={}), "A")
    for shown in ("running", "400.0", "391.0", "128.0", "-40.0", "2/3", "150.0"):
        assert shown in line, line


def test_a_power_of_which_a_part_is_not_known_is_not_known():
    line = line_of(fleet_of(A={"guns": [gun("g1"), gun("g2", power_w=None)]}), "A")
    assert "2/2" in line and "?" in line


@pytest.mark.parametrize(
    ("fields", "now_s", "expected"),
    [
        ({}, 0.5, "well"),
        ({"ladder": 2}, 0.5, "blind"),
        ({"estop": True, "ladder": 1}, 0.5, "stopped"),
        ({}, 3.5, "silent"),
        (None, 0.5, "silent"),
    ],
)
def test_the_worst_that_is_true_of_a_station_is_said(fields, now_s, expected):
    assert condition(fleet_of(A=fields).states["A"], now_s) == expected


def test_a_station_that_is_away_is_offline_whatever_it_said_before():
    fleet = fleet_of(A={})
    fleet.take("guangchu/v1/A/status", b'{"online":false}', 0.1)
    assert condition(fleet.states["A"], 0.2) == "offline" and "离线" in text_of(fleet, language="zh")


def test_only_the_stations_asked_for_are_shown_and_those_that_were_never_heard_too():
    fleet = fleet_of(["A", "C"], A={}, B={})
    assert sorted(fleet.states) == ["A", "C"] and "silent" in line_of(fleet, "C")


def test_foreign_topics_and_hostile_messages_make_no_station_wrong():
    fleet = fleet_of(A={})
    fleet.take("other/v1/X/telemetry", b"{}", 0.1)
    fleet.take("guangchu/v1//telemetry", b"{}", 0.1)
    fleet.take("guangchu/v1/A/telemetry", b"\xff{", 0.1)
    fleet.take("guangchu/v1/A/telemetry", json.dumps({"seq": "x"}).encode(), 0.1)
    assert sorted(fleet.states) == ["A"] and condition(fleet.states["A"], 0.2) == "well"
    assert fleet.states["A"].not_understood == 2


def test_nobody_heard_within_the_time_is_an_error_even_without_a_broker():
    environment = {**os.environ, "GUANGCHU_MQTT_PASSWORD": "secret"}
    command = [sys.executable, "-m", "tools.watch", "--port", "1", "--seconds", "0.3"]
    done = subprocess.run(command, cwd=ROOT, env=environment, capture_output=True, timeout=30)
    assert done.returncode == 1 and b"stations" in done.stdout
