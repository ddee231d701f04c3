# runs on: cpython, micropython
"""What the platform orders of guns and storage: followed inside every other limit, told by the reason, and at once."""

from control import reasons
from control.reflex import react
from control.station import NO_LIMIT_W, OUT_OF_SERVICE_W, STOPPED_W, Station
from control.step import step
from tests.control.stations import charging, config, fresh, obey, started
from tests.heap import heap_lock, heap_unlock


def run(station, cycles=40, base_w=25000, pv_w=0, soc_permille=600):
    """Devices obey at once; the meter shows the sum."""
    inputs = station.inputs
    for _ in range(cycles):
        obey(station)
        inputs.soc_permille = soc_permille
        for p in range(station.pvs):
            inputs.pv_w[p] = pv_w
        inputs.grid_w = base_w + sum(inputs.gun_w) + inputs.storage_w - pv_w
        heap_lock()
        try:
            step(station, 200)
        finally:
            heap_unlock()
    assert station.invariant_breaches == 0
    return station


def busy(guns=2, **changes):
    """Guns that take all they get; the first may pause at 1.5 kW without ending its session."""
    station = started([{}] * guns, **changes)
    station.standby_w[0] = 1547
    for g in range(guns):
        charging(station, g, 60000, 60000)
    return run(station)


def test_a_limit_on_a_gun_is_held_to_the_watt_and_the_others_take_the_rest():
    station = busy(cap_w=300000)
    free_w = station.grant_w[1]
    station.inputs.gun_limit_w[0] = 40000
    run(station, 1)
    assert station.grant_w[0] == 40000 and station.reason[0] == reasons.PLATFORM_LIMIT and station.reason_b[0] == 40000
    run(station)
    assert station.grant_w[0] == 40000 and station.grant_w[1] > free_w
    station.inputs.gun_limit_w[0] = 39900  # too little for the noise band of a budget
    run(station, 1)
    assert station.grant_w[0] == 39900
    station.inputs.gun_limit_w[0] = station.max_w[0]
    run(station)
    assert station.grant_w[0] > 100000 and station.reason[0] != reasons.PLATFORM_LIMIT


def test_below_its_minimum_a_gun_pauses_and_a_stop_ends_its_session():
    station = busy()
    for permitted_w, grant_w, reason in (
        (4999, 1547, reasons.PLATFORM_PAUSE), (STOPPED_W, 0, reasons.PLATFORM_STOP),
        (1000, 1547, reasons.PLATFORM_PAUSE), (OUT_OF_SERVICE_W, 0, reasons.OUT_OF_SERVICE),
    ):
        station.inputs.gun_limit_w[0] = permitted_w
        run(station, 2)
        assert (station.grant_w[0], station.reason[0]) == (grant_w, reason), permitted_w
    station.inputs.gun_limit_w[0] = station.max_w[0]
    run(station, 3)
    assert station.grant_w[0] >= station.min_w[0]


def test_a_stop_is_told_of_an_idle_gun_and_a_limit_is_not():
    station = started([{}] * 2)
    station.inputs.gun_limit_w[0], station.inputs.gun_limit_w[1] = STOPPED_W, 30000
    run(station, 5)
    assert list(station.reason) == [reasons.PLATFORM_STOP, reasons.IDLE]
    station.inputs.gun_state[0] = 4
    run(station, 2)
    assert station.reason[0] == reasons.DEVICE_FAULT


def test_a_stop_holds_while_the_meter_is_lost_and_over_a_gun_that_does_not_answer():
    station = busy()
    station.inputs.gun_limit_w[0] = STOPPED_W
    for age_ms in (700, 1500, 4000, 70000):
        station.inputs.grid_age_ms = age_ms
        run(station, 3)
        assert station.grant_w[0] == 0
    station = busy()
    held_w = station.inputs.gun_upper_w[0]
    for _ in range(15):
        obey(station)
        station.inputs.gun_age_ms[0], station.inputs.gun_upper_w[0] = 5000, held_w
        station.inputs.gun_limit_w[0] = STOPPED_W
        step(station, 200)
    assert station.reason[0] == reasons.DEAF and station.entitled_w[0] >= held_w
    assert station.grant_w[0] == 0, "the first thing it hears again must be the stop"


