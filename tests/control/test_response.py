# runs on: cpython, micropython
"""What control makes of how a gun answers, against the truth of guns of several kinds."""

from control import response
from control.response import FALL, LAG, RESOLUTION, RISE
from tests.control.stations import started
from tests.control.test_step_allocates_nothing import heap_lock, heap_unlock
from tests.control.watched_gun import Watched

FILE = (300, 80000, 40000)


def near(value, truth, permille=100):
    return abs(value - truth) * 1000 <= truth * permille


def test_a_gun_as_its_file_says_leaves_the_bounds_as_they_are():
    gun = Watched()
    for _ in range(4):
        gun.step_down()
    assert gun.seen(LAG)[2] == 4 and gun.seen(FALL)[2] == 4 and gun.seen(RISE)[2] > 4
    assert near(gun.seen(FALL)[1], 80000) and near(gun.seen(RISE)[1], 40000)
    assert gun.bounds == FILE
    assert gun.station.learned_count > 0  # what was seen is worth keeping all the same


def test_lag_fall_and_rise_of_a_slow_gun_are_found():
    for lag_ms, down_w_s, up_w_s in ((900, 25000, 70000), (2000, 40000, 100000), (500, 16000, 46000)):
        gun = Watched(lag_ms, down_w_s, up_w_s)
        for _ in range(3):
            gun.step_down()
        seen_ms, within_ms = gun.seen(LAG)[1], gun.station.observed[RESOLUTION]
        assert seen_ms <= lag_ms <= seen_ms + within_ms and within_ms <= 600, (seen_ms, within_ms, lag_ms)
        assert near(gun.seen(FALL)[1], down_w_s) and near(gun.seen(RISE)[1], up_w_s)
        lag_now_ms, fall_now_w_s, rise_now_w_s = gun.bounds
        assert lag_ms <= lag_now_ms <= lag_ms + 600
        assert down_w_s * 3 // 4 <= fall_now_w_s <= down_w_s
        assert up_w_s <= rise_now_w_s <= up_w_s * 5 // 4


def test_one_observation_changes_nothing_the_second_confirms_it():
    gun = Watched(900, 25000, 40000)
    gun.step_down()
    assert gun.seen(LAG)[2] == gun.seen(FALL)[2] == 1 and gun.bounds == FILE
    gun.step_down()
    assert gun.bounds[0] >= 900 and gun.bounds[1] <= 25000


def test_a_single_wild_observation_never_counts():
    gun = Watched()
    gun.step_down()
    response.note(gun.station, 0, LAG, 4000)
    response.note(gun.station, 0, FALL, 200)
    response.note(gun.station, 0, RISE, 900000)
    gun.step_down()
    assert gun.bounds == FILE


def test_what_is_learned_is_bounded():
    gun = Watched()
    for _ in range(2):
        response.note(gun.station, 0, LAG, 100000)
        response.note(gun.station, 0, FALL, 1)
        response.note(gun.station, 0, RISE, 100000000)
    assert gun.bounds == (5000, 10000, 320000)
    patient = Watched()
    patient.station.lag_ms[0] = 9000  # a file that says more than the bound is not made narrower by it
    for _ in range(2):
        response.note(patient.station, 0, LAG, 9500)
    assert patient.bounds[0] == 9000


def test_a_car_that_takes_less_by_itself_is_no_evidence():
    gun = Watched()
    gun.limit(300000, 12000)
    for car_w in (250000, 180000, 90000, 20000):
        gun.limit(300000, 6000, car_w)
    gun.limit(25000, 6000)  # above what it draws: nothing has to follow
    assert gun.seen(LAG)[2] == gun.seen(FALL)[2] == 0


def test_a_deaf_gun_and_readings_that_are_old_are_no_evidence():
    gun = Watched(1200, 20000, 40000)
    for _ in range(3):
        gun.limit(300000, 12000)
        gun.silent = True
        gun.limit(60000, 8000)
        gun.silent = False
        gun.limit(60000, 2000)
    assert gun.seen(LAG)[2] == gun.seen(FALL)[2] == 0 and gun.bounds == FILE


