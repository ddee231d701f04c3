# runs on: cpython, micropython
from control import reasons
from control import step as cycle
from control.reflex import react
from control.station import Station
from control.step import step
from tests.control.stations import charging, config, entitled_sum_w, fresh, obey, started

SUPER = {"class": "super", "max_w": 480000}


def cycles(station, count, grid_w=None):
    for _ in range(count):
        obey(station)
        if grid_w is not None:
            station.inputs.grid_w = grid_w
        step(station, 200)


def follow_meter(station, count, base_w=25000):
    """The plant as simple as it can be: the meter shows the sum of all parts at once."""
    inputs = station.inputs
    for _ in range(count):
        obey(station)
        inputs.grid_w = base_w + sum(inputs.gun_w) + inputs.storage_w - sum(inputs.pv_w)
        step(station, 200)


def test_nothing_is_decided_before_every_limit_is_read_back():
    station = Station(config([{}, {}]))
    fresh(station)
    station.inputs.gun_held_known[1] = 0
    for _ in range(4):
        step(station, 200)
    assert list(station.grant_w) == [-1, -1]
    station.inputs.gun_held_known[1] = 1
    step(station, 200)
    assert station.started and station.grant_w[0] >= 0


def test_a_gun_whose_limit_cannot_be_read_back_is_taken_over_by_what_it_draws():
    station = Station(config([{"watchdog_s": None, "max_w": 60000}, {}]))
    fresh(station, grid_w=65000)
    charging(station, 0, 40000)
    station.inputs.gun_held_known[0] = 0
    for _ in range(4):
        step(station, 200)
        assert station.grant_w[0] == -1
    for _ in range(3):
        step(station, 200)
        assert station.entitled_w[0] >= 40000
    assert station.started
    assert station.grant_w[0] >= 40000


def test_a_deaf_gun_may_have_fallen_back_to_more_than_it_had():
    station = started([{}, {}])
    station.inputs.gun_upper_w[0] = 1547
    step(station, 200)
    assert station.entitled_w[0] < 20000
    station.inputs.gun_age_ms[0] = 2000
    step(station, 200)
    assert station.entitled_w[0] == station.fallback_w[0]


def test_a_gun_without_room_is_paused_at_the_value_that_keeps_its_session():
    station = Station(config([{}, {}], pcs_w=0), {"gun1": 1547})
    fresh(station)
    for g in range(2):
        charging(station, g, 20000, 20000)
    station.inputs.circuit_limit_w[0] = 20000
    station.inputs.grid_w = 65000
    follow_meter(station, 15)
    assert list(station.grant_w) == [1547, 0]
    assert station.entitled_w[0] == 0
    assert station.reason[0] == reasons.WAITS_MINIMUM
    station.inputs.emergency_stop = True
    step(station, 200)
    assert list(station.grant_w) == [0, 0]  # a stop ends the session
    station.inputs.emergency_stop = False
    step(station, 200)
    assert list(station.grant_w) == [1547, 0]


def test_a_dead_gun_at_the_start_holds_up_the_others_for_three_seconds_at_most():
    station = Station(config([{}, {}]))
    fresh(station)
    station.inputs.gun_held_known[1] = 0
    station.inputs.gun_age_ms[1] = 1 << 29
    for _ in range(16):
        step(station, 200)
    assert station.started
    assert station.entitled_w[1] == station.max_w[1]


def test_a_restart_takes_over_the_limits_that_the_guns_hold():
    station = Station(config([{}, {}]))
    fresh(station, grid_w=225000)
    charging(station, 0, 90000)
    charging(station, 1, 110000)
    for _ in range(4):
        step(station, 200)
        assert station.grant_w[0] in (-1, 90000) or station.grant_w[0] > 90000
        assert station.grant_w[1] in (-1, 110000) or station.grant_w[1] > 110000
    assert station.started


def test_the_guns_get_the_cap_less_headroom_and_unmetered_load():
    station = started([SUPER, {}, {}], pcs_w=0)
    for g in range(3):
        charging(station, g, 5000, 5000)
    follow_meter(station, 60)
    grid_w = station.inputs.grid_w
    assert 380000 < grid_w <= 392000, grid_w
    assert station.invariant_breaches == 0
    assert station.reason[0] == reasons.CAP_BINDS


