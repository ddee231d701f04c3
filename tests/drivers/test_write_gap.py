# runs on: cpython, micropython
"""A device that needs a pause between two writes (KEBA: 5 s) gets it whatever is written, and is read meanwhile."""

from drivers.agenda import Agenda
from drivers.ticks import ticks_add, ticks_diff, ticks_ms
from tests.drivers.stations import device, words


def played(dev, seconds, wants):
    """[(ms, register, is a write)] that go out in `seconds`; wants: {second: watts}. Every request is answered at
    once."""
    agenda, started, out = Agenda(dev, 40, True), ticks_ms(), []
    for tick in range(0, 1000 * seconds, 50):
        now = ticks_add(started, tick)
        if tick % 1000 == 0 and tick // 1000 in wants:
            dev.setpoints["limit_w"].want(wants[tick // 1000])
        job = agenda.next_job(now)
        if job is None:
            assert agenda.idle_ms(now) >= 1
            continue
        job.schedule(now)
        buffer = [0] * 8
        count = job.fill(buffer) if job.is_write else job.count
        out.append((ticks_diff(now, started), job.register, job.is_write))
        dev.answered(now, 3)
        job.replied(words(*buffer[:count]), 0, now, now)
        agenda.answered(job, now)
    return out


def test_a_wallbox_is_armed_and_commanded_with_a_pause_after_every_write():
    out = played(device("keba_p30"), 40, {2: 11040, 21: 6900, 22: 5000})
    writes = [(ms, register) for ms, register, is_write in out if is_write]
    registers = [register for _, register in writes]
    assert registers[:2] == [5014, 5004], "a decrease goes before what is left of the arming"
    assert sorted(registers[2:4]) == [5016, 5018] and registers[4:] and set(registers[4:]) == {5004}
    gaps = [writes[i + 1][0] - writes[i][0] for i in range(len(writes) - 1)]
    assert min(gaps) >= 5000 and max(gaps) <= 11100, gaps  # a refresh each 10 s, which may wait one more for reads
    reads = [ms for ms, _, is_write in out if not is_write]
    assert max([reads[i + 1] - reads[i] for i in range(len(reads) - 1)]) <= 1500, "it is read all the time"
    times = [ms for ms, _, _ in out]
    assert min([times[i + 1] - times[i] for i in range(len(times) - 1)]) >= 500


def test_waiting_for_the_pause_does_not_keep_the_bus_awake():
    dev = device("keba_p30")
    agenda, now = Agenda(dev, 40, True), ticks_ms()
    job = agenda.next_job(now)
    assert job.is_write
    job.fill([0] * 8)
    job.replied(b"", 0, now, now)
    agenda.answered(job, now)
    for block in agenda.blocks:
        block.due_ms = ticks_add(now, 4000)
    later = ticks_add(now, 600)
    assert agenda.next_job(later) is None and agenda.idle_ms(later) > 900
