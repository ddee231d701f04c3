# runs on: cpython, micropython
"""The broker in the station file: which ways to it may be written together."""

import json

from firmware import config

DEMO = __file__[: __file__.rfind("tests/")] + "tools/stations/demo.json"


def problems_of(mqtt, board="unix", buses=()):
    """(path, code) of each problem of the demo station with `mqtt` instead of its own."""
    with open(DEMO) as file:
        station = json.load(file)
    station["mqtt"], station["board"] = mqtt, board
    station["buses"] += buses
    return [(each.path, each.code) for each in config.check(station) if each.path.startswith("mqtt")]


def test_a_broker_by_name_with_tls_and_without():
    assert problems_of({"host": "10.0.0.1"}) == []
    assert problems_of({"host": "mqtt.example", "port": 8883, "tls": {"ca": "ca.der"}}) == []
    assert problems_of({"host": "10.0.0.1", "clean_session": False,
                        "tls": {"ca": "ca.pem", "server_name": "b", "cert": "c", "key": "k"}}) == []


def test_a_dtu_needs_no_host_and_takes_no_tls():
    assert problems_of({"uart": {"port": "/dev/dtu", "baud": 9600}}) == []
    assert problems_of({"uart": {"port": "/dev/dtu"}, "host": "a", "tls": {"ca": "c"}}) == [
        ("mqtt.host", "not_with_uart"), ("mqtt.tls", "not_with_uart")]


def test_no_way_to_the_broker_at_all():
    assert problems_of({"user": "u"}) == [("mqtt.host", "missing")]


def test_a_certificate_without_its_key_and_tls_without_ca():
    assert problems_of({"host": "a", "tls": {"ca": "c", "cert": "c"}}) == [("mqtt.tls.key", "missing")]
    assert problems_of({"host": "a", "tls": {"ca": "c", "key": "c"}}) == [("mqtt.tls.cert", "missing")]
    assert problems_of({"host": "a", "tls": {}}) == [("mqtt.tls.ca", "missing")]


def test_the_port_of_a_bus_is_not_free_for_the_dtu():
    found = problems_of({"uart": {"port": "UART1"}})
    assert found == [("mqtt.uart.port", "duplicate_port")], found


def test_the_board_must_have_the_port():
    assert ("mqtt.uart.port", "board_port") in problems_of({"uart": {"port": "UART7"}}, "rpi_pico_w")


def test_a_dtu_takes_no_tcp_connection_of_the_board():
    for mqtt, fits in (({"host": "a"}, False), ({"uart": {"port": "UART0"}}, True)):
        with open(DEMO) as file:
            station = json.load(file)
        station["mqtt"], station["board"] = mqtt, "rpi_pico_w"
        tcp = [each for each in station["buses"] if each["kind"] == "tcp"][:5]
        station["buses"] = tcp
        assert (("buses", "board_tcp") not in [(each.path, each.code) for each in config.check(station)]) == fits


def test_wrong_types_are_told_once():
    assert problems_of({"host": "a", "tls": 7}) == [("mqtt.tls", "type_object")]
    assert problems_of({"uart": "UART1"}) == [("mqtt.uart", "type_object")]
    assert problems_of({"host": "a", "clean_session": 1}) == [("mqtt.clean_session", "type_bool")]
