"""Stations for the tests of control: a config by hand, and inputs in which everything is fresh and known."""

from control.station import Station
from control.step import step


def config(guns, cap_w=400000, circuits=None, pcs_w=200000, base_max_w=60000, headroom_permille=20):
    """guns: list of dicts that override a fast 180 kW gun on circuit `grid`."""
    devices = [{"id": "meter", "role": "meter"}, {"id": "pv1", "role": "pv", "rated_w": 160000}]
    if pcs_w:
        devices += [{"id": "bms1", "role": "bms"}, {"id": "pcs1", "role": "pcs", "rated_w": pcs_w, "bms": "bms1"}]
    for index, changes in enumerate(guns):
        gun = {
            "id": "gun%d" % (index + 1),
            "role": "gun",
            "circuit": "grid",
            "class": "fast",
            "min_w": 5000,
            "max_w": 180000,
            "fallback_w": 20000,
            "watchdog_s": 10,
        }
        gun.update(changes)
        devices.append(gun)
    return {
        "cycle_ms": 200,
        "headroom_permille": headroom_permille,
        "base_load": {"max_w": base_max_w},
        "circuits": [{"id": "grid", "parent": None, "cap_w": cap_w}] + (circuits or []),
        "devices": devices,
        "storage": {"reserve_soc_permille": 200, "support_w": 80000, "charge_w": 50000},
        "class_weights": {"guaranteed": 4, "super": 2, "fast": 1, "slow": 1},
    }


def fresh(station, grid_w=25000, pv_w=0, soc_permille=600):
    """Every reading fresh, every limit known at the gun's fall-back, all guns idle."""
    inputs = station.inputs
    inputs.grid_w, inputs.grid_age_ms, inputs.grid_is_new = grid_w, 50, True
    for p in range(station.pvs):
        inputs.pv_w[p], inputs.pv_age_ms[p] = pv_w, 50
    inputs.storage_w, inputs.storage_age_ms, inputs.bms_age_ms = 0, 50, 200
    inputs.soc_permille = soc_permille
    inputs.charge_max_w = inputs.discharge_max_w = station.pcs_rated_w
    for g in range(station.guns):
        inputs.gun_age_ms[g] = 100
        inputs.gun_held_known[g] = 1
        inputs.gun_upper_w[g] = station.fallback_w[g]
    return inputs


def charging(station, g, power_w, limit_w=None):
    station.inputs.gun_state[g] = 2
    station.inputs.gun_w[g] = power_w
    station.inputs.gun_upper_w[g] = power_w if limit_w is None else limit_w


def started(guns, grid_w=25000, pv_w=0, **changes):
    """A station past its start, its unmetered load measured."""
    station = Station(config(guns, **changes))
    inputs = fresh(station, grid_w, pv_w)
    base_w = grid_w + sum(inputs.pv_w)
    for _ in range(20):
        obey(station)
        inputs.grid_w = base_w + sum(inputs.gun_w) + inputs.storage_w - sum(inputs.pv_w)
        step(station, 200)
    return station


def obey(station):
    """Devices that do at once what they are told: limits acknowledged, guns at their limits, the meter showing
    the sum.
    """
    inputs = station.inputs
    for g in range(station.guns):
        if station.grant_w[g] >= 0:
            inputs.gun_upper_w[g] = station.grant_w[g]
        if inputs.gun_state[g] == 2:
            inputs.gun_w[g] = (
                min(inputs.gun_upper_w[g], station.max_w[g]) if inputs.gun_upper_w[g] >= station.min_w[g] else 0
            )
    inputs.storage_w = station.storage_setpoint_w


def entitled_sum_w(station):
    total_w = 0
    for g in range(station.guns):
        total_w += station.entitled_w[g]
    return total_w
