# runs on: cpython, micropython
"""A station file is taken as a whole or refused as a whole, with the place, what was found and what is allowed."""

import json

from firmware import config

DEMO = __file__.rsplit("/tests/", 1)[0] + "/tools/stations/demo.json"


def demo():
    with open(DEMO) as file:
        return json.load(file)


def device(station, name):
    return [each for each in station["devices"] if each["id"] == name][0]


def problems_of(station):
    return [(problem.path, problem.code) for problem in config.check(station)]


def assert_refused(station, path, code):
    """Exactly this problem, with a text in both languages."""
    assert problems_of(station) == [(path, code)], problems_of(station)
    problem = config.check(station)[0]
    for language in ("zh", "en"):
        text = problem.text(language)
        assert text.startswith(path) and "{" not in text.replace("{...}", ""), text
    assert problem.text("zh") != problem.text("en")


def assert_device_refused(name, key, value, code, at=None):
    station = demo()
    device(station, name)[key] = value
    index = [each["id"] for each in demo()["devices"]].index(name)
    assert_refused(station, "devices[%d].%s" % (index, at or key), code)


def test_the_demo_station_is_taken():
    assert config.check(demo()) == []
    assert config.load(DEMO)["station"]["id"] == "GC-DEMO-01"


def test_absent_keys_get_their_defaults():
    station = demo()
    for key in ("cycle_ms", "headroom_permille", "storage", "class_weights", "inputs"):
        del station[key]
    del station["buses"][0]["parity"], station["buses"][3]["tcp_port"], station["mqtt"]["port"]
    del station["station"]["language"]
    assert config.check(station) == []
    filled = config.completed(station)
    assert filled["cycle_ms"] == 200 and filled["headroom_permille"] == 20 and filled["inputs"] == {}
    assert filled["storage"] == {"reserve_soc_permille": 200, "support_w": 0, "charge_w": 0}
    assert filled["class_weights"] == {"guaranteed": 4, "super": 2, "fast": 1, "slow": 1}
    assert filled["buses"][0]["parity"] == "N" and filled["buses"][3]["tcp_port"] == 502
    assert filled["mqtt"]["port"] == 1883 and filled["station"]["language"] == "zh"
    assert device(filled, "gun1")["ramp_down_w_s"] == 80000 and device(filled, "gun5")["ramp_down_w_s"] == 8000
    assert device(filled, "meter")["jump_w"] == 4140 * 160, "what its transformers can show"
    assert device(filled, "pv1")["circuit"] == "grid" and "circuit" not in device(filled, "bms1")


def test_two_stations_do_not_share_a_default():
    first, second = demo(), demo()
    del first["inputs"], second["inputs"]
    config.completed(first)["inputs"]["reset"] = {"pin": "X"}
    assert config.completed(second)["inputs"] == {}


def test_a_meter_without_transformers_may_jump_by_half_more_than_its_circuit_carries():
    for profile, keys, jump_w in (("sdm630", {}, 33000), ("sdm630", {"jump_w": 20000}, 20000),
                                  ("acrel_dtsd1352", {"ct_ratio": 10000, "pt_ratio": 10}, 20000000)):
        station = demo()
        sub = {"id": "sub", "role": "meter", "profile": profile, "bus": "rs485-meter", "unit": 9, "circuit": "ac-row"}
        sub.update(keys)
        station["devices"].append(sub)
        assert config.check(station) == []
        assert device(config.completed(station), "sub")["jump_w"] == jump_w


def test_checking_changes_nothing():
    station = demo()
    del station["storage"]
    before = json.dumps(station)
    config.check(station)
    assert json.dumps(station) == before


def test_every_problem_of_a_file_is_reported_at_once():
    station = demo()
    station["cycle_ms"] = 50
    device(station, "gun1")["circuit"] = "dc-hal"
    device(station, "pv1")["bus"] = "lan"
    assert sorted(problems_of(station)) == [("cycle_ms", "range"), ("devices[1].bus", "no_such_bus"),
                                            ("devices[4].circuit", "no_such_circuit")]


def test_the_texts_say_place_fault_found_and_allowed():
    station = demo()
    device(station, "gun1")["circuit"] = "dc-hal"
    problem = config.check(station)[0]
    assert problem.text("en") == \
        'devices[4].circuit: no such circuit; found "dc-hal"; allowed: grid, dc-hall, ac-row'
    assert problem.text("zh") == 'devices[4].circuit：不存在的回路；发现："dc-hal"；允许：grid, dc-hall, ac-row'


