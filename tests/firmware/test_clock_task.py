# runs on: cpython, micropython
from firmware.clock import Clock
from firmware.clock_task import ClockTask


def new_task(settings=None):
    clock = Clock(0)
    clock.source = ""
    return clock, ClockTask(clock, settings or {}, 7)


def test_without_a_time_server_each_message_asks_the_platform_anew():
    clock, task = new_task()
    message = task.message(5000)
    assert message == {"at_ms": 5000, "unix_s": None, "source": None, "error_ms": None, "asked": "7-1"}
    assert clock.asked == "7-1" and clock.asked_ms == 5000
    assert task.message(6000) is None
    task.message_due = True
    assert task.message(65000)["asked"] == "7-2" and clock.asked == "7-2"


def test_with_a_time_server_nothing_is_asked_of_the_platform():
    clock, task = new_task({"ntp_host": "127.0.0.1", "ntp_port": 5})
    clock.set(1800000000, "ntp", 40, 0)
    message = task.message(2000)
    assert message == {"at_ms": 2000, "unix_s": 1800000002, "source": "ntp", "error_ms": 40, "asked": None}
    assert clock.asked == ""


def test_an_unknown_time_is_asked_for_every_minute_and_a_known_one_every_hour():
    clock, task = new_task()
    assert task._due(0)
    task._asked_ms = 0
    assert not task._due(59_999) and task._due(60_000)
    clock.set(1800000000, "platform", 40, 0)
    assert not task._due(60_000) and not task._due(3_599_999) and task._due(3_600_000)


def test_the_time_of_an_rtc_is_confirmed_soon():
    clock, task = new_task()
    clock.set(1800000000, "rtc", 5000, 0)
    task._asked_ms = 0
    assert task._due(60_000)
