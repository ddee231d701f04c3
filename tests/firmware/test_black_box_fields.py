"""Every field of control has its place in the black box: told, decided, remembered, fixed, or formed anew each cycle.

A field that is missing fails here by name, before a recording is ever replayed wrongly.
"""

import random
from array import array

import pytest

from control import response
from control.reflex import react
from control.station import ABSENT_AGE_MS, NO_LIMIT_W, Station
from control.step import step
from firmware import black_box
from firmware.black_box_file import FIXED
from tests.firmware.rig import demo_config

# Formed anew in each cycle before anyone reads them, so a replay need not know what they were. Proved below.
FORMED_ANEW = {
    "circuit_room_w", "circuit_weight", "circuit_allowed_w", "fills", "guns_now_w", "reason", "reason_a",
    "reason_b", "support_w", "loose_w", "raised_w", "oldest_gun_ms",
}  # fmt: skip
# Follow from `observed` and the file: a replay widens anew. Proved below.
DERIVED = {"lag_now_ms", "rise_now_w_s", "fall_now_w_s"}
EVERYTHING = black_box.STATE + black_box.DECISIONS + black_box.SUMMED
NAMES = {"circuit_ids", "gun_ids", "pv_ids", "inputs"}  # not numbers: of the station file, and the inputs


def numbers(owner):
    return {name for name, value in vars(owner).items() if isinstance(value, (int, array))}


def values(station, names):
    found = {name: getattr(station, name) for name in names}
    return {name: list(value) if isinstance(value, array) else value for name, value in found.items()}


def random_inputs(station, draw):
    """A cycle in which anything may have happened; most of it plausible."""
    inputs = station.inputs
    age_ms = lambda: draw.choice([60, 120, 180, 700, 1600, 4000, 70000, ABSENT_AGE_MS])  # noqa: E731
    if draw.random() < 0.8:
        inputs.grid_age_ms, inputs.grid_is_new = draw.choice([50, 120, 190]), True
        inputs.grid_w = draw.randrange(-100000, 450000)
    else:
        inputs.grid_age_ms, inputs.grid_is_new = age_ms(), False
    for p in range(station.pvs):
        inputs.pv_w[p], inputs.pv_age_ms[p] = draw.randrange(160000), age_ms() if draw.random() < 0.1 else 80
    for g in range(station.guns):
        inputs.gun_age_ms[g] = age_ms() if draw.random() < 0.1 else draw.randrange(20, 300)
        inputs.gun_state[g] = draw.choice([0, 1, 2, 2, 2, 2, 3, 4, 5])
        inputs.gun_upper_w[g] = max(0, station.grant_w[g]) if draw.random() < 0.7 else draw.randrange(station.max_w[g])
        inputs.gun_w[g] = draw.randrange(inputs.gun_upper_w[g] + 3000) if inputs.gun_state[g] == 2 else 0
        inputs.gun_held_known[g] = draw.random() < 0.95
    inputs.storage_w, inputs.storage_age_ms = draw.randrange(-200000, 200000), age_ms() if draw.random() < 0.1 else 70
    inputs.bms_age_ms, inputs.soc_permille = age_ms() if draw.random() < 0.1 else 900, draw.randrange(1000)
    inputs.charge_max_w, inputs.discharge_max_w = draw.randrange(200000), draw.randrange(200000)
    for g in range(station.guns):
        inputs.gun_limit_w[g] = draw.choice([station.max_w[g]] * 9 + [-1, 0, draw.randrange(100000)])
    inputs.storage_wish_w = draw.choice([NO_LIMIT_W, draw.randrange(-100000, 100000)])
    inputs.emergency_stop = draw.random() < 0.05


def spoil(station, draw):
    for name in FORMED_ANEW:
        value = getattr(station, name)
        if isinstance(value, array):
            value[:] = array("i", [draw.randrange(-500000, 500000) for _ in value])
        else:
            setattr(station, name, type(value)(draw.randrange(-500000, 500000)))


