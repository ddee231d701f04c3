# runs on: cpython, micropython
from drivers.decode import f32, rounded, s16, s32, s32_lw, u16, u32, u32_lw, u64_low


def test_words_are_joined_in_both_orders():
    data = b"\x00\x01\xe2\x40"
    assert u16(data, 2) == 0xE240 and s16(data, 2) == -7616
    assert u32(data, 0) == 123456 and s32(data, 0) == 123456
    assert u32_lw(b"\xe2\x40\x00\x01", 0) == 123456
    assert s32(b"\xff\xfe\x1d\xc0", 0) == -123456 and s32_lw(b"\x1d\xc0\xff\xfe", 0) == -123456


def test_the_ends_of_the_ranges():
    assert s16(b"\x80\x00", 0) == -32768 and s16(b"\x7f\xff", 0) == 32767
    assert u32(b"\xff\xff\xff\xff", 0) == 0xFFFFFFFF
    assert s32(b"\x80\x00\x00\x00", 0) == -0x80000000 and s32(b"\xff\xff\xff\xff", 0) == -1


def test_a_64_bit_counter_gives_its_low_half_while_the_high_one_is_zero():
    assert u64_low(b"\0\0\0\0\x00\x01\xe2\x40", 0) == 123456
    assert u64_low(b"\0\0\0\1\x00\x01\xe2\x40", 0) == -1


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
    assert f32(b"\x7f\xc0\x00\x00", 0) > 1 << 31 and f32(b"\x7f\x80\x00\x00", 0) > 1 << 31


def test_division_rounds_to_the_nearest():
    assert [rounded(v, 10) for v in (4, 5, 14, 15, -4, -5, -15)] == [0, 1, 1, 2, 0, -1, -2]
