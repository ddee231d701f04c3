# runs on: cpython, micropython
from firmware.alarms import Alarms


def drain(alarms):
    found = []
    while alarms.peek() is not None:
        found.append(alarms.peek())
        alarms.published()
    return found


def test_a_raised_alarm_is_told_once_however_often_it_is_stated():
    alarms = Alarms(7, ["grid"])
    for now_ms in range(100, 1000, 200):
        alarms.update("gun_deaf", "gun2", True, now_ms, 20000)
    told = drain(alarms)
    assert told == [
        {
            "seq": 1,
            "id": "7-1",
            "code": "gun_deaf",
            "device": "gun2",
            "active": True,
            "zh": "枪无应答，按 20.0 kW 占用计",
            "en": "gun does not answer, counted at 20.0 kW",
            "at_ms": 100,
        }
    ]
    assert alarms.is_active("gun_deaf", "gun2") and not alarms.is_active("gun_deaf", "gun1")


def test_the_end_of_an_alarm_carries_its_id_and_its_own_sequence_number():
    alarms = Alarms(0, [])
    alarms.update("device_silent", "pv1", True, 10, 5000)
    alarms.update("device_silent", "pv1", False, 20)
    alarms.update("device_silent", "pv1", False, 30)
    raised, cleared = drain(alarms)
    assert raised["id"] == cleared["id"] == "0-1" and cleared["seq"] == 2 and cleared["active"] is False
    assert cleared["en"].startswith("cleared: ") and cleared["zh"].startswith("恢复") and alarms.active() == []


def test_an_alarm_that_returns_is_a_new_one():
    alarms = Alarms(3, [])
    for active in (True, False, True):
        alarms.update("pcs_silent", "pcs1", active, 0, 1000)
    assert [each["id"] for each in drain(alarms)] == ["3-1", "3-1", "3-3"]


def test_the_same_code_on_two_devices_is_two_alarms():
    alarms = Alarms(0, [])
    alarms.update("device_silent", "gun1", True, 0)
    alarms.update("device_silent", "gun2", True, 0)
    alarms.update("device_silent", "gun1", False, 0)
    assert [each["device"] for each in alarms.active()] == ["gun2"]


def test_more_alarms_than_fit_are_counted_and_not_kept():
    alarms = Alarms(0, [], max_active=3)
    for number in range(5):
        alarms.update("device_silent", "gun%d" % number, True, 0)
    assert len(alarms.active()) == 3 and alarms.overflow == 2 and len(drain(alarms)) == 3


def test_a_flapping_alarm_cannot_fill_the_heap_and_the_newest_changes_stay():
    alarms = Alarms(0, [], max_pending=8)
    for number in range(50):
        alarms.update("meter_stale", "meter", number % 2 == 0, number)
    told = drain(alarms)
    assert [each["seq"] for each in told] == list(range(43, 51)) and alarms.lost == 42


def test_an_unknown_code_is_a_mistake_of_the_program_and_is_said():
    try:
        Alarms(0, []).update("no_such_alarm", "x", True, 0)
    except KeyError:
        return
    raise AssertionError("accepted an alarm without a text")


def test_stating_an_unchanged_alarm_allocates_nothing():
    try:
        from micropython import heap_lock, heap_unlock
    except ImportError:
        return  # only MicroPython can lock its heap
    alarms = Alarms(0, [])
    alarms.update("meter_stale", "meter", True, 0, 900)
    heap_lock()
    try:
        alarms.update("meter_stale", "meter", True, 200, 1100)
        alarms.update("gun_deaf", "gun1", False, 200)
    finally:
        heap_unlock()
    assert len(alarms.active()) == 1
