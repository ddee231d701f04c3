# runs on: cpython, micropython
"""What a device asks of its bus, and how long a silent one is left alone. Time is an argument: nothing here waits."""

from drivers.agenda import RANK_CONTROL, RANK_DECREASE, RANK_INCREASE, RANK_SLOW, Agenda
from drivers.arming import Arm
from drivers.command import Command, ReadBack
from drivers.decode import u16
from drivers.modbus.errors import ExceptionReply
from drivers.output import Output
from drivers.point import Point
from drivers.reading import ABSENT, GOOD, WHY_REFUSED
from drivers.ticks import ticks_add, ticks_diff, ticks_ms
from tests.drivers.stations import device, words
from tests.drivers.tables import Table
from tests.drivers.tables import device as made_up


def bench(profile, alone=True, **others):
    agenda = Agenda(device(profile, **others), 16, alone)
    return agenda, ticks_ms()


def reply(agenda, job, now, *values):
    data = words(*(values or [0] * job.count))
    if hasattr(job, "schedule"):
        job.schedule(now)
    if job.is_write:
        job.fill([0] * 8)
    job.replied(data, 0, now, now)
    agenda.device.answered(now, 5)
    agenda.answered(job, now)


def silence(agenda, job, now, silent=True):
    if job.is_write:
        job.fill([0] * 8)
    job.unanswered(now)
    agenda.unanswered(silent, now)


def start_up(agenda, now, held=0):
    while agenda.step() is not None:
        job = agenda.next_job(now)
        reply(agenda, job, now, *([0] * (job.count - 1) + [held]))
        now = ticks_add(now, 200)
    return now


def test_setpoints_are_read_back_before_anything_is_written():
    agenda, now = bench("heidelberg_ec")
    agenda.device.setpoints["limit_w"].want(0)
    job = agenda.next_job(now)
    assert isinstance(job, ReadBack) and (job.function, job.register, job.count) == (3, 261, 1)
    reply(agenda, job, now, 160)
    assert agenda.device.setpoints["limit_w"].held == 11040
    assert isinstance(agenda.next_job(ticks_add(now, 100)), Command)


def test_a_register_that_cannot_be_read_back_does_not_stop_the_writes():
    agenda, now = bench("foxess_evc")
    agenda.device.setpoints["limit_w"].want(0)
    job = agenda.next_job(now)
    job.refused(ExceptionReply("gun5", job.register, 3, 2), now)
    agenda.answered(job, now)
    assert isinstance(agenda.next_job(now), Command)
    assert not agenda.device.setpoints["limit_w"].held_known


def test_a_pile_that_is_never_read_back_is_written_at_once():
    agenda, now = bench("cn_pile_v2")
    agenda.device.setpoints["limit_w"].want(20000)
    job = agenda.next_job(now)
    assert isinstance(job, Command) and agenda.rank == RANK_DECREASE