def test_pv_that_falls_takes_grants_back_in_the_same_cycle():
    station = started([SUPER, {}], pv_w=100000, grid_w=-75000, pcs_w=0)
    for g in range(2):
        charging(station, g, 5000, 5000)
    follow_meter(station, 60)
    before_w = sum(station.grant_w)
    station.inputs.pv_w[0] = 60000
    step(station, 200)
    assert sum(station.grant_w) <= before_w - 40000


def test_an_increase_waits_until_the_decrease_is_confirmed():
    station = started([{}, {}], pcs_w=0, cap_w=200000)
    charging(station, 0, 160000, 160000)
    follow_meter(station, 40)
    first_w = station.grant_w[0]
    assert first_w > 150000
    charging(station, 1, 0, 0)
    station.inputs.gun_upper_w[0] = first_w  # gun 1 does not acknowledge its cut
    for _ in range(10):
        station.inputs.gun_age_ms[1] = 100
        station.inputs.grid_w = 25000 + station.inputs.gun_w[0] + station.inputs.gun_w[1]
        step(station, 200)
        assert entitled_sum_w(station) + 25000 <= 200000
    assert station.grant_w[0] < first_w
    assert station.grant_w[1] < 20000
    assert station.reason[1] in (reasons.WAITS_FOR_ROOM, reasons.CAP_BINDS)


def test_a_deaf_gun_counts_at_its_last_limit_until_its_watchdog_has_acted():
    station = started([{}, {}], pcs_w=0)
    for g in range(2):
        charging(station, g, 5000, 5000)
    follow_meter(station, 60)
    limit_w = station.inputs.gun_upper_w[0]
    age_ms = 100
    for _ in range(49):
        age_ms += 200
        station.inputs.gun_age_ms[0] = age_ms
        step(station, 200)
        assert station.entitled_w[0] >= limit_w
    for _ in range(40):
        age_ms += 200
        station.inputs.gun_age_ms[0] = age_ms
        step(station, 200)
    assert station.entitled_w[0] == station.fallback_w[0]
    assert station.reason[0] == reasons.FALLS_BACK
    assert station.grant_w[1] > 0


def test_a_deaf_gun_without_a_watchdog_counts_for_ever():
    station = started([{"watchdog_s": None}, {}], pcs_w=0)
    for g in range(2):
        charging(station, g, 60000, 60000)
    follow_meter(station, 20)
    limit_w = station.inputs.gun_upper_w[0]
    station.inputs.gun_age_ms[0] = 1 << 27
    for _ in range(500):
        step(station, 200)
    assert station.entitled_w[0] == limit_w
    assert station.reason[0] == reasons.DEAF


def test_a_disobedient_gun_is_isolated_and_the_others_go_on():
    station = started([{}, {}], pcs_w=0)
    for g in range(2):
        charging(station, g, 60000, 60000)
    follow_meter(station, 20)
    for _ in range(120):
        obey(station)
        station.inputs.gun_w[0] = 150000
        station.inputs.gun_upper_w[0] = 20000
        station.inputs.grid_w = 25000 + 150000 + station.inputs.gun_w[1]
        step(station, 200)
    assert station.reason[0] == reasons.DISOBEDIENT
    assert station.entitled_w[0] >= 150000
    assert station.grant_w[1] > 100000


def test_a_stale_meter_holds_then_assumes_the_worst():
    station = started([{}, {}], pcs_w=0)
    for g in range(2):
        charging(station, g, 5000, 5000)
    follow_meter(station, 60)
    station.inputs.grid_is_new = False
    seen = []
    for age_ms in (300, 700, 1200, 3200, 61000):
        station.inputs.grid_age_ms = age_ms
        step(station, 200)
        seen.append(station.ladder)
    assert seen == [0, 1, 2, 3, 4]
    assert max(station.grant_w) <= 20000
    station.inputs.grid_age_ms = 100
    station.inputs.grid_is_new = True
    step(station, 200)
    assert station.ladder == 4  # up again one step at a time
    for _ in range(45):
        step(station, 200)
    assert station.ladder == 0


