# runs on: cpython, micropython
"""Each feature of a point, one at a time, on registers worked out by hand."""

from drivers.decode import NOT_U16, bit, f32, f32_lw, s16, s32_lw, u16, u32, u64
from drivers.point import COUNTER_MAX, Point
from drivers.reading import ABSENT, WHY_IMPLAUSIBLE, WHY_NOT_IMPLEMENTED
from tests.drivers.tables import Table, blocks, device, read


def one(point, registers, bits=(), **params):
    dev = device(Table("gun", points=(point,)), **params)
    return read(dev, registers, bits)[point.name]


def power(function=3, register=10, decode=u16, **features):
    return Point("power_w", function, register, decode, low=-20000000, high=20000000, **features)


def test_a_float_in_kilowatts_becomes_watts():
    registers = {10: 0x4145, 11: 0x70A4}  # 12.34
    assert one(power(decode=f32, num=1000), registers) == 12340
    assert one(power(decode=f32_lw, num=1000), {10: 0x70A4, 11: 0x4145}) == 12340
    assert one(power(decode=f32, num=-1000), registers) == -12340
    assert one(power(decode=f32, num=1000, times=("ct_ratio",)), registers, ct_ratio=40) == 493600
    assert one(power(decode=f32, den=10), {10: 0x450F, 11: 0xC000}) == 230


def test_a_float_that_is_no_number_or_beyond_the_range_is_absent_and_says_why():
    for high, why in ((0x7FC0, WHY_NOT_IMPLEMENTED), (0x7F80, WHY_NOT_IMPLEMENTED), (0xFF80, WHY_NOT_IMPLEMENTED),
                      (0x4F00, WHY_IMPLAUSIBLE), (0xFF7F, WHY_IMPLAUSIBLE)):  # fmt: skip
        dev = device(Table("gun", points=(power(decode=f32),)))
        read(dev, {10: high, 11: 0})
        assert (dev.readings["power_w"].quality, dev.readings["power_w"].why) == (ABSENT, why), high


def test_low_word_first_and_64_bits():
    assert one(power(decode=s32_lw), {10: 0xFFFF - 0x1234, 11: 0xFFFF}) == -0x1235
    counter = Point("energy_wh", 4, 7, u64, high=COUNTER_MAX)
    assert one(counter, {7: 0, 8: 1, 9: 0, 10: 5}) == (1 << 32) + 5
    assert one(counter, {7: 5, 8: 0, 9: 0, 10: 5}) is None
    small = Point("energy_wh", 4, 7, u64, den=1000)
    assert one(small, {8: 1, 9: 0, 10: 0}) == 4294967 and one(small, {8: 0x1000}) is None


def test_discrete_inputs_and_coils_are_read_by_bit():
    for function in (1, 2):
        point = Point("state", function, 1003, bit, meaning={0: 0, 1: 4})
        assert one(point, {}, bits=(1003,)) == 4 and one(point, {}, bits=(1002, 1004)) == 0
    level = Point("state", 2, 5, lambda buf, i: 2 * bit(buf, i + 1) + bit(buf, i), words=2)
    assert one(level, {}, bits=(6,)) == 2 and one(level, {}, bits=(5, 7)) == 1


def test_a_current_that_counts_from_minus_1600_ampere():
    point = power(offset=-16000, den=10)
    assert one(point, {10: 16000}) == 0 and one(point, {10: 15000}) == -100 and one(point, {10: 17005}) == 101


def test_the_sign_comes_from_another_register():
    point = power(register=21, sign=(-1, 0x8000))
    assert one(point, {20: 0xFFFF, 21: 500}) == -500 and one(point, {20: 3, 21: 500}) == 500
    charging = power(register=21, sign=(-21, 0x0002), num=-1)
    assert one(charging, {0: 2, 21: 500}) == 500 and one(charging, {0: 4, 21: 500}) == -500
    floating = power(decode=f32, sign=(2, 1))
    assert one(floating, {10: 0x469C, 11: 0x4000, 12: 1}) == -20000


