"""The station with transparent gateways and custom profiles in real time, and what cannot be simulated."""

import json
import subprocess
import sys

import pytest

from tests.micropython_collector import REPOSITORY

pytestmark = [pytest.mark.e2e, pytest.mark.timeout(120)]

STATION = REPOSITORY / "tools/stations/gateways.json"


def run(*arguments):
    command = [sys.executable, "-m", "tools.run", *map(str, arguments)]
    return subprocess.run(command, cwd=REPOSITORY, capture_output=True, text=True, timeout=100)


def test_custom_profiles_and_gateways_run_as_any_other_station(tmp_path):
    found = run("--station", STATION, "--seconds", 10, "--json", tmp_path / "out.json")
    figures = json.loads((tmp_path / "out.json").read_text(encoding="utf-8"))
    # A busy machine makes cycles and physics late in so short a run: that is judged by the scenarios.
    wrong = [each["en"] for each in figures["failures"] if "late" not in each["en"]]
    assert not wrong and found.returncode in (0, 1), found.stdout + found.stderr
    assert figures["station"] == "GC-GATEWAYS-01" and figures["guns_served"] == 4, figures
    assert figures["meter_polls"] > 50


def test_a_custom_profile_without_a_simulated_device_is_refused_before_anything_starts(tmp_path):
    station = json.loads(STATION.read_text(encoding="utf-8"))
    station["devices"][1]["simulated_as"] = "sdm360"
    (tmp_path / "profiles").mkdir()
    for profile in (STATION.parent / "profiles").glob("*.json"):
        (tmp_path / "profiles" / profile.name).write_text(profile.read_text(encoding="utf-8"), encoding="utf-8")
    (tmp_path / "station.json").write_text(json.dumps(station), encoding="utf-8")
    found = run("--station", tmp_path / "station.json", "--seconds", 10)
    assert found.returncode == 2 and found.stdout == ""
    place = "devices[1].simulated_as (meter): no such simulated device; found sdm360; allowed: "
    assert place in found.stderr and "sdm630" in found.stderr and "没有这种模拟设备" in found.stderr