def test_every_input_is_recorded():
    inputs = Station(demo_config()).inputs
    recorded = black_box.AGES + black_box.INPUTS
    assert numbers(inputs) == set(vars(inputs)), "an input that is neither an integer nor an array of them"
    missing, gone = sorted(set(vars(inputs)) - set(recorded)), sorted(set(recorded) - set(vars(inputs)))
    assert not missing, f"add to AGES or INPUTS in firmware/black_box.py: {missing}"
    assert not gone, f"no inputs of control any more: {gone}"
    assert len(set(recorded)) == len(recorded)


def test_every_field_of_the_station_is_remembered_fixed_or_formed_anew():
    station = Station(demo_config())
    placed = set(black_box.STATE) | set(FIXED) | FORMED_ANEW | DERIVED
    missing = sorted(set(vars(station)) - placed - NAMES)
    assert not missing, f"add to STATE, or to FORMED_ANEW here when that is proved: {missing}"
    gone = sorted(placed - set(vars(station)))
    assert not gone, f"no fields of control any more: {gone}"
    assert numbers(station) >= placed
    assert set(black_box.DECISIONS + black_box.SUMMED) <= numbers(station)


def test_no_field_has_two_places():
    assert not set(black_box.STATE) & set(FIXED)
    assert not set(black_box.STATE) & FORMED_ANEW
    assert not set(FIXED) & FORMED_ANEW
    for names in (black_box.STATE, FIXED, black_box.DECISIONS, black_box.SUMMED):
        assert len(set(names)) == len(names)


@pytest.mark.parametrize("seed", range(3))
def test_what_is_derived_follows_from_what_was_observed_at_any_time(seed):
    draw, station = random.Random(seed), Station(demo_config())
    for cycle in range(300):
        random_inputs(station, draw)
        if cycle % 7 == 0:
            g, kind = draw.randrange(station.guns), draw.choice([response.LAG, response.FALL, response.RISE])
            response.note(station, g, kind, draw.randrange(1, 200000))
        step(station, 200)
        before = values(station, DERIVED)
        for g in range(station.guns):
            response.widen(station, g)
        assert values(station, DERIVED) == before
    assert before["lag_now_ms"] != list(station.lag_ms) and before["fall_now_w_s"] != list(station.ramp_down_w_s)


def test_base_load_and_setpoint_stand_side_by_side_for_the_reflex():
    assert black_box.INPUTS[0] == "grid_w"
    assert black_box.DECISIONS[:2] == ("base_w", "storage_setpoint_w")


@pytest.mark.parametrize("seed", range(4))
def test_what_counts_as_fixed_never_moves(seed):
    draw, station = random.Random(seed), Station(demo_config())
    before = {name: repr(getattr(station, name)) for name in FIXED}
    for _ in range(150):
        random_inputs(station, draw)
        step(station, draw.choice([200, 200, 200, 1000, 3000]))
    assert {name: repr(getattr(station, name)) for name in FIXED} == before


@pytest.mark.parametrize("seed", range(6))
def test_what_is_formed_anew_may_have_held_anything(seed):
    """Two stations with the same memory; in one, all that is formed anew is spoilt before each cycle and reflex."""
    draw, plain, spoilt = random.Random(seed), Station(demo_config()), Station(demo_config())
    for cycle in range(200):
        spoil(spoilt, draw)
        random_inputs(plain, draw)
        for name, value in vars(plain.inputs).items():
            setattr(spoilt.inputs, name, value)
        dt_ms = draw.choice([200, 200, 200, 1000, 10000])
        step(plain, dt_ms)
        step(spoilt, dt_ms)
        assert values(plain, EVERYTHING) == values(spoilt, EVERYTHING), f"cycle {cycle}"
        spoil(spoilt, draw)
        grid_w = plain.inputs.grid_w + draw.randrange(20000)
        react(plain, grid_w)
        react(spoilt, grid_w)
        assert values(plain, black_box.STATE) == values(spoilt, black_box.STATE), f"reflex after cycle {cycle}"
