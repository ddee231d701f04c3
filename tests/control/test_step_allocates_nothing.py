# runs on: cpython, micropython
"""heap_lock() on MicroPython makes any allocation between snapshot and commit raise; CPython runs the same situations
without the lock.
"""

from control.reflex import react
from control.step import step
from tests.control.stations import charging, obey, started
from tests.heap import heap_lock, heap_unlock


def locked_step(station, dt_ms):
    heap_lock()
    try:
        step(station, dt_ms)
    finally:
        heap_unlock()


def test_charging_under_a_full_cap():
    station = started([{"class": "super", "max_w": 480000}] + [{}] * 7, pv_w=100000, grid_w=-75000)
    for g in range(8):
        charging(station, g, 5000, 5000)
    for n in range(100):
        obey(station)
        station.inputs.pv_w[0] = 100000 - 700 * n
        station.inputs.grid_w = 25000 + sum(station.inputs.gun_w) + station.inputs.storage_w - station.inputs.pv_w[0]
        locked_step(station, 200)
    assert station.grant_w[0] > 5000


def test_every_step_of_the_ladder():
    station = started([{}] * 4)
    for g in range(4):
        charging(station, g, 40000, 40000)
    for age_ms in (100, 700, 1500, 4000, 70000, 100):
        station.inputs.grid_age_ms = age_ms
        station.inputs.gun_age_ms[1] = age_ms
        station.inputs.storage_age_ms = age_ms
        for _ in range(12):
            locked_step(station, 200)
    assert station.started


def test_a_reflex_between_two_cycles():
    station = started([{}] * 4)
    for g in range(4):
        charging(station, g, 5000, 5000)
    for n in range(60):
        obey(station)
        station.inputs.grid_w = 25000 + sum(station.inputs.gun_w) + station.inputs.storage_w + n % 3
        step(station, 200)
    heap_lock()
    try:
        moved = react(station, station.inputs.grid_w + 30000)
    finally:
        heap_unlock()
    assert moved


def test_an_emergency_stop():
    station = started([{}] * 4)
    station.inputs.emergency_stop = True
    locked_step(station, 200)
    assert sum(station.grant_w) == 0


def test_a_disobedient_gun_and_a_short_cap():
    station = started([{}] * 4, cap_w=120000)
    for g in range(4):
        charging(station, g, 30000, 20000)
    for _ in range(80):
        locked_step(station, 200)
    assert station.disobedient[0] == 1
