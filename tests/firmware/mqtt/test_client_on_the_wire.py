"""The MQTT client on real MicroPython against a real broker, and against brokers that misbehave."""

import sys
import time
from contextlib import ExitStack
from pathlib import Path

import pytest

sys.path.append(str(Path(__file__).parent))

from wire import SIGCONT, SIGKILL, SIGSTOP, BadBroker, Broker, Platform, Station, wait_for  # noqa: E402

from firmware.mqtt.packets import encode_publish  # noqa: E402

CONNACK = b"\x20\x02\x00\x00"

# A generous bound on a 10 ms tick: the machine of the tests is shared. The figure itself belongs to the benchmarks.
LATE_MS = 250


@pytest.fixture
def parts():
    """`parts(Class, ...)` makes a part that is ended with the test, whatever happens."""
    with ExitStack() as stack:

        def make(part, *args, **options):
            made = part(*args, **options)
            stack.callback(made.end)
            return made

        yield make


@pytest.fixture
def linked(parts):
    """A broker, a platform on it and a connected station."""

    def make(**options):
        broker = parts(Broker)
        platform = parts(Platform, broker.port)
        station = parts(Station, broker.port, **options)
        platform.wait("t/status", b"online")
        station.wait(lambda last: last["connected"])
        return broker, platform, station

    return make


def test_messages_go_both_ways_with_qos_0_and_1(linked):
    _, platform, station = linked()
    platform.send("t/in0", "plain", 0)
    platform.send("t/in", "acknowledged", 1)
    platform.send("t/站", "光储充放" * 100, 1)
    platform.wait("t/out0", b"plain")
    platform.wait("t/out", b"acknowledged")
    platform.wait("t/站/out", ("光储充放" * 100).encode())
    assert {each[2] for each in platform.got if each[0] == "t/out"} == {1}
    station.wait(lambda last: last["acked"] == 3 and last["waiting"] == 0 and last["bytes"] == 0)
    assert station.last["received"] == 3 and station.last["dropped"] == 0


def test_the_last_will_is_published_when_the_station_is_killed(linked):
    _, platform, station = linked()
    station.signal(SIGKILL)
    platform.wait("t/status", b"offline")


def test_no_last_will_when_the_station_leaves_in_order(linked):
    _, platform, station = linked()
    platform.send("t/quit", "")
    assert station.process.wait(15) == 0
    time.sleep(1)
    assert platform.messages("t/status") == [b"online"]


def test_a_message_too_large_for_the_station_costs_nothing_but_itself(linked):
    _, platform, station = linked()
    platform.send("t/站", b"x" * 50_000, 1)
    platform.wait("t/站/out", b"too large")
    platform.send("t/in", "after", 1)
    platform.wait("t/out", b"after")
    assert station.last["connects"] == 1


def test_an_error_in_the_application_does_not_cost_the_connection(linked):
    _, platform, station = linked()
    platform.send("t/bug", "", 1)
    platform.send("t/in", "after", 1)
    platform.wait("t/out", b"after")
    station.wait(lambda last: last["callback_errors"] == 1)
    assert station.last["connects"] == 1


def test_pings_keep_a_quiet_connection_alive(linked):
    _, platform, station = linked(keepalive_s=2)
    time.sleep(5)
    platform.send("t/in", "still there", 1)
    platform.wait("t/out", b"still there")
    assert station.last["connects"] == 1


def test_after_a_broker_restart_everything_queued_arrives_and_subscriptions_are_back(parts, linked):
    broker, platform, station = linked(count_ms=200)
    wait_for(lambda: platform.messages("t/count"), what="first counts")
    broker.signal(SIGKILL)
    station.wait(lambda last: not last["connected"], what="the loss is seen")
    time.sleep(1.5)
    station.signal(SIGSTOP)  # what a broker acknowledges before anybody has subscribed is lost, and not by the station
    again = parts(Broker, broker.port)
    listener = parts(Platform, again.port)
    station.signal(SIGCONT)
    station.wait(lambda last: last["connects"] == 2, 20, "back again")
    station.wait(lambda last: last["waiting"] <= 1, what="the queue is empty")
    listener.send("t/in", "hello again", 1)
    listener.wait("t/out", b"hello again")

    def without_gap():
        numbers = [int(each) for each in platform.messages("t/count") + listener.messages("t/count")]
        return len(numbers) > 5 and set(numbers) == set(range(1, max(numbers) + 1))

    wait_for(without_gap, 15, "every QoS 1 message arrived")


