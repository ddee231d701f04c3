"""The job that an agenda keeps until something happens to its device is as urgent as a new look would find, whatever
happened to this device and to the others."""

from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.modbus.errors import ExceptionReply
from drivers.profiles import registry
from drivers.ticks import ticks_add
from tests.drivers.test_timing_properties import Virtual, members

# keba_p30 needs 5 s between two writes.
PROFILES = ("acrel_dtsd1352", "sinexcel_pws2", "alpitronic_hyc", "foxess_evc", "heidelberg_ec", "keba_p30")
ANSWER, REFUSE, BUSY, FAIL, SILENCE = range(5)
CODES = {REFUSE: 2, BUSY: 6, FAIL: 4}
BUS = {"id": "bus", "kind": "rtu", "baud": 19200}


def happened(virtual, outcome):
    """What goes out next has gone out, and ended like this; True when anything was due."""
    agenda, job = virtual.bus.pick(virtual.now_ms)
    if job is None:
        virtual.now_ms = ticks_add(virtual.now_ms, virtual.bus.idle_ms(virtual.now_ms))
        return False
    if outcome == ANSWER:
        virtual._perform(agenda, job, 5)
        return True
    job.schedule(virtual.now_ms)
    if job.is_write:
        job.fill([0] * 16)
    virtual.now_ms = ticks_add(virtual.now_ms, 40)
    if outcome == SILENCE:
        job.unanswered(virtual.now_ms)
        agenda.unanswered(True, virtual.now_ms)
    else:
        agenda.refused(job, ExceptionReply("d", job.register, job.function, CODES[outcome]), virtual.now_ms)
    return True


def kept_stands(virtual):
    """How many jobs were kept; each as urgent as a new look says, and no decrease is passed over."""
    count = 0
    for agenda in virtual.bus._agendas:
        kept, rank = agenda.kept, agenda.rank
        if kept is not None:
            due_ms = agenda.due_ms
            fresh = agenda.next_job(virtual.now_ms)
            assert fresh is not None and agenda.rank == rank, (agenda.device.id, rank, agenda.rank)
            agenda.rank, agenda.due_ms = rank, due_ms
            count += 1
    return count


@settings(max_examples=60, deadline=None)
@given(
    st.lists(st.sampled_from(PROFILES), min_size=2, max_size=5),
    st.lists(
        st.tuples(st.integers(0, 4), st.sampled_from((0, 4000, 7000, 11000, 22000)), st.integers(0, 600),
                  st.sampled_from((ANSWER, ANSWER, ANSWER, REFUSE, BUSY, FAIL, SILENCE))),
        min_size=20, max_size=120,
    ),
)  # fmt: skip
def test_what_is_kept_is_as_urgent_as_a_new_look_finds(names, happenings):
    virtual = Virtual(BUS, members(names, [200] * 5), [0])
    setpoints = virtual._setpoints()
    for number, value, wait_ms, outcome in happenings:
        if setpoints and value != 4000:
            setpoints[number % len(setpoints)].want(value)
        happened(virtual, outcome)
        kept_stands(virtual)
        virtual.now_ms = ticks_add(virtual.now_ms, wait_ms)
        kept_stands(virtual)


def test_on_a_full_line_most_devices_are_not_looked_at_for_each_request():
    virtual = Virtual(BUS, members(["alpitronic_hyc"] * 5, [100] * 5), [0])
    kept = sum(happened(virtual, ANSWER) and kept_stands(virtual) for _ in range(100))
    assert kept > 100, kept


def test_a_decrease_whose_pause_is_over_goes_out_although_a_reading_was_due():
    """Nobody wakes the bus for it."""
    virtual = Virtual(BUS, members(["heidelberg_ec", "keba_p30"], [None] * 5), [0])
    assert any(registry.load(name).write_gap_ms for name in ("heidelberg_ec", "keba_p30"))
    for value in (16000, 8000):
        for setpoint in virtual._setpoints():
            setpoint.want(value)
        for _ in range(200):
            happened(virtual, ANSWER)
            virtual.now_ms = ticks_add(virtual.now_ms, 20)
    assert [setpoint.held for setpoint in virtual._setpoints()] == [8000, 8000]
