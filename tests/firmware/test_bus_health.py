# runs on: cpython, micropython
import json
import sys

for folder in ("tests/firmware", __file__.rsplit("/", 1)[0]):
    if folder not in sys.path:
        sys.path.append(folder)

from rig import demo_config, no_port  # noqa: E402

from drivers.build import build_buses  # noqa: E402
from drivers.ticks import ticks_add, ticks_ms  # noqa: E402
from firmware.bus_health import PERIOD_MS, BusHealth  # noqa: E402


def station():
    buses, devices = build_buses(demo_config(), no_port)
    return BusHealth(buses), buses, devices


def round_of(health, buses, start_ms, number=1):
    """The messages of one period of 10 s, by bus."""
    made = {}
    for step in range(PERIOD_MS // 50):
        now_ms = ticks_add(start_ms, (number - 1) * PERIOD_MS + 50 * (step + 1))
        if health.is_due(now_ms):
            message = json.loads(b"".join(list(health.pieces(now_ms, None))))
            made[message["bus"]] = message
    return made


def of(messages, name):
    found = [device for message in messages.values() for device in message["devices"] if device["id"] == name]
    assert len(found) == 1, name
    return found[0]


def test_every_bus_has_its_turn_within_the_period_and_every_device_is_told_once():
    health, buses, devices = station()
    start_ms = ticks_ms()
    told = []
    for number in (1, 2, 3):
        messages = round_of(health, buses, start_ms, number)
        told.extend(messages)
        seen = [device["id"] for message in messages.values() for device in message["devices"]]
        assert len(seen) == len(set(seen))
    assert set(told) == {bus.id for bus in buses}
    assert len(told) >= 2 * len(buses)
    assert health.seq == len(told)


def test_a_device_that_never_answered_is_told_without_an_age():
    health, buses, devices = station()
    devices["meter"].health.timeouts = devices["meter"].health.requests = 3
    told = of(round_of(health, buses, ticks_ms()), "meter")
    assert told["last_good_age_ms"] is None and told["answers"] == 0 and told["timeouts"] == 3
    assert told["turnaround_p99_ms"] == 0


def test_the_rate_is_that_since_the_message_before():
    health, buses, devices = station()
    start_ms = ticks_ms()
    round_of(health, buses, start_ms)
    for _ in range(50):
        devices["gun1"].answered(ticks_add(start_ms, 12000), 7)
    told = of(round_of(health, buses, start_ms, 2), "gun1")
    assert 270 <= told["answers_per_min"] <= 300 and told["answers"] == 50, told
    assert told["turnaround_p50_ms"] == told["turnaround_max_ms"] == 7
    assert 0 <= told["last_good_age_ms"] <= 8000
    told = of(round_of(health, buses, start_ms, 3), "gun1")
    assert told["answers_per_min"] == 0 and told["answers"] == 50


def test_a_device_that_was_given_up_has_no_age_that_could_wrap():
    health, buses, devices = station()
    devices["gun1"].answered(ticks_ms(), 7)
    devices["gun1"].give_up()
    assert of(round_of(health, buses, ticks_ms()), "gun1")["last_good_age_ms"] is None


def test_a_message_that_finds_no_room_now_comes_the_next_time_and_loses_nothing():
    health, buses, devices = station()
    now_ms = ticks_add(ticks_ms(), PERIOD_MS)
    devices["gun1"].answered(now_ms, 7)
    for _ in range(3):  # the page was busy: nobody took a piece
        assert health.is_due(now_ms)
        health.pieces(now_ms, None)
    assert health.seq == 0
    messages = round_of(health, buses, now_ms)
    assert of(messages, "gun1")["answers"] == 1 and health.seq == len(messages)


def test_a_bus_that_is_not_open_says_so():
    health, buses, devices = station()
    messages = round_of(health, buses, ticks_ms())
    assert messages and not any(message["open"] for message in messages.values())
