# runs on: cpython, micropython
"""Setpoints of several writes, as the bus drives them: fill, then the device's answer."""

from drivers.command import DECREASE, INCREASE, NOTHING, REFRESH
from drivers.modbus.errors import ExceptionReply
from drivers.output import ALWAYS, IF_NEGATIVE, IF_POSITIVE, IF_ZERO, MAGNITUDE, RAW, Output
from drivers.plan import Plan
from drivers.sequence import Step
from tests.drivers.tables import Table, device

STEPS = (
    Step(6, 49, 2, once=True),
    Step(6, 50, 0xAA, when=IF_POSITIVE),
    Step(6, 50, 0xBB, when=IF_NEGATIVE),
    Step(6, 50, 0xCC, when=IF_ZERO),
    Step(16, 51, MAGNITUDE, words=2, low_first=True, when=IF_POSITIVE | IF_NEGATIVE),
)


def command(steps=STEPS, **features):
    features.setdefault("low", -9000)
    features.setdefault("high", 9000)
    output = Output("power_w", 6, 51, steps=steps, read_function=0, **features)
    dev = device(Table("pcs", outputs=(output,), base=lambda params: 13000), rated_w=9000)
    plan = Plan(dev, 16)
    return plan, plan.commands[0], dev.setpoints["power_w"]


def run(job, now_ms=100, refuse=(), lose=()):
    """The writes of one run of the sequence; ends at the first that is refused or lost."""
    seen = []
    buffer = [0] * 8
    while job.urgency(now_ms):
        count = job.fill(buffer)
        seen.append((job.function, job.register, buffer[:count]))
        if job.register in refuse:
            job.refused(ExceptionReply("d", job.register, job.function, 3), now_ms)
            return seen
        if job.register in lose:
            job.unanswered(now_ms)
            return seen
        job.replied(b"", 0, now_ms, now_ms)
    return seen


def test_the_steps_go_out_in_order_and_the_last_answer_counts():
    plan, job, setpoint = command()
    setpoint.want(3000)
    assert run(job) == [(6, 13049, [2]), (6, 13050, [0xAA]), (16, 13051, [3000, 0])]
    assert setpoint.held == 3000 and setpoint.upper == 3000 and job.urgency(200) == NOTHING


def test_each_sign_has_its_own_steps_and_a_register_that_wears_out_is_written_once():
    plan, job, setpoint = command()
    setpoint.want(3000)
    run(job)
    setpoint.want(-3000)
    assert run(job) == [(6, 13050, [0xBB]), (16, 13051, [3000, 0])]
    setpoint.want(0)
    assert run(job) == [(6, 13050, [0xCC])] and setpoint.held == 0
    plan.restart()
    setpoint.want(10)
    assert run(job)[0] == (6, 13049, [2])


def test_until_the_last_answer_both_values_may_be_held():
    plan, job, setpoint = command()
    setpoint.want(3000)
    run(job)
    setpoint.want(1000)
    assert job.urgency(200) == DECREASE
    assert run(job, 200, lose=(13051,)) == [(6, 13050, [0xAA]), (16, 13051, [1000, 0])]
    assert setpoint.upper == 3000 and setpoint.held == 3000
    setpoint.want(5000)
    assert job.urgency(300) == INCREASE
    run(job, 300, lose=(13050,))
    assert setpoint.upper == 5000
    assert run(job, 400) == [(6, 13050, [0xAA]), (16, 13051, [5000, 0])] and setpoint.upper == 5000


def test_a_step_that_is_refused_starts_the_sequence_again_later():
    plan, job, setpoint = command()
    setpoint.want(3000)
    run(job)
    setpoint.want(4000)
    run(job, 200, refuse=(13050,))
    assert setpoint.upper == 3000, "nothing has been changed"
    assert job.urgency(300) == NOTHING
    run(job, 5000, refuse=(13051,))
    assert setpoint.upper == 4000, "partly done: it may hold either"
    assert run(job, 9000) == [(6, 13050, [0xAA]), (16, 13051, [4000, 0])] and setpoint.held == 4000


def test_another_wish_in_between_starts_from_the_first_step():
    plan, job, setpoint = command()
    buffer = [0] * 8
    setpoint.want(3000)
    for _ in range(2):
        assert job.urgency(100) == DECREASE  # nothing is known yet: it may hold its maximum
        job.fill(buffer)
        job.replied(b"", 0, 100, 100)
    setpoint.want(-500)
    assert job.urgency(100) == DECREASE
    assert run(job) == [(6, 13050, [0xBB]), (16, 13051, [500, 0])] and setpoint.upper == -500


def test_a_read_back_in_between_is_not_believed():
    plan, job, setpoint = command()
    setpoint.want(3000)
    run(job)
    setpoint.want(500)
    job.urgency(200)
    job.fill([0] * 8)
    job.replied(b"", 0, 200, 200)
    job.read_back(500, 210)
    assert setpoint.upper == 3000


def test_a_refresh_writes_the_whole_sequence():
    plan, job, setpoint = command()
    setpoint.want(3000)
    run(job)
    assert job.urgency(100 + job.refresh_ms) == REFRESH
    assert run(job, 100 + job.refresh_ms) == [(6, 13050, [0xAA]), (16, 13051, [3000, 0])]


def test_contents_may_be_the_raw_value_a_parameter_or_computed():
    half = Step(6, 3, lambda dev, raw: raw // 2, when=ALWAYS)
    steps = (Step(6, 0, RAW), Step(6, 1, "rated_w"), Step(6, 2, "nothing"), half)
    plan, job, setpoint = command(steps, num=1, den=10)
    setpoint.want(-8000)
    assert run(job) == [(6, 13000, [0x10000 - 800]), (6, 13001, [9000]), (6, 13002, [0]), (6, 13003, [0x10000 - 400])]


def test_a_single_step_that_wears_out_still_acknowledges():
    plan, job, setpoint = command((Step(6, 0, 7, once=True),))
    setpoint.want(1)
    assert run(job) == [(6, 13000, [7])]
    setpoint.want(2)
    assert run(job) == [(6, 13000, [7])] and setpoint.held == 2


def test_writes_keep_the_pause_that_the_device_asks_for():
    output = Output("limit_w", 6, 5004, high=22000)
    dev = device(Table("gun", outputs=(output,), write_gap_ms=5000), max_w=22000)
    job = Plan(dev, 16).commands[0]
    dev.setpoints["limit_w"].want(10000)
    job.fill([0] * 8)
    job.replied(b"", 0, 1000, 1000)
    dev.setpoints["limit_w"].want(8000)
    assert job.urgency(5900) == NOTHING and job.idle_ms(5900) == 100
    assert job.urgency(6000) == DECREASE
