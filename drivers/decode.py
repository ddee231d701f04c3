"""Registers to integers: functions (buffer, index of the first byte) -> raw integer. Nothing is allocated below 2^30 (a
board's small int).

Word order: BE = high word first (the usual one); LW = low word first.
"""

SMALL_MAX = (1 << 30) - 1  # largest small integer of a 32-bit board
POW10 = (1, 10, 100, 1000, 10000, 100000, 1000000, 10000000, 100000000, 1000000000)


def u16(buf, i) -> int:
    return buf[i] << 8 | buf[i + 1]


def s16(buf, i) -> int:
    raw = buf[i] << 8 | buf[i + 1]
    return raw - 0x10000 if raw & 0x8000 else raw


def u32(buf, i) -> int:
    return u16(buf, i) << 16 | u16(buf, i + 2)


def s32(buf, i) -> int:
    return s16(buf, i) << 16 | u16(buf, i + 2)


def u32_lw(buf, i) -> int:
    return u16(buf, i + 2) << 16 | u16(buf, i)


def s32_lw(buf, i) -> int:
    return s16(buf, i + 2) << 16 | u16(buf, i)


def u64_low(buf, i) -> int:
    """The low 32 bits of a 64-bit BE counter; -1 (implausible) when the high half is not 0."""
    if buf[i] | buf[i + 1] | buf[i + 2] | buf[i + 3]:
        return -1
    return u32(buf, i + 4)


def f32(buf, i) -> int:
    """IEEE 754 single, BE, rounded to the nearest integer without a float. NaN and infinity give 1 << 40 (implausible
    everywhere)."""
    exponent = (buf[i] & 0x7F) << 1 | buf[i + 1] >> 7
    if exponent == 255:
        return 1 << 40
    mantissa = (buf[i + 1] & 0x7F | 0x80) << 16 | buf[i + 2] << 8 | buf[i + 3]
    shift = exponent - 150
    if shift >= 0:
        value = mantissa << min(shift, 30)
    elif shift < -24:
        value = 0
    else:
        value = (mantissa + (1 << (-shift - 1))) >> -shift
    return -value if buf[i] & 0x80 else value


WORDS = {u16: 1, s16: 1, u32: 2, s32: 2, u32_lw: 2, s32_lw: 2, u64_low: 4, f32: 2}

# What a SunSpec device sends for a point that it does not have (SunSpec information model specification; D for the
# unsigned types).
# Signed types also use the largest positive value (seen on Huawei inverters, evcc driver).
NOT_U16 = (0xFFFF,)
NOT_S16 = (-0x8000, 0x7FFF)
NOT_U32 = (0xFFFFFFFF,)
NOT_S32 = (-0x80000000, 0x7FFFFFFF)


def rounded(value: int, divisor: int) -> int:
    """value / divisor to the nearest integer, halves away from zero."""
    if value < 0:
        return -((-value + divisor // 2) // divisor)
    return (value + divisor // 2) // divisor