def test_a_limit_in_ampere_times_the_voltage_is_watts():
    point = Point("energy_wh", 4, 59, u16, product=(-58, u16), den=100, absent=NOT_U16, high=5000000)
    assert one(point, {1: 7680, 59: 2000}) == 153600  # 768.0 V x 200.0 A
    assert one(point, {1: 0xFFFF, 59: 2000}) is None and one(point, {1: 7680, 59: 0xFFFF}) is None
    assert one(point, {1: 60000, 59: 60000}) is None, "36 MW is no battery"


def test_a_decimal_point_register_scales_and_num_and_den_still_hold():
    kilowatts = power(decode=s16, scale_at=1)  # raw x 10^dp W
    assert one(kilowatts, {10: 0x10000 - 123, 11: 2}) == -12300
    volts = power(scale_at=1, scale_add=-3, num=10)  # raw x 10^(dp - 3) V in 0.1 V
    assert one(volts, {10: 7685, 11: 2}) == 7685 and one(volts, {10: 7685, 11: 3}) == 76850
    soc = Point("soc_permille", 3, 11, u16, scale_at=45, num=10, high=1000)
    assert one(soc, {11: 6130, 56: 0x10000 - 2}) == 613 and one(soc, {11: 61, 56: 0}) == 610
    assert one(soc, {11: 6130, 56: 0}) is None


def test_an_unknown_feature_is_a_mistake_of_the_table():
    try:
        power(scale=10)
    except TypeError as error:
        assert "power_w" in str(error) and "scale" in str(error)
    else:
        raise AssertionError("taken")


def test_a_cabinet_has_the_readings_that_its_profile_lists():
    table = Table("cabinet", extra=("module_1_dc", "pump"), points=(
        Point("module_1_dc", 3, 0, s16, low=-400, high=1500), Point("pump", 2, 0, bit)))  # fmt: skip
    assert read(device(table), {0: 355}, bits=(0,)) == {"module_1_dc": 355, "pump": 1}


def reads(**attributes):
    points = (power(register=13, decode=u32), Point("energy_wh", 3, 20, u32), Point("state", 3, 100, u16),
              Point("soc_permille", 2, 7, bit))  # fmt: skip
    return blocks(device(Table("gun", points=points, **attributes)))


def test_reads_are_merged_as_the_device_allows():
    assert reads() == [(2, 7, 1, False), (3, 13, 9, False), (3, 100, 1, False)]
    assert reads(even_reads=True) == [(2, 6, 2, False), (3, 12, 10, False), (3, 100, 2, False)]
    assert reads(single_reads=True) == [(2, 7, 1, False), (3, 13, 2, False), (3, 20, 2, False), (3, 100, 1, False)]
    assert reads(max_read=6)[1:3] == [(3, 13, 2, False), (3, 20, 2, False)]
    fixed = ((3, 12, 20), (2, 0, 8, True))
    assert reads(fixed_reads=fixed) == [(3, 12, 20, False), (2, 0, 8, True)]


def test_two_readings_of_one_register_share_its_read():
    points = (Point("state", 3, 5, u16), Point("power_w", 3, 5, u16, num=10), Point("energy_wh", 3, 7, u16))
    dev = device(Table("gun", points=points, single_reads=True))
    assert blocks(dev) == [(3, 5, 1, False), (3, 7, 1, False)]
    assert read(dev, {5: 3, 7: 8})["power_w"] == 30


def test_a_device_is_not_asked_more_often_than_it_can_stand():
    from drivers.plan import Plan

    table = Table("gun", points=(power(),), min_poll_ms=1000)
    assert Plan(device(table, poll_ms=100), 40).blocks[0].period_ms == 1000
    assert Plan(device(table, poll_ms=3000), 40).blocks[0].period_ms == 3000
