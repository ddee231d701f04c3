# runs on: cpython, micropython
import json

from control.station import Station
from firmware import config

DEMO = __file__.rsplit("/tests/", 1)[0] + "/tools/stations/demo.json"


def demo(phase_cap_w=None, **gun5):
    """The demo station with gun5 (circuits[2], devices[8]) on one phase."""
    with open(DEMO) as file:
        station = json.load(file)
    if phase_cap_w is not None:
        station["circuits"][2]["phase_cap_w"] = phase_cap_w
    station["devices"][8].update(gun5)
    return station


def codes(station):
    return [(problem.path, problem.code) for problem in config.check(station)]


def test_a_single_phase_gun_below_a_cap_by_phase_names_its_phase():
    assert codes(demo(7400, phases=1, phase="L2", max_w=7360)) == []
    assert codes(demo(7400, phases=1, max_w=7360)) == [("devices[8].phase", "missing")]
    assert codes(demo(None, phases=1, max_w=7360)) == []


def test_a_three_phase_gun_has_no_phase_of_its_own():
    assert codes(demo(7400, phase="L1")) == [("devices[8].phase", "phase_of_three")]


def test_an_unknown_phase_is_refused():
    assert [path for path, _ in codes(demo(7400, phases=1, phase="R"))] == ["devices[8].phase"]


def test_the_grid_connection_has_no_caps_by_phase():
    station = demo()
    station["circuits"][0]["phase_cap_w"] = 140000
    assert codes(station) == [("circuits[0].phase_cap_w", "phase_at_grid")]


def test_the_fall_backs_on_a_phase_fit_its_cap():
    # gun5 falls back to 4140 W on L2, gun6 to 4140 W on three phases: 5520 W on L2.
    assert codes(demo(5520, phases=1, phase="L2", max_w=7360)) == []
    found = config.check(demo(5519, phases=1, phase="L2", max_w=7360))
    assert [(each.path, each.code) for each in found] == [("circuits[2].phase_cap_w", "phase_fallback")]
    assert "L2" in found[0].text("zh") and "5520" in found[0].text("en")


def test_control_counts_the_gun_on_its_phase():
    station = Station(config.completed(demo(7400, phases=1, phase="L2", max_w=7360)))
    gun5 = station.gun_ids.index("gun5")
    way = [
        (station.circuit_ids[station.path[k]], station.path_share[k])
        for k in range(gun5 * station.depth, (gun5 + 1) * station.depth)
        if station.path[k] >= 0
    ]
    assert way == [("ac-row", 1), ("ac-row L2", 3), ("grid", 1)]
