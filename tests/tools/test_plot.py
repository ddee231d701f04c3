"""The picture of a scenario: it is drawn from the run, and the spans under it add up."""

import pytest

from tools import plot
from tools.loop_scenario import run_file
from tools.loop_trace import Trace
from tools.scenario import SCENARIOS


def test_spans_join_equal_neighbours_and_cover_the_whole_time():
    found = plot.spans([0.0, 0.2, 0.4, 0.6, 0.8], ["a", "a", "b", "b", "a"])
    assert [code for _, _, code in found] == ["a", "b", "a"]
    assert [from_s for from_s, _, _ in found] == pytest.approx([0.0, 0.4, 0.8])
    assert sum(length_s for _, length_s, _ in found) == pytest.approx(0.8)


def test_a_trace_has_one_entry_a_cycle_and_its_highest_grid_power_is_the_peak():
    trace = Trace()
    figures = run_file(SCENARIOS / "virtual" / "base_step_of_100_kw.json", trace)
    assert len(trace.time_s) == len(trace.grid_kw) == len(trace.reason["gun1"]) == figures["cycles"]
    assert max(trace.grid_kw) - 1000.0 == pytest.approx(figures["over_cap_peak_kw"])


def test_a_picture_is_written_and_the_exit_code_is_the_outcome(tmp_path):
    output = tmp_path / "deep" / "cloud.png"
    assert plot.main([str(SCENARIOS / "cloud_front.json"), "--output", str(output)]) == 0
    assert output.read_bytes().startswith(b"\x89PNG")
    assert output.stat().st_size > 20000


def test_a_bad_file_draws_nothing(tmp_path, capsys):
    (tmp_path / "bad.json").write_text("{}", encoding="utf-8")
    assert plot.main([str(tmp_path / "bad.json"), "--output", str(tmp_path / "bad.png")]) == 2
    assert not (tmp_path / "bad.png").exists()
    assert "bad.json" in capsys.readouterr().err
