# runs on: cpython, micropython
from drivers.device import Health


def test_the_share_of_answers_within_a_time_is_told_by_its_bucket():
    health = Health()
    assert health.turnaround_ms(500) == 0, "nothing has answered yet"
    for _ in range(98):
        health.add_turnaround(5)
    health.add_turnaround(40)
    health.add_turnaround(700)
    assert health.turnaround_ms(500) == 6 and health.turnaround_ms(990) == 48 and health.turnaround_ms(1000) == 700
    assert health.turnaround_max_ms == 700


def test_a_bucket_never_promises_more_than_the_longest_time_seen():
    health = Health()
    health.add_turnaround(33)
    assert health.turnaround_ms(500) == health.turnaround_ms(990) == 33


def test_times_beyond_the_last_bucket_are_kept_as_the_longest():
    health = Health()
    for _ in range(3):
        health.add_turnaround(5000)
    assert health.turnaround_ms(500) == 5000


def test_old_answers_fade_and_no_counter_overflows():
    health = Health()
    for _ in range(70000):
        health.add_turnaround(100)
    for _ in range(9000):
        health.add_turnaround(2)
    assert health.turnaround_ms(500) == 2 and health.turnaround_ms(990) == 128 - 28
    assert health.turnaround_max_ms == 100


def test_a_new_device_has_counted_nothing():
    health = Health()
    assert (health.requests, health.answers, health.ok, health.closed) == (0, 0, 0, 0) and not health.ever_answered
