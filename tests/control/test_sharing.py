# runs on: cpython, micropython
from control import sharing, turns
from control.station import Station
from tests.control.stations import config


def shared(guns, demands, room_w, circuits=None, allowed=None):
    station = Station(config(guns, circuits=circuits))
    for g, demand_w in enumerate(demands):
        station.demand_w[g] = demand_w
    for c in range(station.circuits):
        station.circuit_allowed_w[c] = 1 << 28
    station.circuit_allowed_w[station.root] = room_w
    for c, allowed_w in (allowed or {}).items():
        station.circuit_allowed_w[c] = allowed_w
    sharing.allocate(station)
    return station


def test_equal_guns_share_equally_above_their_minima():
    station = shared([{}, {}, {}], [180000, 180000, 180000], 300000)
    assert list(station.target_w) == [100000, 100000, 100000]
    assert list(station.bound_by) == [0, 0, 0]


def test_a_gun_that_asks_little_leaves_the_rest_to_the_others():
    station = shared([{}, {}, {}], [20000, 180000, 180000], 300000)
    assert list(station.target_w) == [20000, 140000, 140000]
    assert station.bound_by[0] == -1


def test_a_super_gun_rises_at_twice_the_pace():
    station = shared([{"class": "super", "max_w": 480000}, {}], [480000, 180000], 160000)
    assert list(station.target_w) == [105000, 55000]


def test_watts_that_do_not_divide_go_to_the_first_in_line():
    station = shared([{}, {}, {}], [180000, 180000, 180000], 100001)
    assert sum(station.target_w) == 100001
    assert max(station.target_w) - min(station.target_w) <= 2


def test_a_minimum_that_does_not_fit_is_refused_whole():
    station = shared([{}, {}, {}], [180000, 180000, 180000], 12000)
    assert sorted(station.target_w) == [0, 6000, 6000]
    assert sum(station.admitted) == 2


def test_a_gun_that_runs_keeps_its_minimum_before_a_new_one_gets_one():
    station = Station(config([{"class": "super"}, {}]))
    station.grant_w[1] = 5000
    station.demand_w[0] = station.demand_w[1] = 5000
    station.circuit_allowed_w[0] = 6000
    turns.update(station, 200)
    sharing.allocate(station)
    assert list(station.target_w) == [0, 5000]
    assert station.bound_by[0] == 0


def test_a_full_feeder_does_not_hold_back_guns_on_another():
    feeders = [{"id": "a", "parent": "grid", "cap_w": 50000}, {"id": "b", "parent": "grid", "cap_w": 500000}]
    station = shared([{"circuit": "a"}, {"circuit": "a"}, {"circuit": "b"}], [180000] * 3, 300000, feeders, {1: 50000})
    assert list(station.target_w) == [25000, 25000, 180000]
    assert list(station.bound_by) == [1, 1, -1]


def test_single_phase_guns_on_different_phases_do_not_stop_one_another():
    row = [{"id": "row", "parent": "grid", "cap_w": 44000, "phase_cap_w": 7400}]
    single = {"circuit": "row", "class": "slow", "phases": 1, "min_w": 1380, "max_w": 7360}
    guns = [dict(single, phase="L1"), dict(single, phase="L2"), dict(single, phase="L1")]
    station = shared(guns, [7360, 7360, 7360], 300000, row, {1: 44000, 2: 22200, 3: 22200, 4: 22200})
    assert list(station.target_w) == [3700, 7360, 3700]
    assert station.circuit_ids[station.bound_by[0]] == "row L1"
    assert station.bound_by[1] == -1


def test_a_three_phase_gun_puts_a_third_on_each_phase():
    row = [{"id": "row", "parent": "grid", "cap_w": 44000, "phase_cap_w": 7400}]
    guns = [
        {"circuit": "row", "class": "slow", "phases": 1, "phase": "L2", "min_w": 1380, "max_w": 7360},
        {"circuit": "row", "class": "slow", "phases": 3, "min_w": 4140, "max_w": 22080},
    ]
    station = shared(guns, [3680, 22080], 300000, row, {1: 44000, 2: 22200, 3: 22200, 4: 22200})
    assert station.target_w[0] == 3680
    assert station.target_w[1] // 3 + 3680 <= 7400
    assert station.target_w[1] > 10000


def test_no_room_at_all_gives_nothing():
    station = shared([{}, {}], [180000, 180000], 0)
    assert list(station.target_w) == [0, 0]