def test_a_meter_that_never_changes_while_pv_falls_is_frozen():
    station = started([{}], pv_w=100000, grid_w=-75000, pcs_w=0)
    charging(station, 0, 5000, 5000)
    follow_meter(station, 40)
    frozen_w = station.inputs.grid_w
    for n in range(10):
        obey(station)
        station.inputs.pv_w[0] = 100000 - 8000 * n
        station.inputs.grid_w = frozen_w
        step(station, 200)
    assert station.grid_frozen
    assert station.ladder >= 1


def test_a_meter_whose_sign_is_turned_contradicts_the_devices_and_is_not_believed():
    station = started([{}, {}], pcs_w=0)
    for g in range(2):
        charging(station, g, 5000, 5000)
    follow_meter(station, 60)
    granted_w = sum(station.grant_w)
    for _ in range(25):
        obey(station)
        station.inputs.grid_w = -(25000 + sum(station.inputs.gun_w))
        step(station, 200)
    assert station.grid_suspect
    assert station.ladder >= 2
    assert sum(station.grant_w) <= granted_w
    follow_meter(station, 45)
    assert not station.grid_suspect and station.ladder == 0


def test_one_wild_sample_costs_service_but_teaches_nothing():
    station = started([{}, {}], pcs_w=0)
    for g in range(2):
        charging(station, g, 5000, 5000)
    follow_meter(station, 100)
    before_w = sum(station.grant_w)
    station.inputs.grid_w += 50000
    step(station, 200)
    assert station.base_w > 70000 and sum(station.grant_w) < before_w - 40000
    follow_meter(station, 200)
    assert station.learned_rise_w < 5000
    assert sum(station.grant_w) > before_w - 8000


def test_a_step_of_the_load_that_was_seen_once_is_reserved_for_ever_after():
    station = started([{}, {}], pcs_w=0)
    for g in range(2):
        charging(station, g, 5000, 5000)
    follow_meter(station, 80)
    follow_meter(station, 10, base_w=50000)
    follow_meter(station, 100)
    assert 20000 < station.learned_rise_w <= 26000
    assert station.headroom_now_w == station.learned_rise_w
    assert station.inputs.grid_w <= 400000 - 20000


def test_storage_discharges_just_what_the_grid_would_exceed():
    station = started([SUPER, {}, {}])
    for g in range(3):
        charging(station, g, 5000, 5000)
    follow_meter(station, 80)
    assert -80000 <= station.storage_setpoint_w < -70000
    assert 385000 < station.inputs.grid_w <= 392000
    assert station.storage_reason == reasons.STORAGE_PEAK_SHAVING


def test_storage_takes_pv_surplus_when_no_car_is_there():
    station = started([{}], pv_w=100000, grid_w=-75000)
    follow_meter(station, 40)
    assert 60000 < station.storage_setpoint_w <= 100000
    assert station.storage_reason == reasons.STORAGE_CHARGING_SURPLUS


def test_an_empty_storage_is_promised_to_nobody():
    station = started([SUPER, {}])
    station.inputs.soc_permille = 150
    for g in range(2):
        charging(station, g, 5000, 5000)
    follow_meter(station, 60)
    assert station.support_w == 0
    assert station.storage_setpoint_w > -10000


def test_a_silent_pcs_takes_its_support_out_of_the_budget():
    station = started([SUPER, {}, {}])
    for g in range(3):
        charging(station, g, 5000, 5000)
    follow_meter(station, 60)
    before_w = sum(station.grant_w)
    station.inputs.storage_age_ms = 5000
    step(station, 200)
    assert sum(station.grant_w) <= before_w - 60000
    assert station.storage_reason == reasons.STORAGE_PCS_SILENT


def test_an_emergency_stop_sets_every_setpoint_to_zero_in_one_cycle():
    station = started([SUPER, {}, {}])
    for g in range(3):
        charging(station, g, 5000, 5000)
    follow_meter(station, 60)
    station.inputs.emergency_stop = True
    step(station, 200)
    assert list(station.grant_w) == [0, 0, 0]
    assert station.storage_setpoint_w == 0
    assert station.reason[0] == reasons.EMERGENCY_STOP


