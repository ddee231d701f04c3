"""Which registers a point needs. Only loaded where blocks are made: at the start, and for a device that lacks one."""

import sys

from drivers.decode import bit, s16, s32, s32_lw, u8_high, u8_low, u16, u32, u32_lw
from drivers.jobs import REFUSALS_TO_GIVE_UP, Block

_WORDS = {bit: 1, u16: 1, s16: 1, u8_high: 1, u8_low: 1, u32: 2, s32: 2, u32_lw: 2, s32_lw: 2}


def span(point):
    """(first, last + 1) register offset from the point's own that one read must cover."""
    first, end = 0, point.words or _words(point.decode)
    if point.scale_at is not None:
        first, end = min(first, point.scale_at), max(end, point.scale_at + 1)
    if point.sign is not None:
        first, end = min(first, point.sign[0]), max(end, point.sign[0] + 1)
    if point.product is not None:
        offset, decode = point.product
        first, end = min(first, offset), max(end, offset + _words(decode))
    return first, end


def is_float(function) -> bool:
    """`function` decodes a float: then `drivers.decode_wide` has been loaded, and is left alone otherwise."""
    wide = sys.modules.get("drivers.decode_wide")
    return wide is not None and function in wide.FLOATS


def _words(function):
    if function in _WORDS:
        return _WORDS[function]
    from drivers import decode_wide

    return decode_wide.WORDS[function]


def parts(block) -> tuple:
    """One block for each field, asked for at once: one register that the device lacks must not cost the others. Each
    part has one more try before it counts as unsupported itself."""
    blocks = []
    each_word = 1 if block.function < 3 else 2
    for i in range(len(block.fields)):
        field = block.fields[i]
        first, end = span(field.point)
        at = -first * each_word
        own = type(field)(field.point, at, field.num, field.low, field.high, field.slack, field.counts_w)
        register = block.register + field.at // each_word + first
        part = Block(block.function, register, end - first, block.period_ms, block.slow, (own,), (block.readings[i],))
        part.refusals = REFUSALS_TO_GIVE_UP - 1
        blocks.append(part)
    return tuple(blocks)
