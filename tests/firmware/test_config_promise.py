# runs on: cpython, micropython
"""A station that cannot hold its cap without the controller is refused before anything starts."""

import json

from firmware import config

DEMO = __file__.rsplit("/tests/", 1)[0] + "/tools/stations/demo.json"
# Fall-backs 3 x 20 kW + 2 x 4.14 kW, the pile without a watchdog at its 60 kW, and the base load of 60 kW.
NEED_W = 60000 + 8280 + 60000 + 60000


def demo():
    with open(DEMO) as file:
        return json.load(file)


def codes(station):
    return [(problem.path, problem.code, problem.found) for problem in config.check(station)]


def test_a_cap_below_the_fall_backs_and_the_base_load_is_refused():
    station = demo()
    station["circuits"][0]["cap_w"] = NEED_W
    assert codes(station) == []
    station["circuits"][0]["cap_w"] = NEED_W - 1
    assert codes(station) == [("circuits[0].cap_w", "fallback_over_cap", NEED_W - 1)]
    assert str(NEED_W) in config.check(station)[0].text("en")


def test_a_gun_without_a_watchdog_counts_with_its_maximum():
    station = demo()
    station["circuits"][0]["cap_w"] = NEED_W
    station["devices"][7]["fallback_w"] = 0  # gun4 never hears of it
    assert codes(station) == []
    station["circuits"][0]["cap_w"] -= 1
    assert len(codes(station)) == 1


def test_each_inner_circuit_is_checked_without_the_base_load():
    station = demo()
    station["circuits"][2]["cap_w"] = 8280
    assert codes(station) == []
    station["circuits"][2]["cap_w"] = 8279
    assert codes(station) == [("circuits[2].cap_w", "fallback_over_cap", 8279)]


def test_a_gun_counts_in_every_circuit_above_it():
    station = demo()
    station["circuits"].append({"id": "column", "parent": "ac-row", "cap_w": 8280})
    station["devices"][8]["circuit"] = station["devices"][9]["circuit"] = "column"
    assert codes(station) == []
    station["circuits"][2]["cap_w"] = 8279
    assert codes(station) == [("circuits[2].cap_w", "fallback_over_cap", 8279)]


def test_a_cap_of_nothing_or_beyond_10_mw_is_refused():
    for value in (0, -1, 10000001):
        station = demo()
        station["circuits"][0]["cap_w"] = value
        assert codes(station) == [("circuits[0].cap_w", "range", value)], codes(station)


def test_a_station_without_a_root_circuit_is_refused():
    station = demo()
    station["circuits"][0]["parent"] = "ac-row"
    found = [code for _, code, _ in codes(station)]
    assert "no_root" in found and "cycle" in found, found


def test_a_station_with_two_root_circuits_is_refused():
    station = demo()
    station["circuits"][2]["parent"] = None
    assert codes(station) == [("circuits[2].parent", "many_roots", None)]


def test_circuits_that_feed_each_other_are_refused():
    station = demo()
    station["circuits"] += [{"id": "a", "parent": "b", "cap_w": 1000}, {"id": "b", "parent": "a", "cap_w": 1000}]
    assert codes(station) == [("circuits[3].parent", "cycle", "b"), ("circuits[4].parent", "cycle", "a")]


def test_a_circuit_that_feeds_itself_is_refused():
    station = demo()
    station["circuits"][2]["parent"] = "ac-row"
    assert ("circuits[2].parent", "cycle", "ac-row") in codes(station)


def test_a_parent_that_does_not_exist_is_refused():
    station = demo()
    station["circuits"][2]["parent"] = "gird"
    assert ("circuits[2].parent", "no_such_circuit", "gird") in codes(station)


def test_a_station_without_a_grid_meter_is_refused():
    station = demo()
    del station["devices"][0]
    assert [code for _, code, _ in codes(station)] == ["no_grid_meter"]
    station = demo()
    station["devices"][0]["circuit"] = "ac-row"
    assert [code for _, code, _ in codes(station)] == ["no_grid_meter"]


def test_two_grid_meters_are_refused_and_a_meter_further_in_is_not():
    station = demo()
    station["devices"].append(dict(station["devices"][0], id="meter2", unit=2))
    assert codes(station) == [("devices[10].circuit", "two_grid_meters", "grid")]
    station["devices"][10]["circuit"] = "ac-row"
    assert codes(station) == []


def test_a_second_pcs_is_refused_while_only_one_is_controlled():
    station = demo()
    station["devices"].append(dict(station["devices"][2], id="bms2", unit=2))
    station["devices"].append(dict(station["devices"][3], id="pcs2", unit=2, bms="bms2"))
    assert codes(station) == [("devices[11]", "two_pcs", "pcs2")]


def test_a_storage_that_lets_go_before_the_guns_is_refused():
    # gun1: watchdog 10 s, then from 480 kW to 20 kW at 80 kW/s: 5.75 s.
    station = demo()
    station["devices"][3]["watchdog_s"] = 16
    assert codes(station) == []
    station["devices"][3]["watchdog_s"] = 15
    assert codes(station) == [("devices[3].watchdog_s", "storage_first", 15)]
    assert "gun1" in config.check(station)[0].text("zh")


def test_a_slower_ramp_asks_for_a_longer_watchdog_of_the_storage():
    station = demo()
    station["devices"][4]["ramp_down_w_s"] = 16000  # 28.75 s from 480 kW to 20 kW
    station["devices"][3]["watchdog_s"] = 39
    assert codes(station) == []
    station["devices"][3]["watchdog_s"] = 38
    assert codes(station) == [("devices[3].watchdog_s", "storage_first", 38)]


def test_a_storage_that_never_lets_go_is_taken():
    station = demo()
    station["devices"][3]["watchdog_s"] = None
    assert codes(station) == []


def test_every_sum_of_the_largest_station_fits_31_bits():
    from firmware import config_schema as schema

    assert 48 * schema.MAX_GUN_W + schema.MAX_CAP_W < 1 << 30
    assert schema.MAX_CAP_W * 100 < 1 << 30
