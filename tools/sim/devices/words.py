"""Numbers as 16-bit register words, high word first unless said otherwise."""

import struct


def u16(value):
    """An unsigned word; a value beyond the register stays at its end, as a saturated transducer does."""
    return max(0, min(0xFFFF, round(value)))


def s16(value):
    """A signed word (two's complement), saturated at -32768..32767."""
    return max(-0x8000, min(0x7FFF, round(value))) & 0xFFFF


def counter16(value):
    """A counter that starts again at 0 after 65535."""
    return round(value) & 0xFFFF


def u32(value):
    """Two words of an unsigned number, saturated."""
    number = max(0, min(0xFFFFFFFF, round(value)))
    return [number >> 16, number & 0xFFFF]


def s32(value):
    """Two words of a signed number (two's complement), saturated."""
    number = max(-0x80000000, min(0x7FFFFFFF, round(value))) & 0xFFFFFFFF
    return [number >> 16, number & 0xFFFF]


def u64(value):
    """Four words of an unsigned number."""
    number = max(0, round(value))
    return [(number >> shift) & 0xFFFF for shift in (48, 32, 16, 0)]


def low_first(words):
    """The same two words, low word first."""
    return [words[1], words[0]]


def f32(value):
    """Two words of an IEEE 754 single, high word first."""
    return list(struct.unpack(">HH", struct.pack(">f", value)))


def text(string, registers):
    """ASCII in `registers` words, two characters each, padded with zero bytes."""
    raw = string.encode("ascii")[: 2 * registers].ljust(2 * registers, b"\0")
    return [raw[i] << 8 | raw[i + 1] for i in range(0, len(raw), 2)]
