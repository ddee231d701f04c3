"""A day of cycles of the real firmware on MicroPython, as fast as they go: time is injected, the wires are simulated in
the same process (tools/bench/micro/day_of_cycles.py), and the plant is counted from what its devices hold.
"""

from statistics import median

import pytest

from tools.bench.board_day import CYCLE_MS, DAY_CYCLES, WRAP, run

SLICE_CYCLES, SLICE_HURRY = 3000, 10  # ten minutes with the events of nearly two hours
WRAP_AT_MS = 420000  # while a limit is in force and a gun is deaf
# The plant moves in steps of 100 ms, five times those of tools/sim: a gun rises by so much before the storage can know.
STEP_W, OVER_WS = 4000, 1000
GROWTH_BYTES = 1024  # of 64-bit words; a message or an alarm that happens to be there when the heap is looked at
SETTLED = 8  # looks at the heap, of 24, after which everything has been there once


def held(told):
    """The promise, by the outside count, and nothing lost, missed or restarted."""
    assert told["breaches"] == 0, told
    assert told["over_w"] <= STEP_W and told["over_ws"] <= OVER_WS, told
    assert told["errors"] == [] and told["stalled"] == 0 and told["missed"] == 0, told
    assert told["lost"] == told["gaps"] == 0, told
    assert told["pressed"] > told["cycles"] // 4, told  # of two steps a cycle: the cap was what limited


def test_decisions_around_the_wrap_of_the_ticks_are_those_far_from_it(tmp_path):
    found = []
    for name, start in (("far", WRAP // 4), ("near", WRAP - WRAP_AT_MS)):
        (tmp_path / name).mkdir()
        found.append(run(tmp_path / name, SLICE_CYCLES, start, SLICE_HURRY, within_s=250))
    far, near = found
    for told in found:
        held(told)
        assert told["could_w"] <= 0, told
        assert told["deaf"] >= 4 and told["limits"] >= 1 and told["alarms"] > 10 and told["journal"] > 50, told
    assert (far["wraps"], near["wraps"]) == (0, 1)
    for name in ("decided", "cycles", "forced", "alarms", "charged_kwh"):
        assert far[name] == near[name], (name, far, near)


@pytest.mark.long
@pytest.mark.timeout(5400)
def test_a_day_of_cycles_keeps_the_promise_and_the_heap(tmp_path):
    told = run(tmp_path, DAY_CYCLES, WRAP - DAY_CYCLES * CYCLE_MS // 2)
    held(told)
    assert told["cycles"] >= DAY_CYCLES and told["wraps"] == 1
    heap = told["heap"]
    print(f"forced cycles {told['forced']}, guns could draw {told['could_w']} W above the cap in the worst step")
    print(f"{told['charged_kwh']} kWh, {told['alarms']} alarms, {told['journal']} journal entries; heap in use {heap}")
    settled, end = heap[SETTLED : 2 * SETTLED], heap[2 * SETTLED :]
    assert median(end) - median(settled) <= GROWTH_BYTES, heap
