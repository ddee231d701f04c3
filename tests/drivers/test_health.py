# runs on: cpython, micropython
from drivers.health import Health, Turnaround


def test_the_share_of_answers_within_a_time_is_told_by_its_bucket():
    turnaround = Turnaround()
    assert turnaround.at_ms(500) == 0, "nothing has answered yet"
    for _ in range(98):
        turnaround.add(5)
    turnaround.add(40)
    turnaround.add(700)
    assert turnaround.at_ms(500) == 6 and turnaround.at_ms(990) == 48 and turnaround.at_ms(1000) == 700
    assert turnaround.max_ms == 700 and turnaround.last_ms == 700


def test_a_bucket_never_promises_more_than_the_longest_time_seen():
    turnaround = Turnaround()
    turnaround.add(33)
    assert turnaround.at_ms(500) == turnaround.at_ms(990) == 33


def test_times_beyond_the_last_bucket_are_kept_as_the_longest():
    turnaround = Turnaround()
    for _ in range(3):
        turnaround.add(5000)
    assert turnaround.at_ms(500) == 5000


def test_old_answers_fade_and_no_counter_overflows():
    turnaround = Turnaround()
    for _ in range(70000):
        turnaround.add(100)
    for _ in range(9000):
        turnaround.add(2)
    assert turnaround.at_ms(500) == 2 and turnaround.at_ms(990) == 128 - 28
    assert turnaround.max_ms == 100


def test_a_new_device_has_counted_nothing():
    health = Health()
    assert (health.requests, health.answers, health.ok, health.closed) == (0, 0, 0, 0) and not health.ever_answered