def test_a_limit_below_the_contract_binds_and_is_named():
    station = started([SUPER, {}, {}], pcs_w=0)
    for g in range(3):
        charging(station, g, 5000, 5000)
    follow_meter(station, 60)
    station.inputs.circuit_limit_w[0] = 200000
    follow_meter(station, 30)
    assert station.inputs.grid_w <= 200000
    assert station.reason[0] == reasons.LIMIT_IN_FORCE


def test_a_gun_that_does_not_use_its_grant_is_trimmed_for_the_others():
    station = started([{}, {}], cap_w=200000, pcs_w=0)
    for g in range(2):
        charging(station, g, 5000, 5000)
    follow_meter(station, 60)
    for _ in range(60):
        obey(station)
        station.inputs.gun_w[0] = min(station.inputs.gun_w[0], 20000)
        station.inputs.grid_w = 25000 + sum(station.inputs.gun_w)
        step(station, 200)
    assert station.grant_w[0] < 30000
    assert station.grant_w[1] > 130000


def test_time_that_stood_still_for_hours_is_no_jump():
    station = started([{}, {}])
    charging(station, 0, 5000, 5000)
    follow_meter(station, 10)
    step(station, 1 << 27)
    step(station, -5)
    assert station.invariant_breaches == 0


def test_a_rise_of_the_load_between_two_cycles_moves_the_storage_and_nothing_else():
    station = started([SUPER, {}, {}])
    for g in range(3):
        charging(station, g, 5000, 5000)
    follow_meter(station, 80)
    grants, storage_w = list(station.grant_w), station.storage_setpoint_w
    assert not react(station, station.inputs.grid_w)
    assert react(station, station.inputs.grid_w + 30000)
    assert station.storage_setpoint_w < storage_w - 25000
    assert list(station.grant_w) == grants
    assert not react(station, station.inputs.grid_w + 30000)  # the same load moves it once


def test_a_blind_or_stopped_station_has_no_reflex():
    station = started([SUPER, {}, {}])
    for g in range(3):
        charging(station, g, 5000, 5000)
    follow_meter(station, 80)
    station.ladder = 1
    assert not react(station, station.inputs.grid_w + 30000)
    station.ladder = 0
    station.inputs.emergency_stop = True
    assert not react(station, station.inputs.grid_w + 30000)


def one_gun_too_much(grant_w):
    """100 kW over the cap: the gun may still draw 475 kW."""
    station = started([SUPER], pcs_w=0)
    station.entitled_w[0], station.grant_w[0] = 475000, grant_w
    station.raised_w = 0
    return station


def test_an_excess_while_a_gun_comes_down_to_what_fits_is_no_breach():
    station = one_gun_too_much(grant_w=300000)
    cycle._assert_promise(station, 25000)
    assert station.invariant_excess_w == 100000
    assert (station.invariant_breaches, station.forced_cycles) == (0, 1)


def test_an_excess_that_something_was_raised_into_is_a_breach():
    station = one_gun_too_much(grant_w=300000)
    station.raised_w = 1
    cycle._assert_promise(station, 25000)
    assert (station.invariant_breaches, station.forced_cycles) == (1, 0)


def test_an_excess_that_is_decided_to_stay_is_a_breach():
    station = one_gun_too_much(grant_w=475000)
    cycle._assert_promise(station, 25000)
    assert (station.invariant_breaches, station.forced_cycles) == (1, 0)


def test_a_storage_that_vanishes_is_no_breach_and_the_guns_come_down_to_what_is_left():
    station = started([SUPER, {}, {}])
    for g in range(3):
        charging(station, g, 5000, 5000)
    follow_meter(station, 80)
    assert station.forced_cycles == 0
    station.inputs.discharge_max_w = 0
    step(station, 200)
    assert station.invariant_excess_w > 60000 and station.forced_cycles == 1
    follow_meter(station, 10)
    assert station.invariant_excess_w == 0 and station.invariant_breaches == 0


def test_while_limits_fall_step_by_step_a_gun_counts_with_one_of_the_last_not_with_the_first():
    station = started([SUPER], pcs_w=0, cap_w=600000)
    charging(station, 0, 300000, 300000)
    for limit_w in range(300000, 200000, -5000):
        station.inputs.gun_upper_w[0] = station.inputs.gun_w[0] = limit_w
        step(station, 200)
    assert 205000 < station.entitled_w[0] <= 205000 + 5 * 5000