def test_a_station_that_is_not_an_object_is_refused():
    for value in ([], None, 3, "x", True):
        assert_refused(value, "(file)", "type_object")


def test_a_wrong_type_is_refused():
    assert_device_refused("gun1", "max_w", "480000", "type_int")
    assert_device_refused("gun1", "max_w", 480000.0, "type_int")
    assert_device_refused("gun1", "watchdog_s", "10", "type_int_null")
    assert_device_refused("gun1", "id", 7, "type_text")
    station = demo()
    station["inputs"]["emergency_stop"]["normally_closed"] = 1
    assert_refused(station, "inputs.emergency_stop.normally_closed", "type_bool")
    station = demo()
    station["storage"] = []
    assert_refused(station, "storage", "type_object")
    station = demo()
    station["devices"].append("gun7")
    assert_refused(station, "devices[10]", "type_object")
    station = demo()
    station["inputs"] = None
    assert_refused(station, "inputs", "type_object")


def test_true_is_not_the_number_1():
    assert_device_refused("gun1", "unit", True, "type_int")
    station = demo()
    station["buses"][0]["stop_bits"] = True
    assert_refused(station, "buses[0].stop_bits", "choice")
    station = demo()
    station["schema"] = True
    assert_refused(station, "schema", "choice")


def test_lists_that_are_not_lists_are_refused_without_a_crash():
    for key in ("circuits", "buses", "devices"):
        for value in ({}, None, 3, "x", [], [None], [[]], [{}]):
            station = demo()
            station[key] = value
            assert config.check(station), (key, value)


def test_an_unknown_key_is_refused_with_the_nearest_known_name():
    station = demo()
    station["headroom_permile"] = station.pop("headroom_permille")
    assert_refused(station, "headroom_permile", "unknown_key_near")
    assert '"headroom_permille"' in config.check(station)[0].text("en")
    station = demo()
    station["devices"][0]["colour"] = "red"
    assert_refused(station, "devices[0].colour", "unknown_key")
    # A key of another role is as unknown as any.
    assert_device_refused("bms1", "max_w", 1000, "unknown_key")


def test_a_missing_key_is_refused():
    station = demo()
    del device(station, "gun1")["fallback_w"]
    assert_refused(station, "devices[4].fallback_w", "missing")
    station = demo()
    del station["base_load"]["max_w"]
    assert_refused(station, "base_load.max_w", "missing")


def test_a_gun_without_a_circuit_is_refused():
    station = demo()
    del device(station, "gun1")["circuit"]
    assert_refused(station, "devices[4].circuit", "missing")


def test_an_unknown_profile_is_refused():
    assert_device_refused("gun1", "profile", "alpitronic_hyc2", "unknown_profile")
    station = demo()
    device(station, "gun1")["profile"] = "nope"
    assert "alpitronic_hyc" in config.check(station)[0].text("en")


def test_an_unknown_role_is_refused_without_blaming_the_other_keys():
    station = demo()
    device(station, "gun1")["role"] = "charger"
    assert_refused(station, "devices[4].role", "choice")


def test_a_profile_of_another_role_is_refused():
    assert_device_refused("gun1", "profile", "sunspec_inverter", "profile_role")


def test_a_parameter_that_the_profile_needs_is_asked_for():
    for name, key in (("meter", "ct_ratio"), ("gun1", "connector"), ("gun6", "phases")):
        station = demo()
        del device(station, name)[key]
        found = problems_of(station)
        assert [code for path, code in found if path.endswith("]." + key)] == ["missing"], found


def test_references_to_nothing_are_refused():
    assert_device_refused("gun1", "bus", "lan-nowhere", "no_such_bus")
    assert_device_refused("gun1", "circuit", "roof", "no_such_circuit")
    assert_device_refused("pcs1", "bms", "bms2", "no_such_bms")
    assert_device_refused("pcs1", "bms", "gun1", "no_such_bms")


def test_a_pcs_without_a_bms_is_refused():
    station = demo()
    del device(station, "pcs1")["bms"]
    assert_refused(station, "devices[3].bms", "missing")


def test_duplicate_ids_are_refused():
    station = demo()
    device(station, "gun3")["id"] = "gun2"
    assert_refused(station, "devices[6].id", "duplicate_id")
    station = demo()
    station["buses"].append(dict(station["buses"][8], tcp_port=502))
    assert_refused(station, "buses[9].id", "duplicate_id")


