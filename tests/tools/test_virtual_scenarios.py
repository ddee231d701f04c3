"""Every scenario file, those of `make run` and those of tools/scenarios/virtual, in virtual time: the required outcome
must show."""

from functools import cache

import pytest

from tools import loop_scenario
from tools.loop_scenario import NEEDS_PROCESSES
from tools.scenario import SCENARIOS, load_scenario

run_file = cache(loop_scenario.run_file)  # some are looked at twice
FILES = sorted(path for path in SCENARIOS.rglob("*.json") if path.name != "scenario.schema.json")


@pytest.mark.parametrize("path", FILES, ids=lambda path: path.stem)
def test_the_station_shows_the_outcome_of_the_scenario_in_virtual_time(path):
    figures = run_file(path)
    assert figures["failures"] == []
    assert figures["invariant_breaches"] == 0  # what control could do nothing about is in forced_cycles
    assert figures["cycles"] > 0
    assert set(figures["not_judged"]) <= set(NEEDS_PROCESSES)


def test_there_are_at_least_thirty_scenarios_for_virtual_time_each_with_a_judged_outcome():
    files = sorted((SCENARIOS / "virtual").glob("*.json"))
    assert len(files) >= 30
    for path in files:
        assert set(load_scenario(path).expect) - set(NEEDS_PROCESSES), path.stem


def test_every_step_of_the_ladder_is_reached_by_some_scenario():
    reached = {}
    for name in (
        "cloud_front_without_storage",
        "meter_silent_for_less_than_a_second",
        "meter_silent_for_two_seconds",
        "meter_silent_for_twenty_seconds",
        "meter_silent_for_ninety_seconds",
    ):
        reached[name] = run_file(SCENARIOS / "virtual" / f"{name}.json")["ladder_max"]
    assert reached["cloud_front_without_storage"] == 0
    assert reached["meter_silent_for_less_than_a_second"] in (1, 2)
    assert reached["meter_silent_for_two_seconds"] == 2
    assert reached["meter_silent_for_twenty_seconds"] == 3
    assert reached["meter_silent_for_ninety_seconds"] == 4