def test_a_car_that_tapers_does_not_keep_the_storage_awake():
    station = started([SUPER, {}, {}], cap_w=200000)
    for g in range(3):
        charging(station, g, 40000, 40000)
    for _ in range(60):
        obey(station)
        for g in range(3):  # far below what they may
            station.inputs.gun_w[g] = min(station.inputs.gun_w[g], 40000)
        station.inputs.grid_w = 25000 + sum(station.inputs.gun_w) + station.inputs.storage_w
        step(station, 200)
    assert station.guns_hi_w == 120000
    assert station.storage_setpoint_w > 40000  # the room is the storage's: nobody wants more


def test_the_storage_takes_room_beside_a_pv_surplus():
    station = started([{}], pv_w=40000, grid_w=-15000)
    follow_meter(station, 40)
    assert station.storage_setpoint_w >= 50000  # 15 kW surplus, and the rest from the grid
    assert station.storage_reason == reasons.STORAGE_CHARGING_ROOM


def plugged(station, cycles, cars, base_w=25000):
    """`cycles` of cars that take what they are told, at the guns of `cars` (a flag each)."""
    inputs = station.inputs
    for _ in range(cycles):
        obey(station)
        for g in range(station.guns):
            limit_w = inputs.gun_upper_w[g]
            inputs.gun_w[g] = limit_w if cars[g] and limit_w >= station.min_w[g] else 0
            inputs.gun_state[g] = 0 if not cars[g] else 2 if inputs.gun_w[g] else 1
        inputs.grid_w = base_w + sum(inputs.gun_w) + inputs.storage_w
        inputs.grid_is_new = True
        step(station, 200)


def test_a_newcomer_at_a_full_station_is_served_at_once_however_small_each_cut_is():
    """Its minimum shared by many guns is less than the noise that no gun is written for."""
    for guns in (2, 5, 9, 17):
        station = Station(config([{}] * guns, pcs_w=0))
        fresh(station)
        cars = [1] * (guns - 1) + [0]
        plugged(station, 100, cars)
        assert sum(station.grant_w[:-1]) > 0.9 * min(station.cap_w - 25000, 180000 * (guns - 1))
        cars[-1] = 1
        plugged(station, 50, cars)
        fair_w = sum(station.grant_w) // guns
        assert station.grant_w[-1] > 0.9 * min(fair_w, 180000), (guns, list(station.grant_w))


def test_a_small_gun_gets_its_share_of_a_full_station():
    """2 kW more for it are 0.2 kW less for each of the others."""
    station = Station(config([{}] * 9 + [{"min_w": 1400, "max_w": 7000, "fallback_w": 1400}], pcs_w=0))
    fresh(station)
    plugged(station, 100, [1] * 9 + [0])
    plugged(station, 50, [1] * 10)
    assert station.grant_w[9] == 7000


def test_a_car_that_lets_go_while_its_gun_is_silent_makes_no_room_for_others():
    """It may take up again what its gun still permits: until it is heard, less at the meter is no smaller base load."""
    station = started([{}, {}], cap_w=200000, pcs_w=0)
    inputs = station.inputs
    plugged(station, 50, [1, 0])
    held_w = station.entitled_w[0]
    inputs.gun_w[0] = 106000
    inputs.grid_w = 25000 + 106000
    base_w = station.base_w
    for age_ms in range(100, 1600, 200):
        inputs.gun_age_ms[0] = age_ms
        if age_ms > 500:
            inputs.grid_w, inputs.grid_is_new = 25000 + 31000, True
        inputs.gun_state[1] = 2
        step(station, 200)
        assert station.entitled_w[0] == held_w
        assert station.base_w > base_w - station.headroom_w // 4, age_ms


def test_the_base_load_follows_a_fall_although_the_guns_answer_late():
    """On a slow line each reading may always be a second old."""
    station = started([{}, {}], grid_w=55000, cap_w=400000, pcs_w=0)
    inputs = station.inputs
    inputs.gun_age_ms[0] = 1000
    plugged(station, 150, [1, 0], base_w=25000)
    assert station.base_w < 30000
