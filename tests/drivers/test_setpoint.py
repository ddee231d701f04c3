# runs on: cpython, micropython
"""What a setpoint says that the device may hold, after every way in which a write can end."""

from drivers.command import DECREASE, INCREASE, NOTHING, REFRESH, Command
from drivers.modbus.errors import ExceptionReply
from drivers.ticks import ticks_add
from tests.drivers.stations import device

T0 = (1 << 30) - 50  # ticks wrap in the middle of every test


def bench(profile="alpitronic_hyc", **others):
    dev = device(profile, **others)
    command = Command(dev, dev.profile.outputs[0], 0)
    return command, command.setpoint


def at(delay_ms):
    return ticks_add(T0, delay_ms)


def write(command, now, outcome="acknowledged"):
    words = [0] * 8
    command.fill(words)
    if outcome == "acknowledged":
        command.replied(b"", 0, now, now)
    elif outcome == "silence":
        command.unanswered(now)
    else:
        command.refused(ExceptionReply("gun", 0, 16, outcome), now)
    return words


def test_nothing_is_written_before_the_first_want():
    command, setpoint = bench()
    assert command.urgency(at(0)) == NOTHING
    command.read_back(150000, at(0))
    assert command.urgency(at(0)) == NOTHING and command.urgency(at(100000)) == NOTHING
    assert setpoint.held == 150000 and setpoint.held_known


def test_an_unknown_device_may_hold_its_maximum():
    command, setpoint = bench()
    assert setpoint.upper == 480000 and not setpoint.held_known
    setpoint.want(100000)
    assert command.urgency(at(0)) == DECREASE
    setpoint.want(480000)
    assert command.urgency(at(0)) == INCREASE


def test_an_acknowledged_write_settles():
    command, setpoint = bench()
    setpoint.want(100000)
    words = write(command, at(5))
    assert words[:2] == [1, 0x86A0]
    assert (setpoint.held, setpoint.upper, setpoint.sent, setpoint.held_known) == (100000, 100000, 100000, True)
    assert setpoint.held_at_ms == at(5)
    assert command.urgency(at(6)) == NOTHING


def test_a_value_below_what_may_be_held_is_a_decrease_and_one_above_an_increase():
    command, setpoint = bench()
    command.read_back(100000, at(0))
    setpoint.want(99999)
    assert command.urgency(at(1)) == DECREASE
    setpoint.want(100001)
    assert command.urgency(at(1)) == INCREASE
    setpoint.want(100000)
    assert command.urgency(at(1)) == NOTHING


def test_an_increase_whose_answer_is_lost_may_be_in_force():
    command, setpoint = bench()
    command.read_back(100000, at(0))
    setpoint.want(200000)
    write(command, at(10), "silence")
    assert (setpoint.held, setpoint.upper) == (100000, 200000)
    setpoint.want(150000)
    assert command.urgency(at(11)) == DECREASE, "less than it may hold"
    write(command, at(12), "silence")
    assert setpoint.upper == 200000
    write(command, at(13))
    assert (setpoint.held, setpoint.upper) == (150000, 150000)


def test_a_decrease_whose_answer_is_lost_is_sent_again_at_once_with_the_newest_value():
    command, setpoint = bench()
    command.read_back(100000, at(0))
    setpoint.want(50000)
    write(command, at(10), "silence")
    assert (setpoint.held, setpoint.upper) == (100000, 100000)
    assert command.urgency(at(10)) == DECREASE
    setpoint.want(40000)
    assert write(command, at(11))[:2] == [0, 40000]
    assert setpoint.held == 40000


def test_a_write_of_the_held_value_is_repeated_after_a_lost_one():
    command, setpoint = bench()
    command.read_back(100000, at(0))
    setpoint.want(200000)
    write(command, at(10), "silence")
    setpoint.want(100000)
    assert command.urgency(at(11)) == DECREASE, "it may hold 200 kW"


def test_a_refused_write_changes_nothing_and_is_tried_again_later():
    command, setpoint = bench()
    command.read_back(100000, at(0))
    setpoint.want(200000)
    write(command, at(10), 3)
    assert (setpoint.held, setpoint.upper) == (100000, 100000)
    assert command.urgency(at(500)) == NOTHING
    assert command.urgency(at(1011)) == INCREASE
    setpoint.want(90000)
    assert command.urgency(at(500)) == DECREASE, "another value is tried at once"


def test_a_want_during_the_write_is_written_next():
    command, setpoint = bench()
    setpoint.want(100000)
    command.fill([0] * 8)
    setpoint.want(80000)
    command.replied(b"", 0, at(1), at(1))
    assert (setpoint.held, setpoint.upper) == (100000, 100000)
    assert command.urgency(at(2)) == DECREASE


def test_watts_within_one_step_of_the_register_are_not_written():
    command, setpoint = bench("cn_pile_v2")
    setpoint.want(50010)
    write(command, at(0))
    setpoint.want(50090)
    assert command.urgency(at(1)) == NOTHING and setpoint.held == setpoint.upper == 50090
    setpoint.want(50000)
    assert command.urgency(at(1)) == NOTHING and setpoint.held == setpoint.upper == 50000
    setpoint.want(49999)
    assert command.urgency(at(1)) == DECREASE


def test_a_zero_is_really_written():
    for profile in ("alpitronic_hyc", "cn_pile_v2", "foxess_evc", "heidelberg_ec", "sinexcel_pws2"):
        command, setpoint = bench(profile)
        setpoint.want(0)
        assert write(command, at(0))[0] == 0 and setpoint.held == 0 and setpoint.upper == 0


def test_values_outside_the_device_are_brought_to_its_ends():
    command, setpoint = bench("cn_pile_v2")
    setpoint.want(99000)
    assert write(command, at(0))[0] == 600
    setpoint.want(-5000)
    assert write(command, at(0))[0] == 0
    command, setpoint = bench("sinexcel_pws2")
    setpoint.want(-900000)
    assert write(command, at(0))[0] == 2000


def test_an_unchanged_setpoint_is_refreshed_at_a_third_of_the_watchdog():
    command, setpoint = bench()
    setpoint.want(100000)
    write(command, at(0))
    assert command.urgency(at(3332)) == NOTHING and command.idle_ms(at(3000)) == 333
    assert command.urgency(at(3333)) == REFRESH
    write(command, at(3340))
    assert command.urgency(at(6000)) == NOTHING
    assert command.urgency(at(6673)) == REFRESH


def test_a_read_back_that_differs_is_believed_and_corrected():
    command, setpoint = bench()
    setpoint.want(100000)
    write(command, at(0))
    command.read_back(20000, at(50))
    assert setpoint.held == 20000 and setpoint.upper == 20000
    assert command.urgency(at(51)) == INCREASE
    command.read_back(300000, at(60))
    assert setpoint.upper == 300000 and command.urgency(at(61)) == DECREASE


def test_a_read_back_that_agrees_keeps_the_exact_watts():
    command, setpoint = bench("heidelberg_ec")
    setpoint.want(8000)
    write(command, at(0))
    command.read_back(115, at(50))
    assert setpoint.held == 8000 and command.urgency(at(51)) == NOTHING


def test_the_bus_is_woken_by_a_changed_want_only():
    command, setpoint = bench()
    calls = []

    class Sleeper:
        def wake(self):
            calls.append(1)

    setpoint.sleeper = Sleeper()
    setpoint.want(0)
    setpoint.want(0)
    setpoint.want(5)
    assert len(calls) == 2