def test_a_stopped_broker_stops_nothing_else_and_is_noticed(linked):
    broker, platform, station = linked(keepalive_s=2, count_ms=100)
    ticks = station.last["ticks"]
    broker.signal(SIGSTOP)
    station.wait(lambda last: not last["connected"], 20, "the silence is seen")
    assert "PINGRESP" in station.last["error"]
    time.sleep(2)
    assert station.last["ticks"] > ticks + 200 and station.last["late_max_ms"] < LATE_MS
    broker.signal(SIGCONT)
    station.wait(lambda last: last["connected"], 20, "back again")
    platform.wait("t/count", b"1")


def test_a_wrong_password_is_said_and_tried_again_without_haste(parts, linked):
    broker, _, _ = linked()
    intruder = parts(Station, broker.port, password="wrong")
    intruder.wait(lambda last: "CONNACK code" in last["error"])
    assert intruder.last["connects"] == 0


def test_nobody_listening_is_tried_again_without_haste(parts):
    bad = BadBroker(lambda connection, stop: None)
    bad.end()
    station = parts(Station, bad.port)
    station.wait(lambda last: last["error"] != "None")
    time.sleep(1)
    assert station.last["ticks"] > 80 and station.last["late_max_ms"] < LATE_MS


def silent(connection, stop):
    """Takes everything, says nothing."""
    while not stop.is_set():
        try:
            if not connection.recv(4096):
                return
        except TimeoutError:
            pass


def never_reads(connection, stop):
    """Accepts the station and then takes not one byte more: its window closes."""
    connection.recv(4096)
    connection.sendall(CONNACK)
    stop.wait(60)


def drips(connection, stop):
    """One byte a second, starting with a good CONNACK."""
    for byte in CONNACK + bytes(encode_publish("t/in0", b"x" * 200)):
        connection.sendall(bytes([byte]))
        if stop.wait(1):
            return


def floods(connection, stop):
    """Small messages as fast as the wire takes them."""
    connection.recv(4096)
    connection.sendall(CONNACK)
    block = bytes(encode_publish("t/in0", b"x")) * 1000
    while not stop.is_set():
        try:
            connection.sendall(block)
        except TimeoutError:
            pass


def floods_qos_1(connection, stop):
    """Messages that all want an acknowledgement, and nobody takes the acknowledgements."""
    connection.recv(4096)
    connection.sendall(CONNACK)
    block = bytes(encode_publish("t/other", b"x", 1, False, 7)) * 1000
    while not stop.is_set():
        try:
            connection.sendall(block)
        except TimeoutError:
            pass


def garbage(connection, stop):
    """Bytes that are no MQTT, over and over."""
    connection.sendall(bytes(range(256)) * 64)
    stop.wait(5)


def cuts_at_once(connection, stop):
    """Accepts and closes."""


def check_alive(station, broker, ticks):
    last = station.wait(lambda last: last) and station.last
    assert station.process.poll() is None
    assert last["ticks"] > ticks and last["late_max_ms"] < LATE_MS, last
    assert last["bytes"] <= 24_576 and broker.connections < 25


def test_a_station_with_a_bad_broker_keeps_ticking_leaves_it_and_tries_again(parts):
    pairs = []
    for behave in (silent, never_reads, drips, garbage, cuts_at_once):
        broker = parts(BadBroker, behave)
        pairs.append((behave, broker, parts(Station, broker.port, keepalive_s=2, count_ms=20)))
    for behave, broker, station in pairs:
        wait_for(lambda: broker.connections >= 2, 20, f"a second connection: {behave.__name__}")  # noqa: B023
        station.wait(lambda last: last["error"] != "None")
    time.sleep(2)
    for _, broker, station in pairs:
        check_alive(station, broker, 200)


@pytest.mark.parametrize("behave", [floods, floods_qos_1], ids=lambda each: each.__name__)
def test_a_flooding_broker_does_not_stop_the_ticks(parts, behave):
    broker = parts(BadBroker, behave)
    station = parts(Station, broker.port, keepalive_s=2, count_ms=20)
    station.wait(lambda last: last["received"] > 1000, what="the flood")
    time.sleep(2.5)
    check_alive(station, broker, 200)
