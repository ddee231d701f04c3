# runs on: cpython, micropython
from drivers.decode import (
    bit,
    f32,
    f32_lw,
    rounded,
    s16,
    s32,
    s32_lw,
    s64,
    s64_lw,
    u8_high,
    u8_low,
    u16,
    u32,
    u32_lw,
    u64,
    u64_lw,
)  # fmt: skip


def test_words_are_joined_in_both_orders():
    data = b"\x00\x01\xe2\x40"
    assert u16(data, 2) == 0xE240 and s16(data, 2) == -7616
    assert (u8_high(data, 2), u8_low(data, 2)) == (0xE2, 0x40)
    assert u32(data, 0) == 123456 and s32(data, 0) == 123456
    assert u32_lw(b"\xe2\x40\x00\x01", 0) == 123456
    assert s32(b"\xff\xfe\x1d\xc0", 0) == -123456 and s32_lw(b"\x1d\xc0\xff\xfe", 0) == -123456


def test_the_ends_of_the_ranges():
    assert s16(b"\x80\x00", 0) == -32768 and s16(b"\x7f\xff", 0) == 32767
    assert u32(b"\xff\xff\xff\xff", 0) == 0xFFFFFFFF
    assert s32(b"\x80\x00\x00\x00", 0) == -0x80000000 and s32(b"\xff\xff\xff\xff", 0) == -1


def test_64_bit_counters_in_both_orders():
    assert u64(b"\0\0\0\0\x00\x01\xe2\x40", 0) == 123456 and u64(b"\0\0\0\1\0\0\0\2", 0) == (1 << 32) + 2
    assert u64_lw(b"\xe2\x40\x00\x01\0\0\0\0", 0) == 123456 and u64_lw(b"\0\2\0\0\0\1\0\0", 0) == (1 << 32) + 2
    assert s64(b"\xff\xff\xff\xff\xff\xfe\x1d\xc0", 0) == -123456
    assert s64_lw(b"\x1d\xc0\xff\xfe\xff\xff\xff\xff", 0) == -123456
    assert u64(b"\xff" * 8, 0) == (1 << 64) - 1 and s64(b"\x80" + b"\0" * 7, 0) == -(1 << 63)


def test_bits_come_lowest_first():
    assert [bit(b"\x05\x80", i) for i in range(16)] == [1, 0, 1] + [0] * 12 + [1]


def test_floats_become_integers_without_floats():
    # Bytes of IEEE 754 singles, worked out by hand.
    assert f32(b"\x00\x00\x00\x00", 0) == 0
    assert f32(b"\x3f\x80\x00\x00", 0) == 1
    assert f32(b"\xbf\x80\x00\x00", 0) == -1
    assert f32(b"\x46\x9c\x40\x00", 0) == 20000
    assert f32(b"\x3f\x00\x00\x00", 0) == 1  # 0.5
    assert f32(b"\x3e\xff\xff\xff", 0) == 0  # just below 0.5
    assert f32(b"\xc7\xc3\x50\x00", 0) == -100000
    assert f32(b"\x4b\x80\x00\x01", 0) == 16777218
    assert f32_lw(b"\x50\x00\xc7\xc3", 0) == -100000


def test_floats_are_scaled_before_they_are_rounded():
    assert f32(b"\x41\x45\x70\xa4", 0, 1000) == 12340  # 12.34 kW
    assert f32(b"\xc1\x45\x70\xa4", 0, 1000) == -12340
    assert f32(b"\x41\x45\x70\xa4", 0, -1000) == -12340
    assert f32(b"\x45\x0f\xc0\x00", 0, 1, 10) == 230  # 2300 in 0.1 V
    assert f32(b"\x3f\x00\x00\x00", 0, 1, 2) == 0 and f32(b"\x3f\x80\x00\x00", 0, 1, 2) == 1  # 0.25 and 0.5
    assert f32(b"\x49\x96\xb4\x38", 0, 1000) == 1234567000  # 1234567 kWh


def test_no_number_is_none_and_a_huge_one_saturates():
    for high in (b"\x7f\xc0", b"\x7f\x80", b"\xff\x80", b"\xff\xff"):
        assert f32(high + b"\0\0", 0) is None and f32_lw(b"\0\0" + high, 0) is None
    assert f32(b"\x7f\x7f\xff\xff", 0, 1, 100000) > 1 << 50 and f32(b"\xff\x7f\xff\xff", 0, 1, 100000) < -1 << 50
    assert f32(b"\x00\x00\x00\x01", 0, 1000) == 0 and f32(b"\x80\x7f\xff\xff", 0, 1000) == 0


def test_division_rounds_to_the_nearest():
    assert [rounded(v, 10) for v in (4, 5, 14, 15, -4, -5, -15)] == [0, 1, 1, 2, 0, -1, -2]