def test_a_limit_at_the_start_counts_from_the_first_grant_on():
    station = Station(config([{}]))
    inputs = fresh(station, 85000)
    charging(station, 0, 60000, 60000)
    inputs.gun_limit_w[0] = 20000
    for _ in range(20):
        step(station, 200)
        assert station.grant_w[0] in (-1, 20000)
    assert station.grant_w[0] == 20000


def test_the_storage_does_what_it_is_asked_while_there_is_room_for_it():
    station = busy(cap_w=900000)
    for asked_w in (100000, -60000, 0, 200000, -200000):
        station.inputs.storage_wish_w = asked_w
        run(station)
        assert station.storage_setpoint_w == asked_w and station.storage_reason == reasons.STORAGE_DISPATCHED
    station.inputs.storage_wish_w = NO_LIMIT_W
    run(station)
    assert station.storage_reason != reasons.STORAGE_DISPATCHED and station.storage_setpoint_w >= 0


def test_charging_on_order_gives_way_to_the_cap_and_to_the_guns():
    asked, alone = busy(cap_w=300000), busy(cap_w=300000)
    asked.inputs.storage_wish_w = 200000
    run(asked, 100)
    run(alone, 100)
    assert list(asked.grant_w) == list(alone.grant_w), "the guns get what they get without it"
    assert asked.inputs.grid_w <= 300000 and asked.storage_setpoint_w <= 0
    asked.inputs.gun_state[0] = asked.inputs.gun_state[1] = 3  # the cars have had enough
    asked.inputs.gun_w[0] = asked.inputs.gun_w[1] = 0
    run(asked)
    assert asked.storage_setpoint_w == 200000 and asked.inputs.grid_w <= 300000


def test_what_the_guns_need_from_the_storage_goes_before_less_discharge_on_order():
    station = busy(guns=3, cap_w=300000)
    station.inputs.storage_wish_w = -1000
    run(station, 60)
    assert station.storage_setpoint_w < -1000 and station.storage_reason == reasons.STORAGE_PEAK_SHAVING
    station.inputs.storage_wish_w = -150000
    run(station, 60)
    assert station.storage_setpoint_w == -150000 and station.storage_reason == reasons.STORAGE_DISPATCHED


def test_discharge_on_order_never_feeds_the_grid():
    station = started([{}] * 2)
    station.inputs.storage_wish_w = -200000
    run(station, 60, base_w=50000)
    assert -50000 <= station.storage_setpoint_w < -35000 and station.inputs.grid_w >= 0
    run(station, 60, base_w=50000, pv_w=45000)
    assert station.storage_setpoint_w == 0 and station.inputs.grid_w >= 0
    station.inputs.grid_age_ms = 4000  # nobody knows what the load is now
    run(station, 10, base_w=50000)
    assert station.storage_setpoint_w == 0


def test_the_battery_has_the_last_word():
    station = busy(cap_w=900000)
    inputs = station.inputs
    inputs.storage_wish_w = -100000
    run(station, soc_permille=200)
    assert station.storage_setpoint_w == 0 and station.storage_reason == reasons.STORAGE_SOC_RESERVE
    run(station, soc_permille=210)
    assert station.storage_setpoint_w == -40000  # it fades over the last 5 %
    inputs.discharge_max_w = 30000
    run(station)
    assert station.storage_setpoint_w == -30000 and station.storage_reason == reasons.STORAGE_BMS_LIMIT
    inputs.storage_wish_w = 100000
    run(station, soc_permille=960)
    assert station.storage_setpoint_w == 0
    inputs.charge_max_w = 7000
    run(station)
    assert station.storage_setpoint_w == 7000 and station.storage_reason == reasons.STORAGE_BMS_LIMIT
    inputs.emergency_stop = True
    step(station, 200)
    assert station.storage_setpoint_w == 0 and station.storage_reason == reasons.STORAGE_EMERGENCY_STOP


def test_a_reflex_overrides_an_order_to_charge():
    station = busy(cap_w=300000)
    station.inputs.gun_state[0] = station.inputs.gun_state[1] = 3
    station.inputs.gun_w[0] = station.inputs.gun_w[1] = 0
    station.inputs.storage_wish_w = 200000
    run(station)
    assert station.storage_setpoint_w == 200000
    assert react(station, station.inputs.grid_w + 120000)
    assert station.storage_setpoint_w < 200000 - 40000
