"""The benchmark of control: its plant is as hard as the published one, its floor is physics, its rows are complete."""

import json

import pytest

from tools.bench import control, control_events, control_stack
from tools.bench.control_day import run_plant
from tools.bench.report import Report
from tools.loop_day import generated_day

KEYS = {"name", "value", "unit", "baseline", "ratio", "floor", "bound", "ok", "command", "note"}


@pytest.mark.parametrize("period_s, published_kws", [(1.0, 249.0), (10.0, 2024.0), (30.0, 7149.0)])
def test_the_plant_is_not_soft(period_s, published_kws):
    assert control_events.run_feedback("pv_drop", period_s) == pytest.approx(published_kws, rel=0.15)


def test_nobody_can_be_better_than_the_floor_and_control_is_near_it():
    floor_kws = control_events.floor_kws(100.0)
    over_kws, peak_kw, reaction_s = control_events.run_ours("base_step", 3)
    assert floor_kws <= over_kws < 3 * floor_kws
    assert 70.0 < peak_kw < 100.0
    assert control_events.UNAVOIDABLE_S - 0.1 <= reaction_s < 1.0


def test_a_step_within_the_headroom_has_no_floor():
    assert control_events.floor_kws(control_events.HEADROOM_KW) == 0.0
    assert control_events.floor_kws(120.0) > control_events.floor_kws(100.0) > 0.0


def test_every_event_of_the_table_really_happens():
    for kind in control_events.KINDS:
        events = control_events.scenario(kind, 30.0, 45).events
        assert events and max(event["at_s"] for event in events) <= 30.0


def test_a_day_without_a_cap_serves_every_car_in_full():
    day = generated_day(seed=2, dc_guns=2, ac_guns=0, minutes=60, sessions_per_gun=1)
    for session in day["sessions"]:
        session["need"] = min(session["need"], 5.0)
    result = run_plant(day, 3000000, seconds=3600.0)
    stayed = [n for n, session in enumerate(day["sessions"]) if session["dep"] - session["arr"] > 8]
    assert stayed
    for number in stayed:
        assert result["served"][number] == pytest.approx(day["sessions"][number]["need"], abs=0.5)
    assert result["over"].all_kws == 0.0


def test_without_the_file_of_the_day_the_rows_say_so_and_the_benchmark_fails(tmp_path):
    output = tmp_path / "rows.json"
    assert control.main(["--parts", "day", "--day", str(tmp_path / "absent.json"), "--output", str(output)]) == 1
    rows = json.loads(output.read_text(encoding="utf-8"))
    assert all(set(row) == KEYS for row in rows)
    missing = [row for row in rows if row["ok"] is None]
    assert len(missing) == 4 and all("not measured" in row["note"] for row in missing)


def test_a_step_on_micropython_is_timed_and_allocates_nothing():
    report = Report("make bench-control")
    control.measure_step(report)
    assert report.passed
    times = [row["value"] for row in report.rows if row["unit"] == "us"]
    assert len(times) == 3 and times == sorted(times) and times[0] > 0


def test_the_reaction_of_the_stack_is_that_of_the_last_device_that_was_clearly_lowered():
    told = {
        "gun1": [(9.0, 100000), (10.3, 90000), (10.5, 80000)],
        "gun2": [(9.0, 50000), (10.1, 48000)],  # noise
        "gun3": [(10.2, 40000)],  # told nothing before
        "pcs1": [(9.9, -20000), (10.1, -50000)],
    }
    assert control_stack.reaction_s(told, 10.0) == pytest.approx(0.3)
    assert control_stack.reaction_s(told, 10.6) is None


def test_the_steps_of_the_stack_come_at_different_moments_of_the_cycle_and_are_taken_back():
    events = control_stack.scenario().events
    phases = {round(event["at_s"] % 0.2, 3) for event in events if event["by_w"] > 0}
    assert len(phases) == control_stack.STEPS
    assert sum(event["by_w"] for event in events) == 0
