# runs on: cpython, micropython
from drivers.decode import s32, u32
from drivers.plan import Plan
from drivers.point import Point
from drivers.reading import ABSENT, GOOD, SUSPECT
from tests.drivers.tables import Table, device, read


def pair(value):
    return {0: value >> 16 & 0xFFFF, 1: value & 0xFFFF}


def samples(point, values, step_ms=100, role="pv", **params):
    """(value, quality) of the reading after each sample."""
    dev = device(Table(role, points=(point,)), **params)
    plan, at_ms, seen = Plan(dev, 16), 1000, []
    for value in values:
        read(dev, pair(value), at_ms=at_ms, plan=plan)
        reading = dev.readings[point.name]
        seen.append((reading.value, reading.quality, at_ms - reading.at_ms))
        at_ms += step_ms
    return seen


POWER = Point("power_w", 3, 0, s32, low=-400000, high=400000)


def test_a_power_that_jumps_by_more_than_the_rating_is_not_believed_once():
    seen = samples(POWER, (100000, 350000, 101000, 102000), rated_w=160000)
    assert seen == [(100000, GOOD, 0), (100000, SUSPECT, 100), (101000, GOOD, 0), (102000, GOOD, 0)]


def test_two_in_a_row_are_believed():
    seen = samples(POWER, (0, 350000, 351000, 0, 100), rated_w=160000)
    assert [s[:2] for s in seen] == [(0, GOOD), (0, SUSPECT), (351000, GOOD), (351000, SUSPECT), (100, GOOD)]


def test_a_jump_within_the_rating_or_after_a_pause_is_believed():
    assert samples(POWER, (0, 160000, 0), rated_w=160000)[1:] == [(160000, GOOD, 0), (0, GOOD, 0)]
    assert samples(POWER, (0, 350000), step_ms=2100, rated_w=160000)[1] == (350000, GOOD, 0)


def test_a_meter_has_no_rating_unless_its_table_or_the_station_file_gives_one():
    assert samples(POWER, (0, 350000), role="meter")[1] == (350000, GOOD, 0)
    jumpy = Point("power_w", 3, 0, s32, high=400000, jump=50000)
    assert samples(jumpy, (0, 50001), role="meter")[1] == (0, SUSPECT, 100)
    seen = samples(POWER, (1000, 1000 + 65536, 1010, 60000), role="meter", jump_w=62100)
    assert seen == [(1000, GOOD, 0), (1000, SUSPECT, 100), (1010, GOOD, 0), (60000, GOOD, 0)], "of the station file"


COUNTER = Point("energy_wh", 3, 0, u32, num=10, high=1 << 50)


def test_a_word_spike_of_a_counter_is_not_believed():
    seen = samples(COUNTER, (65530, 65530 + 65536, 65531, 65533), 2000, "gun", max_w=11000)
    assert [s[:2] for s in seen] == [(655300, GOOD), (655300, SUSPECT), (655310, GOOD), (655330, GOOD)]
    seen = samples(COUNTER, (131072 + 5, 65536 + 5, 131072 + 6), 2000, "gun", max_w=11000)
    assert [s[1] for s in seen] == [GOOD, SUSPECT, GOOD]


def test_a_counter_that_starts_again_is_believed_at_the_second_sample():
    seen = samples(COUNTER, (500, 0, 1), 2000, "gun", max_w=11000)
    assert [s[:2] for s in seen] == [(5000, GOOD), (5000, SUSPECT), (10, GOOD)]


def test_a_counter_may_rise_by_what_its_device_gives_in_the_time_between():
    assert samples(COUNTER, (0, 91), 60000, "gun", max_w=36000)[1][1] == GOOD  # 910 Wh in a minute: 54 kW
    assert samples(COUNTER, (0, 200), 60000, "gun", max_w=36000)[1][1] == SUSPECT


def test_a_first_sample_is_believed_and_absent_ones_do_not_count():
    dev = device(Table("pv", points=(POWER,)), rated_w=160000)
    plan = Plan(dev, 16)
    reading = dev.readings["power_w"]
    read(dev, pair(150000), at_ms=0, plan=plan)
    read(dev, pair(0x7FFFFFFF), at_ms=100, plan=plan)
    assert reading.quality == ABSENT
    read(dev, pair(-100000), at_ms=200, plan=plan)
    assert reading.quality == ABSENT, "no good value to fall back on since"
    read(dev, pair(-100000), at_ms=300, plan=plan)
    assert (reading.value, reading.quality) == (-100000, GOOD)


def test_every_reason_has_a_text_in_both_languages():
    from drivers import reading, reading_texts

    reasons = sorted([getattr(reading, name) for name in dir(reading) if name.startswith("WHY_")])
    assert reasons == list(range(len(reasons)))
    assert len(reading_texts.WHY_ZH) == len(reading_texts.WHY_EN) == len(reasons)
