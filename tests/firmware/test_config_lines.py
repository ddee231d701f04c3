# runs on: cpython, micropython
"""Devices that cannot talk on the bus they are put on are refused: kind of bus, unit ids, meter addresses."""

import json

from firmware import config

DEMO = __file__.rsplit("/tests/", 1)[0] + "/tools/stations/demo.json"


def demo():
    with open(DEMO) as file:
        return json.load(file)


def with_meters(*meters):
    """The demo station with DL/T 645 meters on a line of their own; meters: keys of each."""
    station = demo()
    station["buses"].append({"id": "meters", "kind": "dlt645", "port": "/dev/meters"})
    inner = [circuit["id"] for circuit in station["circuits"] if circuit["parent"] is not None][0]
    for number, keys in enumerate(meters, 1):
        meter = {"id": "m%d" % number, "role": "meter", "profile": "dlt645_meter", "bus": "meters", "unit": number}
        meter["circuit"] = inner
        meter.update(keys)
        station["devices"].append(meter)
    return station, "devices[%d]" % len(demo()["devices"])


def problems_of(station):
    found = config.check(station)
    for problem in found:
        assert problem.text("zh") != problem.text("en") and "{" not in problem.text("en")
    return [(problem.path, problem.code) for problem in found]


def test_a_meter_alone_needs_no_address_and_several_need_one_each():
    station, _ = with_meters({})
    assert problems_of(station) == []
    filled = config.completed(station)
    assert (filled["buses"][-1]["baud"], filled["buses"][-1]["parity"]) == (2400, "E")
    station, path = with_meters({}, {"meter_address": "000000000002"})
    assert problems_of(station) == [(path + ".meter_address", "missing")]
    station, _ = with_meters({"meter_address": "000000000001"}, {"meter_address": "000000000002"})
    assert problems_of(station) == []


def test_a_meter_address_has_twelve_digits():
    for bad, code in (("12345678901", "length"), ("12345678901x", "meter_address"), (123456789012, "type_text")):
        station, path = with_meters({"meter_address": bad})
        assert problems_of(station) == [(path + ".meter_address", code)], bad


def test_meters_and_modbus_devices_keep_to_their_own_lines():
    station, path = with_meters({"profile": "acrel_dtsd1352", "ct_ratio": 1})
    assert problems_of(station) == [(path + ".bus", "bus_kind")]
    station, path = with_meters({})
    station["devices"][-1]["bus"] = station["buses"][0]["id"]
    station["devices"][-1]["unit"] = 77
    assert problems_of(station) == [(path + ".bus", "bus_kind")]


def test_units_above_247_and_unit_0_exist_over_tcp_only():
    station = demo()
    serial = [bus["id"] for bus in station["buses"] if bus["kind"] == "rtu"]
    for index, device in enumerate(station["devices"]):
        station = demo()
        station["devices"][index]["unit"] = 255
        wanted = [("devices[%d].unit" % index, "range")] if device["bus"] in serial else []
        assert problems_of(station) == wanted, device["id"]
        station["devices"][index]["unit"] = 0
        assert problems_of(station) == wanted, device["id"]
    station["devices"][0]["unit"] = 256
    assert problems_of(station)[0] == ("devices[0].unit", "range")


def test_two_lines_cannot_have_one_port():
    station, _ = with_meters({})
    station["buses"][-1]["port"] = [bus["port"] for bus in station["buses"] if bus["kind"] == "rtu"][0]
    assert [code for _, code in problems_of(station)] == ["duplicate_port"]