def test_a_disobedient_gun_has_no_lag():
    gun = Watched()
    gun.obeys_not = True
    for _ in range(3):
        gun.limit(300000, 12000)
        gun.limit(60000, 12000)
    assert gun.seen(LAG)[2] == gun.seen(FALL)[2] == 0


def test_a_register_that_is_refreshed_once_a_second_makes_no_ramp_of_its_jumps():
    gun = Watched(refresh_ms=1000)
    for _ in range(3):
        gun.step_down(400000, 20000)
    assert gun.bounds[2] == 40000 and gun.bounds[1] == 80000, gun.bounds
    assert near(gun.seen(RISE)[1], 40000)


def test_many_small_cuts_in_a_row_are_no_slow_fall():
    gun = Watched()
    for _ in range(3):
        gun.limit(300000, 14000)
        for limit_w in range(290000, 60000, -10000):
            gun.limit(limit_w, 400)
    assert gun.seen(FALL)[2] == 0 or near(gun.seen(FALL)[1], 80000)
    assert gun.bounds == FILE


def test_a_cut_that_is_taken_back_is_no_evidence():
    gun = Watched(1200)
    gun.limit(300000, 12000)
    for _ in range(3):
        gun.limit(100000, 400)
        gun.limit(300000, 9000)
    assert gun.seen(LAG)[2] == 0 and gun.bounds == FILE


def test_a_slow_wire_makes_no_slow_gun():
    for write_ms in (200, 700, 1500):
        gun = Watched(write_ms=write_ms, poll_ms=600)
        for _ in range(3):
            gun.step_down()
        assert gun.bounds == FILE, (write_ms, gun.bounds)


def test_the_order_of_the_observations_does_not_matter():
    seen = [(LAG, 500), (FALL, 30000), (LAG, 900), (RISE, 50000), (FALL, 20000), (LAG, 700), (RISE, 90000), (RISE, 1)]
    found = []
    for turn in range(len(seen)):
        gun = Watched()
        for place in range(gun.station.guns * response.OBSERVED):
            gun.station.observed[place] = 0
        for kind, value in seen[turn:] + seen[:turn]:
            response.note(gun.station, 0, kind, value)
        found.append((gun.bounds, gun.seen(LAG), gun.seen(FALL), gun.seen(RISE)))
    assert found == [found[0]] * len(found)
    assert found[0] == ((700, 26250, 56250), (900, 700, 3), (20000, 30000, 2), (90000, 50000, 3))


def test_watching_allocates_nothing():
    gun = Watched(900, 25000, 70000)
    station = gun.station
    plain = response.observe

    def locked(s, dt_ms):
        heap_lock()
        try:
            plain(s, dt_ms)
        finally:
            heap_unlock()

    response.observe = locked
    try:
        for _ in range(2):
            gun.step_down()
    finally:
        response.observe = plain
    assert station.lag_now_ms[0] > 300


def test_a_longer_lag_keeps_the_older_limit_in_the_entitlement_for_longer():
    from control.step import step

    held = {}
    for lag_ms in (300, 1500):
        station = started([{}], pcs_w=0)
        station.lag_now_ms[0] = lag_ms
        inputs = station.inputs
        inputs.gun_state[0], inputs.gun_w[0], inputs.gun_upper_w[0] = 2, 20000, 150000
        for _ in range(3):
            step(station, 200)
        inputs.gun_upper_w[0] = 30000  # cut while it was rising
        cycles = 0
        while station.entitled_w[0] > 30000 and cycles < 30:
            step(station, 200)
            cycles += 1
        held[lag_ms] = cycles
    assert held[300] * 200 >= 300 and held[1500] * 200 >= 1500, held


def test_both_runtimes_see_the_same_to_the_last_bit():
    draw, gun = 7, Watched(620, 31000, 57000, poll_ms=400, write_ms=140)
    for _ in range(12):
        draw = (draw * 1103 + 12345) & 0xFFFFF
        gun.limit(5000 + (draw >> 5) % 300 * 1000, 1000 + (draw >> 9) % 12 * 1000)
    assert list(gun.station.observed) == [460, 460, 5, 31000, 31000, 5, 57000, 57000, 26, 600]