def test_a_unit_twice_on_one_bus_is_refused_unless_the_connectors_differ():
    assert_device_refused("gun3", "connector", 1, "duplicate_unit", "unit")
    station = demo()
    device(station, "gun6")["bus"] = "rs485-pile"
    assert_refused(station, "devices[9].unit", "duplicate_unit")
    device(station, "gun6")["unit"] = 2
    assert config.check(station) == []


def test_the_parts_of_one_machine_share_a_unit_each_profile_once():
    station = demo()
    for name, profile in (("pv1", "sungrow_sh"), ("pcs1", "sungrow_sh_pcs"), ("bms1", "sungrow_sh_bms")):
        device(station, name).update({"profile": profile, "bus": "lan-pv"})
    device(station, "pcs1")["watchdog_s"] = None
    assert config.check(station) == []
    device(station, "pcs1").update({"profile": "sinexcel_pws2", "watchdog_s": 60})
    assert_refused(station, "devices[3].unit", "duplicate_unit")


def test_a_port_of_two_buses_is_refused():
    station = demo()
    station["buses"][1]["port"] = "UART1"
    assert_refused(station, "buses[1].port", "duplicate_port")
    station = demo()
    station["buses"][8]["tcp_port"] = 15025
    assert_refused(station, "buses[8].tcp_port", "duplicate_port")
    station["buses"][8]["host"] = "192.168.1.9"
    assert config.check(station) == []


def test_settings_of_a_serial_line_are_checked():
    for key, value in (("baud", 19201), ("baud", "19200"), ("parity", "odd"), ("parity", "n"), ("stop_bits", 3)):
        station = demo()
        station["buses"][0][key] = value
        assert_refused(station, "buses[0]." + key, "choice")


def test_numbers_outside_their_range_are_refused():
    for name, key, values in (("meter", "unit", (0, 248, -1)), ("meter", "ct_ratio", (0, 10001)),
                              ("gun5", "watchdog_s", (0, 9)), ("pv1", "rated_w", (0, 10000001))):
        for value in values:
            assert_device_refused(name, key, value, "range")
    for key, values in (("cycle_ms", (99, 1001)), ("headroom_permille", (4, 201))):
        for value in values:
            station = demo()
            station[key] = value
            assert_refused(station, key, "range")


def test_the_transformer_ratios_together_stay_within_31_bits():
    station = demo()
    device(station, "meter")["pt_ratio"] = 626
    assert_refused(station, "devices[0].ct_ratio", "ct_pt")
    device(station, "meter")["pt_ratio"] = 625
    assert config.check(station) == []


def test_minimum_and_fall_back_above_the_maximum_are_refused():
    assert_device_refused("gun1", "min_w", 480001, "not_above")
    # (the cap of the circuit would be broken too by a fall-back of this size, so a small gun is taken)
    assert_device_refused("gun5", "fallback_w", 11041, "not_above")


def test_a_watchdog_that_the_device_does_not_have_is_refused():
    assert_device_refused("gun4", "watchdog_s", 10, "watchdog_none")


def test_ids_that_mean_something_in_a_topic_are_refused():
    for value in ("", "a/b", "a+", "#", "x" * 33, "枪1", "a b"):
        assert_device_refused("gun1", "id", value, "name")


def test_a_host_must_be_a_host():
    for value in ("", "10.0.0.1:502", "a..b", 7, "tcp://x"):
        station = demo()
        station["mqtt"]["host"] = value
        assert_refused(station, "mqtt.host", "host")


def test_a_board_without_the_port_or_the_pin_or_the_sockets_is_told():
    station = demo()
    station["board"] = "rpi_pico_w"
    station["buses"][0]["port"] = "UART0"
    assert problems_of(station) == [("buses[1].port", "board_port"), ("buses[2].port", "board_port"),
                                    ("buses", "board_tcp")] or \
        problems_of(station) == [("buses[2].port", "board_port"), ("buses", "board_tcp")], problems_of(station)
    station = demo()
    station["board"] = "arduino"
    assert_refused(station, "board", "choice")


def test_two_uses_of_one_input_are_refused():
    station = demo()
    station["inputs"]["reset"]["pin"] = "ESTOP"
    assert_refused(station, "inputs.reset.pin", "same_pin")


def test_the_tables_of_the_check_can_be_unloaded_and_come_back():
    import sys

    config.unload()
    assert not [name for name in sys.modules if name.startswith("firmware.config_")]
    assert config.check(demo()) == []


def test_the_grid_meter_and_the_root_are_found():
    assert config.root_circuit(demo()) == "grid"
    assert config.grid_meter(demo())["id"] == "meter"
