"""Floats against CPython's own fractions; no register content raises anything."""

import struct
from fractions import Fraction

from hypothesis import given
from hypothesis import strategies as st

from drivers import decode, decode_wide
from drivers.decode import FLOATS, WORDS, f32, f32_lw

FINITE = st.floats(width=32, allow_nan=False, allow_infinity=False)


def nearest(value):
    """To the nearest integer, halves away from zero."""
    return int(abs(value) + Fraction(1, 2)) * (-1 if value < 0 else 1)


@given(FINITE, st.integers(-(1 << 17), 1 << 17).filter(bool), st.integers(1, 1 << 17))
def test_a_scaled_float_is_the_nearest_integer(value, num, den):
    data = struct.pack(">f", value)
    exact = Fraction(value) * num / den
    found = f32(data, 0, num, den)
    assert found == f32_lw(data[2:] + data[:2], 0, num, den)
    if abs(value) < 2**58:
        # Subnormals count as zero.
        assert found == (nearest(exact) if abs(value) >= 2.0**-126 else 0)
    else:
        assert abs(found) >= 2**50 or found == nearest(exact)


@given(st.binary(min_size=12, max_size=12), st.integers(0, 4))
def test_no_content_of_the_registers_raises_anything(data, at):
    for function in WORDS:
        value = function(data, at)
        assert value is None and function in FLOATS or isinstance(value, int)


def test_every_decoder_has_its_width():
    every = set(dir(decode) + dir(decode_wide))
    names = [name for name in every if name[:1] in "usf" and name[1:2].isdigit() or name == "bit"]
    assert sorted(names) == sorted(function.__name__ for function in WORDS)
