"""Runs on MicroPython: the time of one `control.step()` with every gun charging under a full cap, for each number of
guns given, and whether it allocates. Prints one line of JSON.
"""

import json
import sys
import time

from micropython import heap_lock, heap_unlock  # pyright: ignore[reportMissingImports]

from control.station import CHARGING, Station
from control.step import step

_WARM_UP, _ROUNDS = 60, 400


def config(guns):
    devices = [
        {"id": "meter", "role": "meter"},
        {"id": "pv1", "role": "pv", "rated_w": 400000},
        {"id": "bms1", "role": "bms"},
        {"id": "pcs1", "role": "pcs", "rated_w": 500000, "bms": "bms1"},
    ]
    for number in range(guns):
        gun = {"id": f"gun{number}", "role": "gun", "circuit": f"hall{number % 4}", "class": "fast"}
        gun.update(min_w=5000, max_w=180000, fallback_w=5000, watchdog_s=10)
        devices.append(gun)
    circuits = [{"id": "grid", "parent": None, "cap_w": 50000 * guns}]
    for hall in range(4):
        circuits.append({"id": f"hall{hall}", "parent": "grid", "cap_w": 20000 * guns})
    return {
        "cycle_ms": 200,
        "base_load": {"max_w": 60000},
        "circuits": circuits,
        "devices": devices,
        "storage": {"reserve_soc_permille": 200, "support_w": 100000, "charge_w": 100000},
        "class_weights": {"fast": 1},
    }


def fresh(station):
    inputs = station.inputs
    inputs.grid_age_ms, inputs.grid_is_new = 50, True
    inputs.pv_w[0], inputs.pv_age_ms[0] = 100000, 50
    inputs.storage_age_ms = inputs.bms_age_ms = 50
    inputs.soc_permille = 600
    inputs.charge_max_w = inputs.discharge_max_w = 500000
    for g in range(station.guns):
        inputs.gun_age_ms[g] = 100
        inputs.gun_held_known[g] = 1
        inputs.gun_upper_w[g] = 5000
        inputs.gun_w[g] = 5000
        inputs.gun_state[g] = CHARGING


def obey(station, number):
    """Every gun takes what it was granted, up to what its car wants; the load wanders by some watts."""
    inputs = station.inputs
    total_w = 0
    for g in range(station.guns):
        if station.grant_w[g] >= 0:
            inputs.gun_upper_w[g] = station.grant_w[g]
        inputs.gun_w[g] = min(inputs.gun_upper_w[g], 60000 + 2500 * g)
        total_w += inputs.gun_w[g]
    inputs.storage_w = station.storage_setpoint_w
    inputs.grid_w = 40000 + 37 * (number % 11) + total_w + inputs.storage_w - inputs.pv_w[0]


def locked(function, argument):
    """True when function(argument) allocated: then it could not finish."""
    heap_lock()
    try:
        function(argument)
        return False
    except MemoryError:
        return True
    finally:
        heap_unlock()


def one_cycle(station):
    step(station, 200)


def measure(guns):
    station = Station(config(guns))
    fresh(station)
    station.inputs.grid_w = 40000 + 5000 * guns - 100000
    for number in range(_WARM_UP):
        step(station, 200)
        obey(station, number)
    spent_us, allocations = [], 0
    for number in range(_ROUNDS):
        began_us = time.ticks_us()
        allocations += locked(one_cycle, station)
        spent_us.append(time.ticks_diff(time.ticks_us(), began_us))
        obey(station, number)
    spent_us.sort()
    return {
        "guns": guns,
        "p50_us": spent_us[_ROUNDS // 2],
        "p99_us": spent_us[_ROUNDS * 99 // 100],
        "bound_guns": sum(bound >= 0 for bound in station.bound_by),
        "allocations": allocations,
    }


if not locked(bytearray, 100):
    raise SystemExit("heap_lock() does not lock")
print(json.dumps([measure(int(guns)) for guns in sys.argv[1:]]))
