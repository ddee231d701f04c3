"""What few devices need to turn registers into integers: 64 bits, floats, scale factors. See `drivers.decode`.

The floats take the factor by which they are multiplied before they are rounded.
"""

from drivers.decode import bit, s16, s32, s32_lw, u8_high, u8_low, u16, u32, u32_lw

POW10 = (1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000)
_BEYOND = 1 << 60  # what a float beyond every reading becomes


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
