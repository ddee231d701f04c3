"""Registers to integers: functions (buffer, index of the first byte) -> raw integer. Nothing is allocated below 2^30 (a
board's small int).

Word order: BE = high word first (the usual one); `_lw` = low word first. `bit` takes an index in bits, not bytes. The
functions for 64 bits and floats, and POW10, WORDS and FLOATS, are in `drivers.decode_wide`, which is loaded when the
first of them is asked for here.
"""

SMALL_MAX = (1 << 30) - 1  # largest small integer of a 32-bit board


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


def __getattr__(name):
    from drivers import decode_wide

    return getattr(decode_wide, name)
