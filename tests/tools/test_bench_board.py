"""The figures from the target: what is made of pins and logs, and the history that a regression is seen by."""

import pytest

from tools.bench import board_history
from tools.bench.board_flash import per_day, programmed
from tools.bench.board_station import GC_PIN, TICK_PIN, share, window
from tools.bench.report import Report

MS = 1_000_000
CYCLE_NS = 200 * MS


def edges(*cycles, tick_ms=5, pause_ms=3, began_ms=1000):
    """Of a board: cycles that begin so many ms after an instant of the grid, which they are given with."""
    found = [(0, TICK_PIN, 0), (0, GC_PIN, 0)]
    for number, late_ms in cycles:
        at = (began_ms + 200 * number + late_ms) * MS
        found += [(at, TICK_PIN, 1), (at + tick_ms * MS, TICK_PIN, 0)]
        found += [(at + (tick_ms + 1) * MS, GC_PIN, 1), (at + (tick_ms + 1 + pause_ms) * MS, GC_PIN, 0)]
    return found


def test_lateness_is_told_against_the_earliest_cycle_of_all():
    seen = window(edges((0, 4), (1, 0), (2, 19), (3, 2)), 0, CYCLE_NS)
    assert seen.late_ms == [0, 2, 4, 19] and seen.missed == 0
    assert seen.tick_ms == [5] * 4 and seen.pause_ms == [3] * 4


def test_only_the_window_counts_but_the_grid_is_that_of_the_whole_life():
    seen = window(edges((0, 0), (1, 1), (2, 7), (3, 6)), 1390 * MS, CYCLE_NS)
    assert seen.late_ms == [6, 7] and len(seen.pause_ms) == 2


def test_a_cycle_that_began_more_than_half_a_period_late_is_late_and_one_that_never_began_is_missed():
    seen = window(edges((0, 0), (1, 140), (4, 0), (5, 1)), 0, CYCLE_NS)
    assert seen.late_ms == [0, 0, 1, 140] and seen.missed == 2


def test_a_cycle_under_way_at_the_end_is_not_counted():
    seen = window(edges((0, 0), (1, 1))[:-3], 0, CYCLE_NS)
    assert seen.late_ms == [0]


def test_a_window_without_cycles_is_no_measurement():
    with pytest.raises(RuntimeError, match="no cycle"):
        window(edges((0, 0)), 5000 * MS, CYCLE_NS)
    with pytest.raises(RuntimeError, match="no cycle"):
        window([], 0, CYCLE_NS)


@pytest.mark.parametrize(("permille", "value"), [(0, 1), (500, 50), (990, 99), (1000, 100)])
def test_a_share_is_the_nearest_rank(permille, value):
    assert share(list(range(1, 101)), permille) == value


def test_flash_operations_become_bytes_and_sectors_a_day():
    log = [(1, "erase", 0), (2, "program", 0), (3, "program", 256)]
    assert programmed(log) == (512, 1) and programmed([]) == (0, 0)
    assert per_day(512, 3600000) == 512 * 24


def report(**values):
    rows = Report("make bench-board")
    for name, value in values.items():
        rows.add(name.replace("_", " "), value, "ms")
    return rows


def test_what_is_kept_is_compared_and_a_regression_fails(tmp_path):
    path = tmp_path / "history.tsv"
    board_history.append(report(late_p99=10.0, start_first=2000, missed_none=0).rows, path)
    before = board_history.kept(path)
    # `missed` has a bound of its own, and no margin.
    assert set(before) == {"late p99", "start first"} and before["late p99"][0] == 10.0
    good = report(late_p99=12.9, start_first=2099)
    board_history.compare(good.rows, before)
    assert good.passed and good.rows[1]["baseline"] == 2000 and good.rows[1]["ratio"] == 1.05
    bad = report(late_p99=13.1, start_first=1000)
    board_history.compare(bad.rows, before)
    assert [row["ok"] for row in bad.rows] == [False, True]
    assert "WORSE than 10 ms" in bad.rows[0]["note"] and "by more than 3" in bad.rows[0]["note"]


def test_less_is_worse_where_more_is_wanted(tmp_path):
    path = tmp_path / "history.tsv"
    board_history.append(report(heap_free=40000, RTU_9600=20.0).rows, path)
    rows = report(heap_free=39000, RTU_9600=25.0)
    board_history.compare(rows.rows, board_history.kept(path))
    assert [row["ok"] for row in rows.rows] == [False, True]


def test_the_newest_run_counts_and_what_was_not_measured_is_neither_kept_nor_compared(tmp_path):
    path = tmp_path / "history.tsv"
    board_history.append(report(late_p99=30.0).rows, path)
    rows = report(late_p99=10.0)
    rows.not_measured("late max", "ms", "the board did not start")
    board_history.append(rows.rows, path)
    assert board_history.kept(path)["late p99"][0] == 10.0 and "late max" not in board_history.kept(path)
    lost = Report("make bench-board")
    lost.not_measured("late p99", "ms", "the board did not start")
    board_history.compare(lost.rows, board_history.kept(path))
    assert lost.rows[0]["ok"] is None and not lost.passed


def test_a_line_that_is_none_is_named(tmp_path):
    path = tmp_path / "history.tsv"
    path.write_text(board_history.HEADER + "2026-11-23\tonly three\tcolumns\n", encoding="utf-8")
    with pytest.raises(ValueError, match="history.tsv:2: 3 columns"):
        board_history.kept(path)


def test_the_history_that_is_kept_here_can_be_read_and_every_figure_of_it_has_a_margin():
    kept = board_history.kept()
    assert len(kept) > 20
    assert all(board_history.margin_of(name) is not None for name in kept)
