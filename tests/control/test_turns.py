# runs on: cpython, micropython
from control import reasons, turns
from control.station import ROTATION_MS
from control.step import step
from tests.control.stations import charging, entitled_sum_w, obey, started

MINIMA = {"min_w": 50000, "max_w": 60000}


def three_guns_for_two_minima():
    station = started([MINIMA, MINIMA, MINIMA], pcs_w=0, cap_w=160000)
    for g in range(3):
        charging(station, g, 0, 0)
        station.inputs.gun_state[g] = 1
    return station


def run(station, seconds):
    for _ in range(seconds * 5):
        obey(station)
        for g in range(station.guns):
            running = station.inputs.gun_upper_w[g] >= station.min_w[g]
            station.inputs.gun_state[g] = 2 if running else 3
            station.inputs.gun_w[g] = station.inputs.gun_upper_w[g] if running else 0
        station.inputs.grid_w = 25000 + sum(station.inputs.gun_w)
        step(station, 200)
        assert entitled_sum_w(station) + 25000 <= 160000


def running(station):
    return [g for g in range(station.guns) if station.grant_w[g] >= station.min_w[g]]


def test_the_one_that_does_not_fit_waits_and_says_why():
    station = three_guns_for_two_minima()
    run(station, 20)
    assert running(station) == [0, 1]
    assert station.reason[2] == reasons.WAITS_MINIMUM


def test_every_quarter_of_an_hour_the_one_that_ran_longest_makes_way():
    station = three_guns_for_two_minima()
    seen = set()
    for _ in range(4):
        run(station, ROTATION_MS // 1000)
        assert len(running(station)) == 2
        seen.add(tuple(running(station)))
    assert len(seen) == 3  # each of the three has waited once


def test_a_turn_comes_with_the_wall_clock_where_it_is_known():
    station = three_guns_for_two_minima()
    run(station, 400)
    before = running(station)
    station.inputs.quarter_left_ms = 0
    run(station, 1)
    station.inputs.quarter_left_ms = -1
    run(station, 20)
    assert running(station) != before


def test_a_guaranteed_gun_never_makes_way():
    station = three_guns_for_two_minima()
    station.guaranteed[0] = 1
    for _ in range(3):
        run(station, ROTATION_MS // 1000)
        assert 0 in running(station)


def test_a_gun_cut_for_want_of_room_does_not_flutter():
    station = three_guns_for_two_minima()
    run(station, 60)
    station.inputs.circuit_limit_w[0] = 100000
    run(station, 10)
    assert running(station) == [0]
    station.inputs.circuit_limit_w[0] = 160000
    run(station, 10)
    assert 1 not in running(station)
    run(station, turns.MIN_OFF_MS // 1000)
    assert len(running(station)) == 2


def test_a_car_that_leaves_soon_gets_more():
    station = started([{}, {}], pcs_w=0, cap_w=200000)
    for g in range(2):
        charging(station, g, 5000, 5000)
    station.inputs.gun_required_w[1] = 120000
    for _ in range(100):
        obey(station)
        station.inputs.grid_w = 25000 + sum(station.inputs.gun_w)
        step(station, 200)
    assert station.grant_w[1] > station.grant_w[0] + 20000