def test_the_first_limit_does_not_wait_behind_readings_as_a_later_increase_does():
    agenda, now = bench("cn_pile_v2")
    most_w = agenda.device.setpoints["limit_w"].upper
    agenda.device.setpoints["limit_w"].want(most_w)
    job = agenda.next_job(now)
    assert isinstance(job, Command) and agenda.rank == RANK_CONTROL, "what the pile holds is not known yet"
    reply(agenda, job, now)
    agenda.device.setpoints["limit_w"].want(most_w // 2)
    reply(agenda, agenda.next_job(now), now)
    agenda.device.setpoints["limit_w"].want(most_w)
    assert not isinstance(agenda.next_job(now), Command) and agenda.rank == RANK_CONTROL


def test_watchdog_registers_are_written_only_when_they_differ():
    agenda, now = bench("heidelberg_ec")
    reply(agenda, agenda.next_job(now), now, 160)
    seen = []
    for value in (10000, 30):
        now = ticks_add(now, 100)
        job = agenda.next_job(now)
        assert isinstance(job, Arm) and not job.is_write
        seen.append((job.register, job.value))
        reply(agenda, job, now, value)
    now = ticks_add(now, 100)
    job = agenda.next_job(now)
    assert seen == [(257, 10000), (262, 60)]
    assert job.is_write and (job.function, job.register) == (6, 262)
    buffer = [0]
    assert job.fill(buffer) == 1 and buffer == [60]
    reply(agenda, job, now)
    assert agenda.step() is None


def test_a_refused_watchdog_register_does_not_stop_the_device():
    agenda, now = bench("sinexcel_pws2")
    reply(agenda, agenda.next_job(now), now, 0)
    for _ in range(2):  # the read, then the write
        job = agenda.next_job(now)
        job.refused(ExceptionReply("pcs1", 327, 6, 2), now)
        agenda.answered(job, now)
    assert agenda.step() is None and not agenda.steps[-1].accepted


def test_the_order_is_decrease_control_increase_slow():
    agenda, now = bench("heidelberg_ec")
    now = start_up(agenda, now, 100)
    now = ticks_add(now, 3500)  # everything is due, nothing for so long that it would rank higher
    setpoint = agenda.device.setpoints["limit_w"]
    setpoint.want(4140)
    ranks = []
    job = agenda.next_job(now)
    assert isinstance(job, Command)
    ranks.append(agenda.rank)
    reply(agenda, job, now)
    setpoint.want(11040)
    for _ in range(3):
        now = ticks_add(now, 100)
        job = agenda.next_job(now)
        ranks.append(agenda.rank)
        reply(agenda, job, now, *([160] * job.count))
    assert ranks == [RANK_DECREASE, RANK_CONTROL, RANK_INCREASE, RANK_SLOW]
    assert setpoint.held == 11040


def test_an_increase_does_not_wait_for_ever_behind_control_readings():
    agenda, now = bench("cn_pile_v2")
    setpoint = agenda.device.setpoints["limit_w"]
    setpoint.want(20000)
    reply(agenda, agenda.next_job(now), now)
    setpoint.want(50000)
    waited = 0
    while True:  # a line so slow that the block is due whenever it is free
        now = ticks_add(now, 250)
        waited += 250
        job = agenda.next_job(now)
        reply(agenda, job, now)
        if isinstance(job, Command):
            break
        assert waited < 2000
    assert setpoint.held == 50000


def test_readings_keep_their_period():
    agenda, now = bench("acrel_dtsd1352")
    times = {0x16A: [], 0x0A: []}
    for step in range(4000):
        at = ticks_add(now, step)
        job = agenda.next_job(at)
        if job is not None:
            times[job.register].append(step)
            reply(agenda, job, at)
    assert 38 <= len(times[0x16A]) <= 41 and 2 <= len(times[0x0A]) <= 3
    gaps = [b - a for a, b in zip(times[0x16A], times[0x16A][1:])]
    assert max(gaps) <= 102


def test_the_period_of_a_device_can_be_set():
    agenda, now = bench("acrel_dtsd1352", poll_ms=500)
    assert agenda.blocks[0].period_ms == 500


def test_a_device_that_needs_a_pause_gets_it():
    agenda, now = bench("heidelberg_ec")
    reply(agenda, agenda.next_job(now), now)
    assert agenda.next_job(ticks_add(now, 99)) is None
    assert agenda.idle_ms(ticks_add(now, 40)) == 60
    assert agenda.next_job(ticks_add(now, 100)) is not None


def probe_gaps(agenda, now, count):
    """ms between the probes of a device that never answers."""
    gaps, last = [], None
    for _ in range(400000):
        job = agenda.next_job(now)
        if job is not None:
            silence(agenda, job, now)
            if last is not None:
                gaps.append(ticks_diff(now, last))
            last = now
            if len(gaps) == count:
                return gaps
        now = ticks_add(now, 50 if agenda.device.health.quarantined else 10)
    raise AssertionError(gaps)


def test_a_dead_device_on_a_shared_line_is_probed_ever_more_rarely():
    agenda, now = bench("bcu_generic", alone=False)
    gaps = probe_gaps(agenda, now, 12)
    assert gaps[0] < 600 and gaps[1] < 600, "three tries before it counts as dead"
    assert gaps[2:] == [2000, 4000, 8000, 16000, 32000, 64000, 128000, 256000, 300000, 300000]


def test_a_dead_gun_is_probed_at_least_every_ten_seconds():
    agenda, now = bench("cn_pile_v2", alone=False)
    assert probe_gaps(agenda, now, 8)[2:] == [2000, 4000, 8000, 10000, 10000, 10000]


def test_a_dead_device_alone_on_its_bus_is_probed_often():
    agenda, now = bench("acrel_dtsd1352", alone=True)
    assert probe_gaps(agenda, now, 8)[2:] == [250, 500, 1000, 2000, 2000, 2000]


def test_a_deaf_gun_is_probed_with_the_decrease_that_it_may_still_hear():
    agenda, now = bench("cn_pile_v2", alone=False)
    agenda.device.setpoints["limit_w"].want(0)
    kinds = []
    for _ in range(20):
        job = agenda.next_job(now)
        if job is not None:
            kinds.append(isinstance(job, Command))
            silence(agenda, job, now)
        now = ticks_add(now, 10000)
    assert kinds[:3] == [True, True, True]
    assert True in kinds[3:] and False in kinds[3:]


def test_a_new_decrease_reaches_a_silent_device_out_of_turn_but_not_too_often():
    agenda, now = bench("cn_pile_v2", alone=False)
    setpoint = agenda.device.setpoints["limit_w"]
    setpoint.want(40000)
    while not agenda.device.health.quarantined:
        silence(agenda, agenda.next_job(now), now)
    probe_ms = ticks_add(now, 2000)
    now = ticks_add(now, 900)
    assert agenda.next_job(now) is None, "40 kW were sent already"
    setpoint.want(50000)
    assert agenda.next_job(ticks_add(now, 600)) is None, "more is not pressing"
    setpoint.want(30000)
    assert agenda.next_job(now) is None and agenda.idle_ms(now) == 100
    now = ticks_add(now, 100)
    job = agenda.next_job(now)
    assert isinstance(job, Command) and agenda.rank == RANK_CONTROL
    silence(agenda, job, now)
    setpoint.want(20000)
    assert agenda.next_job(ticks_add(now, 999)) is None
    assert agenda.next_job(probe_ms) is not None, "the probes keep their own rhythm"


def test_a_device_that_comes_back_is_read_back_and_its_setpoint_sent_again():
    agenda, now = bench("alpitronic_hyc")
    now = start_up(agenda, now, 0)
    setpoint = agenda.device.setpoints["limit_w"]
    setpoint.want(150000)
    while setpoint.held != 150000:
        reply(agenda, agenda.next_job(now), now)
        now = ticks_add(now, 10)
    for _ in range(3):
        now = ticks_add(now, 300)
        silence(agenda, agenda.next_job(now), now)
    assert agenda.device.health.quarantined
    now = ticks_add(now, 250)
    reply(agenda, agenda.next_job(now), now)
    assert not agenda.device.health.quarantined
    job = agenda.next_job(now)
    assert isinstance(job, ReadBack)
    reply(agenda, job, now, 0, 20000)  # it had fallen back
    assert setpoint.held == 20000
    kinds = []
    for _ in range(4):
        job = agenda.next_job(now)
        if job is None:
            break
        kinds.append(isinstance(job, Command))
        reply(agenda, job, now)
    assert True in kinds and setpoint.held == 150000


def test_noise_alone_isolates_a_device_only_after_many_damaged_answers():
    agenda, now = bench("acrel_dtsd1352", alone=False)
    count = 0
    while not agenda.device.health.quarantined:
        count += 1
        now = ticks_add(now, 300)
        silence(agenda, agenda.next_job(now), now, silent=False)
    assert count == 12


def test_a_device_silent_for_a_minute_has_no_values_however_the_ticks_wrap():
    agenda, now = bench("acrel_dtsd1352")
    dev = agenda.device
    reply(agenda, agenda.next_job(now), now, 0, 1000)
    assert dev.readings["power_w"].quality == GOOD and dev.alive(now)
    assert dev.alive(ticks_add(now, 999)) and not dev.alive(ticks_add(now, 1001))
    for _ in range(60):
        now = ticks_add(now, 2000)
        job = agenda.next_job(now)
        if job is not None:
            silence(agenda, job, now)
    assert dev.readings["power_w"].quality == ABSENT
    assert not dev.alive(ticks_add(dev.health.last_good_ms, 0)), "as it would look after the ticks have wrapped"


def test_a_register_refused_three_times_is_asked_for_rarely():
    agenda, now = bench("bcu_generic")
    block = agenda.blocks[0]
    asked = 0
    for _ in range(200):
        now = ticks_add(now, 100)
        job = agenda.next_job(now)
        if job is not None and job is not block:
            reply(agenda, job, now)
        elif job is block:
            asked += 1
            block.schedule(now)
            block.refused(ExceptionReply("bms1", block.register, 3, 2), now)
            agenda.answered(block, now)
    assert asked == 3
    assert agenda.device.readings["alarm"].quality == ABSENT


def test_a_stopped_pcs_is_started_before_its_setpoint():
    agenda, now = bench("sinexcel_pws2")
    now = start_up(agenda, now)
    agenda.device.readings["status"].good(0x80, now)
    assert agenda.next_job(now) is not agenda.start, "nobody has asked for anything"
    agenda.device.setpoints["power_w"].want(-20000)
    job = agenda.next_job(now)
    assert job is agenda.start and agenda.rank == RANK_DECREASE
    buffer = [0]
    job.fill(buffer)
    assert (job.function, job.register, buffer) == (6, 650, [1])
    reply(agenda, job, now)
    assert isinstance(agenda.next_job(now), Command)


def test_a_device_that_answers_but_is_something_else_is_asked_again_later():
    agenda, now = bench("sunspec_inverter", alone=False)
    for _ in range(3):
        job = agenda.next_job(now)
        job.refused(ExceptionReply("pv1", job.register, 3, 2), now)
        agenda.answered(job, now)
    assert agenda.device.health.quarantined and agenda.next_job(now) is None
    assert agenda.next_job(ticks_add(now, 2000)) is agenda.steps[0]


def exception(code):
    return ExceptionReply("d", 0, 3, code)


def asked_until_given_up(agenda, block, now, code, steps=40, step_ms=50):
    """Times (ms from now) at which `block` goes out while the device answers it with exception `code`."""
    times = []
    for step in range(steps):
        at = ticks_add(now, step * step_ms)
        job = agenda.next_job(at)
        if job is block:
            times.append(step * step_ms)
            block.schedule(at)
            agenda.refused(block, exception(code), at)
        elif job is not None:
            reply(agenda, job, at)
    return times


def only_block(profile, **others):
    agenda, now = bench(profile, alone=False, **others)
    return agenda, agenda.blocks[0], start_up(agenda, now)


def test_a_busy_device_is_asked_again_after_100_to_1000_ms():
    agenda, block, now = only_block("cn_pile_v2")
    times = asked_until_given_up(agenda, block, now, 6, 800, 10)
    gaps = [b - a for a, b in zip(times, times[1:])]
    assert gaps[:4] == [100, 200, 400, 800] and set(gaps[4:]) == {1000}, gaps
    assert agenda.device.readings["power_w"].why != WHY_REFUSED, "busy says nothing about the register"
    now = ticks_add(now, 9000)
    reply(agenda, agenda.next_job(now), now)
    agenda.refused(block, exception(6), now)
    assert agenda.idle_ms(now) == 100, "an answer ends the series"


def test_a_device_that_only_acknowledges_is_asked_again_after_half_a_second():
    agenda, block, now = only_block("cn_pile_v2")
    times = asked_until_given_up(agenda, block, now, 5, 200, 10)
    assert {b - a for a, b in zip(times, times[1:])} == {500}, times


def test_a_failure_is_repeated_twice_at_once_and_then_in_its_own_time():
    for code in (4, 8):
        agenda, block, now = only_block("cn_pile_v2")
        period_ms = block.period_ms
        times = asked_until_given_up(agenda, block, now, code, 2000, 1)
        gaps = [b - a for a, b in zip(times, times[1:])]
        assert gaps[:2] == [1, 1] and gaps[2] > period_ms - 20 and gaps[3:5] == [1, 1], (code, gaps)
        assert agenda.device.readings["power_w"].quality == ABSENT
        assert agenda.device.readings["power_w"].why == WHY_REFUSED and agenda.device.readings["power_w"].found == code


def test_a_register_refused_for_a_moment_keeps_its_value():
    agenda, block, now = only_block("cn_pile_v2")
    reading = agenda.device.readings["power_w"]
    reply(agenda, block, now, *([0] * 4 + [50] + [0] * 8))
    assert reading.quality == GOOD
    for code in (2, 2):
        now = ticks_add(now, 300)
        agenda.refused(block, exception(code), now)
        assert reading.quality == GOOD and not block.is_unsupported
    now = ticks_add(now, 300)
    agenda.refused(block, exception(2), now)
    assert block.is_unsupported and reading.quality == ABSENT and reading.why == WHY_REFUSED


def test_one_register_that_the_device_lacks_does_not_cost_the_others():
    agenda, now = bench("acrel_dtsd1352", alone=False)
    slow = [block for block in agenda.blocks if len(block.fields) > 1][0]
    count, names = len(agenda.blocks), [field.point.name for field in slow.fields]
    for _ in range(3):
        now = ticks_add(now, 3000)
        slow.schedule(now)
        agenda.refused(slow, exception(2), now)
    parts = [block for block in agenda.blocks if block.fields[0].point.name in names]
    assert len(agenda.blocks) == count - 1 + len(names) and len(parts) == len(names) == 2
    for part in parts:
        assert slow.register <= part.register and part.register + part.count <= slow.register + slow.count
    agenda.refused(parts[1], exception(2), now)
    reply(agenda, parts[0], now, *([0] * (parts[0].count - 1) + [9]))
    readings = agenda.device.readings
    assert readings[names[0]].quality == GOOD and readings[names[1]].quality == ABSENT
    assert ticks_diff(parts[1].due_ms, now) == 60000 and parts[0] in agenda.blocks


def test_a_write_that_is_refused_for_good_is_repeated_rarely_but_another_value_goes_out_at_once():
    agenda, now = bench("cn_pile_v2")
    setpoint = agenda.device.setpoints["limit_w"]
    setpoint.want(20000)
    tries = []
    for step in range(1, 1500):
        at = ticks_add(now, 100 * step)
        job = agenda.next_job(at)
        if isinstance(job, Command) and job.setpoint is setpoint:
            tries.append(100 * step)
            job.fill([0] * 8)
            agenda.refused(job, exception(3), at)
        elif job is not None:
            reply(agenda, job, at)
    assert [b - a for a, b in zip(tries, tries[1:])] == [1000, 1000, 60000, 60000], tries
    setpoint.want(10000)
    at = ticks_add(at, 1)
    job = agenda.next_job(at)
    assert isinstance(job, Command) and agenda.rank == RANK_DECREASE


def test_a_write_to_a_busy_device_counts_as_possibly_held_until_it_is_repeated():
    agenda, now = bench("cn_pile_v2")
    setpoint = agenda.device.setpoints["limit_w"]
    setpoint.want(20000)
    job = agenda.next_job(now)
    reply(agenda, job, now)
    setpoint.want(50000)
    now = ticks_add(now, 2000)
    while agenda.next_job(now) is not job:
        reply(agenda, agenda.next_job(now), now)
    job.fill([0] * 8)
    agenda.refused(job, exception(6), now)
    assert setpoint.upper == 50000 and setpoint.held == 20000
    assert agenda.next_job(ticks_add(now, 99)) is None
    setpoint.want(10000)
    assert agenda.next_job(ticks_add(now, 100)) is job and agenda.rank == RANK_DECREASE


def test_a_babbling_device_is_isolated_after_three_tries():
    agenda, now = bench("acrel_dtsd1352", alone=False)
    count = 0
    while not agenda.device.health.quarantined:
        count += 1
        now = ticks_add(now, 300)
        agenda.next_job(now).unanswered(now)
        agenda.unanswered(False, now, True)
    assert count == 3


def test_a_babbling_gun_is_asked_ever_more_rarely_because_nobody_is_heard_meanwhile():
    agenda, now = bench("cn_pile_v2", alone=False)
    setpoint = agenda.device.setpoints["limit_w"]
    gaps, last = [], None
    while len(gaps) < 8:
        job = agenda.next_job(now)
        if job is not None:
            job.unanswered(now)
            agenda.unanswered(False, now, True)
            if last is not None:
                gaps.append(ticks_diff(now, last))
            last = now
        now = ticks_add(now, 10)
    assert gaps[2:] == [15000, 30000, 60000, 120000, 240000, 300000], gaps
    now = ticks_add(last, 20)
    setpoint.want(1000)
    assert agenda.next_job(ticks_add(last, 9990)) is None, "a new decrease waits too"
    job = agenda.next_job(ticks_add(last, 10000))
    assert isinstance(job, Command)
    reply(agenda, job, ticks_add(last, 10000))
    assert not agenda.device.health.quarantined


def test_a_device_that_must_settle_after_a_write_gets_the_time():
    agenda, now = bench("cn_pile_v2")
    agenda.device.profile = type("Slow", (type(agenda.device.profile),), {"post_write_settle_ms": 500})()
    agenda.device.setpoints["limit_w"].want(20000)
    job = agenda.next_job(now)
    assert job.is_write
    reply(agenda, job, now)
    assert agenda.next_job(ticks_add(now, 499)) is None and agenda.idle_ms(ticks_add(now, 100)) == 400
    job = agenda.next_job(ticks_add(now, 500))
    assert job is not None and not job.is_write
    reply(agenda, job, ticks_add(now, 500))
    assert agenda.next_job(ticks_add(now, 2000)) is not None


def test_a_pause_as_long_as_the_period_starves_no_slow_reading_and_no_read_back():
    points = (Point("power_w", 3, 0, u16), Point("energy_wh", 3, 500, u16, slow=True))
    outputs = (Output("limit_w", 6, 900, high=9000), Output("run", 6, 950, high=2))
    dev = made_up(Table("gun", points=points, outputs=outputs, request_gap_ms=300), max_w=9000)
    agenda, started = Agenda(dev, 16, False), ticks_ms()
    now, times = started, {}
    while ticks_diff(now, started) < 60000:
        job = agenda.next_job(now)
        if job is not None:
            times.setdefault(job.register, []).append(ticks_diff(now, started))
            reply(agenda, job, now)
        now = ticks_add(now, 20)
    longest = {0: 600, 500: 2000 + 5000 + 900, 900: 5000 + 5000 + 900, 950: 5000 + 5000 + 900}
    for register, longest_ms in longest.items():
        gaps = [b - a for a, b in zip(times[register], times[register][1:])]
        assert gaps and max(gaps) <= longest_ms, (register, gaps)


def test_a_line_that_was_gone_for_longer_than_ticks_can_tell_is_used_at_once():
    agenda, now = bench("acrel_dtsd1352", alone=False)
    reply(agenda, agenda.next_job(now), now)
    for _ in range(3):
        now = ticks_add(now, 3000)
        silence(agenda, agenda.next_job(now), now)
    now = ticks_add(now, -600000)  # ticks have wrapped: every time that was kept seems to lie ahead
    assert agenda.next_job(now) is None
    agenda.lost(now)
    job = agenda.next_job(now)
    assert job is not None
    reply(agenda, job, now)
    assert agenda.next_job(now) is not None, "the other block"


def test_a_device_that_was_silent_for_weeks_is_used_at_once_when_it_comes_back():
    agenda, now = bench("sinexcel_pws2", alone=False)
    now = start_up(agenda, now)
    setpoint = agenda.device.setpoints["power_w"]
    setpoint.want(5000)
    while setpoint.held != 5000:
        reply(agenda, agenda.next_job(now), now)
        now = ticks_add(now, 10)
    while not agenda.device.health.quarantined:
        now = ticks_add(now, 300)
        silence(agenda, agenda.next_job(now) or agenda.blocks[0], now)
    for _ in range(7 * 24 * 120):  # every half minute for a week: what was due then now seems to lie ahead
        now = ticks_add(now, 30000)
        job = agenda.next_job(now)
        if job is not None:
            silence(agenda, job, now)
    while agenda.next_job(now) is None:
        now = ticks_add(now, 1000)
    reply(agenda, agenda.next_job(now), now)
    asked, refreshed = set(), False
    for _ in range(600):
        now = ticks_add(now, 100)
        job = agenda.next_job(now)
        if job is not None:
            asked.add(job)
            refreshed = refreshed or isinstance(job, Command)
            reply(agenda, job, now, *([0] * (job.count - 1) + [50] if isinstance(job, ReadBack) else ()))
    assert all(block in asked for block in agenda.blocks) and refreshed, "within its watchdog of a minute"
