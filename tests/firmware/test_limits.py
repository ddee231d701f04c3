# runs on: cpython, micropython
from drivers.ticks import ticks_add
from firmware import command_steps
from firmware.limits import LimitsInForce

CIRCUITS = [{"id": "grid", "cap_w": 400000}, {"id": "ac-row", "cap_w": 22000}]


def tighten(limits, limit_w, expires_s, now_ms=0, circuit=0):
    command_steps.tighten(limits, 0, circuit, limit_w, expires_s, now_ms)


def refused(limits, limit_w, expires_s, now_ms=0):
    try:
        tighten(limits, limit_w, expires_s, now_ms)
    except ValueError:
        return True
    return False


def test_without_a_limit_the_contract_cap_is_in_force():
    limits = LimitsInForce(CIRCUITS)
    assert limits.effective_w(0, 0) == 400000 and limits.effective_w(1, 0) == 22000
    assert limits.source(0, 0) == "contract" and limits.items(0) == []


def test_a_limit_holds_until_its_last_millisecond():
    limits = LimitsInForce(CIRCUITS)
    tighten(limits, 300000, 60, 1000)
    assert limits.effective_w(0, 60999) == 300000 and limits.source(0, 60999) == "mqtt"
    assert limits.effective_w(0, 61000) == 400000 and limits.source(0, 61000) == "contract"
    assert limits.effective_w(1, 1000) == 22000


def test_an_expired_limit_stays_expired_when_the_ticks_come_round():
    limits = LimitsInForce(CIRCUITS)
    tighten(limits, 300000, 1, 0)
    assert limits.effective_w(0, 2000) == 400000
    # half a round later the old end would lie in the future again
    assert limits.effective_w(0, ticks_add(2000, 1 << 29)) == 400000


def test_a_limit_set_before_the_ticks_wrap_expires_after_it():
    limits = LimitsInForce(CIRCUITS)
    now_ms = (1 << 30) - 500
    tighten(limits, 300000, 60, now_ms)
    assert limits.effective_w(0, ticks_add(now_ms, 59_999)) == 300000
    assert limits.items(ticks_add(now_ms, 1000))[0]["expires_s"] == 59
    assert limits.effective_w(0, ticks_add(now_ms, 60_000)) == 400000


def test_a_short_tight_limit_does_not_end_a_long_one():
    limits = LimitsInForce(CIRCUITS)
    tighten(limits, 300000, 3600, 0)
    tighten(limits, 299000, 1, 0)
    assert limits.effective_w(0, 500) == 299000
    assert limits.effective_w(0, 1500) == 300000
    assert limits.effective_w(0, 3600_000) == 400000


def test_a_tighter_and_longer_limit_replaces_the_one_before():
    limits = LimitsInForce(CIRCUITS)
    tighten(limits, 300000, 60, 0)
    tighten(limits, 200000, 120, 0)
    assert limits.items(0) == [{"source": "mqtt", "circuit": "grid", "w": 200000, "expires_s": 120}]


def test_the_same_limit_again_prolongs_it():
    limits = LimitsInForce(CIRCUITS)
    tighten(limits, 300000, 60, 0)
    tighten(limits, 300000, 60, 30_000)
    assert limits.effective_w(0, 89_999) == 300000 and len(limits.items(30_000)) == 1


def test_more_limits_than_steps_never_loosen_at_any_time():
    limits = LimitsInForce(CIRCUITS)
    given = []
    for step in range(12):
        limit_w, expires_s = 300000 - 10000 * step, 120 - 10 * step
        tighten(limits, limit_w, expires_s, 0)
        given.append((limit_w, expires_s))
    assert limits.effective_w(0, 0) == 190000
    for second in range(0, 130):
        asked_w = min([w for w, expires_s in given if second < expires_s] + [400000])
        assert limits.effective_w(0, second * 1000) <= asked_w
    assert limits.effective_w(0, 120_000) == 400000


def test_what_would_loosen_is_refused():
    limits = LimitsInForce(CIRCUITS)
    assert refused(limits, 400001, 60)
    tighten(limits, 300000, 60)
    assert refused(limits, 300001, 60) and refused(limits, -1, 60)
    assert refused(limits, 200000, 0) and refused(limits, 200000, 86401)
    assert limits.effective_w(0, 0) == 300000


def test_two_sources_bind_by_the_tighter_one():
    limits = LimitsInForce(CIRCUITS, ("mqtt", "console"))
    command_steps.tighten(limits, 0, 0, 300000, 60, 0)
    command_steps.tighten(limits, 1, 0, 350000, 120, 0)
    assert limits.source(0, 0) == "mqtt" and len(limits.items(0)) == 2
    assert limits.effective_w(0, 61_000) == 350000
    assert limits.source(0, 61_000) == "console"


def test_asking_for_the_limit_allocates_nothing():
    try:
        from micropython import heap_lock, heap_unlock
    except ImportError:
        return  # CPython has no lock on its heap; the MicroPython run of this file is the proof
    limits = LimitsInForce(CIRCUITS)
    command_steps.tighten(limits, 0, 0, 300000, 60, 0)
    heap_lock()
    try:
        in_force_w = limits.effective_w(0, 100)
        later_w = limits.effective_w(0, 60_000)
        source = limits.source(0, 61_000)
    finally:
        heap_unlock()
    assert in_force_w == 300000 and later_w == 400000 and source == "contract"
