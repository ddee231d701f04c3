# runs on: cpython, micropython
from drivers.reading import Reading
from drivers.ticks import ticks_add
from firmware.energy import Energy

NOW_S = 1800000000  # a multiple of a quarter of an hour


class Device:
    def __init__(self, name):
        self.id, self.readings = name, {"power_w": Reading()}


class Seen:
    def __init__(self):
        self.grid = Reading()
        self.pvs, self.storages, self.guns = [Device("pv1")], [Device("pcs1")], [Device("gun1")]


def run(energy, readings, seconds, start_ms=0, step_ms=1000):
    """readings: [(Reading, W)], renewed before each sample."""
    now_ms = start_ms
    for _ in range(seconds * 1000 // step_ms):
        now_ms = ticks_add(now_ms, step_ms)
        for reading, power_w in readings:
            reading.good(power_w, now_ms)
        energy.sample(now_ms)
    return now_ms


def test_energy_is_counted_by_direction_to_the_last_watt_second():
    seen = Seen()
    energy = Energy(seen, 0)
    pcs, gun = seen.storages[0].readings["power_w"], seen.guns[0].readings["power_w"]
    now_ms = run(energy, [(seen.grid, 391000), (pcs, -40001), (gun, 7)], 900)
    assert energy.take(now_ms) == {
        "grid": [97750, 0, 900], "pv1": [0, 0, 0], "pcs1": [0, 10000, 900], "gun1": [1, 0, 900]
    }
    now_ms = run(energy, [(pcs, 3600)], 10, now_ms)
    assert energy.take(now_ms)["pcs1"] == [10, 0, 10]


def test_what_is_below_a_watt_hour_is_carried_over():
    seen = Seen()
    energy, total_wh, now_ms = Energy(seen, 0), 0, 0
    for _ in range(20):
        now_ms = run(energy, [(seen.grid, 1799)], 10, now_ms, 997)
        total_wh += energy.take(now_ms)["grid"][0]
    assert total_wh == 1799 * 20 * 10 * 997 // 3600000


def test_ten_megawatts_for_a_quarter_fit():
    seen = Seen()
    energy = Energy(seen, 0)
    now_ms = run(energy, [(seen.grid, 10_000_000)], 900)
    assert energy.take(now_ms)["grid"] == [2_500_000, 0, 900]


def test_a_reading_that_is_old_or_absent_counts_as_not_known():
    seen = Seen()
    energy = Energy(seen, 0)
    seen.grid.good(100000, 0)
    for second in range(1, 31):
        energy.sample(second * 1000)
    assert energy.take(30000)["grid"] == [277, 0, 10]


def test_a_long_pause_of_the_task_is_not_filled_with_a_guess():
    seen = Seen()
    energy = Energy(seen, 0)
    seen.grid.good(3600000, 60000)
    energy.sample(60000)
    assert energy.take(60000)["grid"] == [0, 0, 0]


def test_quarters_are_those_of_the_wall_clock():
    energy = Energy(Seen(), 0)
    assert energy.ended(1000, NOW_S + 600) is None
    assert energy.ended(299_000, NOW_S + 898) is None
    assert energy.ended(301_000, NOW_S + 900) == (NOW_S + 599, 301)
    energy.take(301_000)
    assert energy.ended(302_000, NOW_S + 901) is None
    assert energy.ended(1_201_000, NOW_S + 1800) == (NOW_S + 900, 900)


def test_without_a_clock_a_quarter_lasts_900_seconds():
    energy = Energy(Seen(), 0)
    assert energy.ended(1000, None) is None and energy.ended(899_999, None) is None
    assert energy.ended(900_000, None) == (None, 900)


def test_a_clock_that_becomes_known_or_jumps_ends_no_quarter_twice():
    energy = Energy(Seen(), 0)
    assert energy.ended(10_000, None) is None
    assert energy.ended(20_000, NOW_S + 890) is None
    assert energy.ended(31_000, NOW_S + 901) == (NOW_S + 870, 31)
    energy.take(31_000)
    assert energy.ended(32_000, NOW_S + 902) is None
    assert energy.ended(33_000, NOW_S + 31_536_000) == (NOW_S + 31_535_998, 2)
