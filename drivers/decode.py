"""Registers to integers: functions (buffer, index of the first byte) -> raw integer. Nothing is allocated below 2^30 (a
board's small int).

Word order: BE = high word first (the usual one); `_lw` = low word first. `bit` takes an index in bits, not bytes; the
floats take the factor by which they are multiplied before they are rounded.
"""

SMALL_MAX = (1 << 30) - 1  # largest small integer of a 32-bit board
POW10 = (1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000)
_BEYOND = 1 << 60  # what a float beyond every reading becomes


def bit(buf, i) -> int:
    """Bit i of a coil or discrete-input answer: the first one is the lowest bit of the first byte."""
    return buf[i >> 3] >> (i & 7) & 1


def u16(buf, i) -> int:
    return buf[i] << 8 | buf[i + 1]


def s16(buf, i) -> int:
    raw = buf[i] << 8 | buf[i + 1]
    return raw - 0x10000 if raw & 0x8000 else raw


def u8_high(buf, i) -> int:
    return buf[i]


def u8_low(buf, i) -> int:
    return buf[i + 1]


def u32(buf, i) -> int:
    return u16(buf, i) << 16 | u16(buf, i + 2)


def s32(buf, i) -> int:
    return s16(buf, i) << 16 | u16(buf, i + 2)


def u32_lw(buf, i) -> int:
    return u16(buf, i + 2) << 16 | u16(buf, i)


def s32_lw(buf, i) -> int:
    return s16(buf, i + 2) << 16 | u16(buf, i)


def u64(buf, i) -> int:
    return u32(buf, i) << 32 | u32(buf, i + 4)


def s64(buf, i) -> int:
    return s32(buf, i) << 32 | u32(buf, i + 4)


def u64_lw(buf, i) -> int:
    return u32_lw(buf, i + 4) << 32 | u32_lw(buf, i)


def s64_lw(buf, i) -> int:
    return s32_lw(buf, i + 4) << 32 | u32_lw(buf, i)


def f32(buf, i, num=1, den=1):
    """IEEE 754 single times num / den, rounded to the nearest integer (halves away from zero) without a float; None for
    NaN and the infinities. Exact below 2^58, beyond every reading above; small integers only while num and the result
    are below 2^17 and 2^29."""
    return _scaled_float(u16(buf, i), u16(buf, i + 2), num, den)


def f32_lw(buf, i, num=1, den=1):
    return _scaled_float(u16(buf, i + 2), u16(buf, i), num, den)


def _scaled_float(high, low, num, den):
    exponent = high >> 7 & 0xFF
    if exponent == 255:
        return None
    if num < 0:
        num = -num
        high ^= 0x8000
    if not exponent:  # zero, or smaller than 2^-126
        return 0
    # The 24 bits of the mantissa are multiplied in two halves, so that no product leaves 31 bits; `shift` keeps one bit
    # below the integer for the rounding.
    upper, lower = ((high & 0x7F | 0x80) << 4 | low >> 12) * num, (low & 0xFFF) * num
    shift = exponent - 150 + 1
    if shift > 36:
        return -_BEYOND if high & 0x8000 else _BEYOND
    if shift >= -12:
        doubled = (upper << (12 + shift)) + (lower << shift if shift >= 0 else lower >> -shift)
    elif shift > -60:
        doubled = (upper + (lower >> 12)) >> (-shift - 12)
    else:
        doubled = 0
    value = (doubled // den + 1) >> 1
    return -value if high & 0x8000 else value


FLOATS = (f32, f32_lw)
WORDS = {
    bit: 1, u16: 1, s16: 1, u8_high: 1, u8_low: 1, u32: 2, s32: 2, u32_lw: 2, s32_lw: 2, u64: 4, s64: 4, u64_lw: 4,
    s64_lw: 4, f32: 2, f32_lw: 2,
}  # fmt: skip

# What a device sends for a point that it does not have (SunSpec information model specification; D for the unsigned
# types). Signed types also use the largest positive value (seen on Huawei inverters, evcc driver).
NOT_U16 = (0xFFFF,)
NOT_S16 = (-0x8000, 0x7FFF)
NOT_U32 = (0xFFFFFFFF,)
NOT_S32 = (-0x80000000, 0x7FFFFFFF)
NOT_U64 = (0xFFFFFFFFFFFFFFFF,)
NOT_S64 = (-0x8000000000000000, 0x7FFFFFFFFFFFFFFF)


def rounded(value: int, divisor: int) -> int:
    """value / divisor to the nearest integer, halves away from zero."""
    if value < 0:
        return -((-value + divisor // 2) // divisor)
    return (value + divisor // 2) // divisor
