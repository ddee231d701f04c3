# runs on: cpython, micropython
from drivers.ticks import ticks_add
from firmware.clock import MOST_ERROR_MS, Clock
from firmware.command_steps import tighten
from firmware.limits import LimitsInForce

NOW_S = 1800000000


def new_clock(at_ms=0):
    """As on a board whose RTC was never set."""
    clock = Clock(at_ms)
    clock.source = ""
    clock.sets = 0
    return clock


def test_the_clock_of_the_operating_system_is_taken_when_it_shows_a_year_that_can_be():
    clock = Clock(0)
    assert clock.source == "rtc" and clock.now_s(0) > 1767225600


def test_a_clock_that_was_never_set_knows_no_time():
    clock = new_clock()
    assert clock.now_s(0) is None and clock.now_s(100_000) is None


def test_a_set_clock_goes_on_with_the_ticks():
    clock = new_clock()
    clock.set(NOW_S, "ntp", 100, 5000)
    assert clock.now_s(5000) == NOW_S and clock.now_s(5999) == NOW_S and clock.now_s(6000) == NOW_S + 1
    assert clock.sets == 1 and clock.jump_s == 0


def test_the_ticks_may_wrap():
    start_ms = ticks_add(0, -1500) if ticks_add(0, -1500) > 0 else (1 << 30) - 1500
    clock = new_clock(start_ms)
    clock.set(NOW_S, "ntp", 100, start_ms)
    assert clock.now_s(ticks_add(start_ms, 2000)) == NOW_S + 2
    assert clock.now_s(ticks_add(start_ms, 4500)) == NOW_S + 4
    assert clock.now_s(ticks_add(start_ms, 5000)) == NOW_S + 5


def test_the_error_grows_until_the_time_counts_as_unknown():
    clock = new_clock()
    clock.set(NOW_S, "ntp", 1000, 0)
    now_ms = 0
    for hour in range(1, 82):
        now_ms = hour * 3600_000
        clock.poll(now_ms)
        assert clock.error_ms(now_ms) == 1000 + 360 * hour
        assert (clock.now_s(now_ms) is None) == (clock.error_ms(now_ms) > MOST_ERROR_MS)
    assert clock.now_s(now_ms) is None
    clock.set(NOW_S, "ntp", 1000, now_ms)
    assert clock.now_s(now_ms) == NOW_S and clock.error_ms(now_ms) == 1000


def test_a_jump_is_counted_and_moves_no_limit_in_force():
    clock = new_clock()
    clock.set(NOW_S, "ntp", 100, 0)
    limits = LimitsInForce([{"id": "grid", "cap_w": 400000}])
    tighten(limits, 0, 0, 300000, 60, 0)
    for jump_s in (31_536_000, -63_072_000, 3600):
        before_s = clock.now_s(1000)
        clock.set(before_s + jump_s, "ntp", 100, 1000)
        assert clock.jump_s == jump_s
        assert limits.effective_w(0, 59_999) == 300000 and limits.items(1000)[0]["expires_s"] == 59
    assert clock.sets == 4
