"""No bytes on a DL/T 645 line raise anything but a typed error, and none but a whole frame becomes a value."""

from hypothesis import given
from hypothesis import strategies as st

from drivers.dlt645 import READ, Dlt645Framer, bcd3_signed, bcd4
from drivers.modbus.errors import ModbusError

POWER = 0x02030000
# Bytes that frames are made of come more often than chance would bring them.
WIRE = st.lists(st.one_of(st.sampled_from([0x68, 0xFE, 0x16, 0x91, 0xD1, 0xAA, 0x07, 0x33, 0x36, 0x35, 0x01]),
                          st.integers(0, 255)), max_size=260)  # fmt: skip


def framer():
    made = Dlt645Framer({"meter": "000000000001"})
    made.request_read("meter", 1, READ, POWER, 3)
    return made


def frame(data, control=0x91, head=b"\x01\x00\x00\x00\x00\x00"):
    body = b"\x68" + head + b"\x68" + bytes([control, 7]) + b"\x33\x33\x36\x35" + bytes(b + 0x33 & 0xFF for b in data)
    return body + bytes([sum(body) & 0xFF, 0x16])


def heard(made, wire, cuts):
    """Index of the data, None without any; the bytes come in pieces."""
    ends = sorted({min(cut, len(wire)) for cut in cuts} | {len(wire)})
    for have in ends:
        made.rx[:have] = wire[:have]
        at = made.take(have)
        if at:
            return at
    error = made.missing(len(wire))
    assert isinstance(error, ModbusError) and str(error)
    return None


@given(WIRE, st.lists(st.integers(0, 260), max_size=6))
def test_any_bytes_in_any_pieces_give_a_value_or_a_typed_error(wire, cuts):
    try:
        heard(framer(), bytes(wire), cuts)
    except ModbusError as error:
        assert str(error)


@given(st.binary(max_size=60), st.binary(min_size=3, max_size=3), st.integers(0, 16), st.integers(1, 255))
def test_a_whole_frame_is_found_behind_noise_and_a_damaged_one_never(noise, data, place, flip):
    noise = noise.replace(b"\x68", b"")
    made = framer()
    good = frame(data)
    at = heard(made, noise + good, [])
    assert bytes(made.rx[at : at + 3]) == data
    damaged = bytearray(good)
    damaged[min(place, len(good) - 1)] ^= flip
    try:
        assert heard(framer(), bytes(damaged), []) is None
    except ModbusError:
        pass


@given(st.binary(min_size=4, max_size=4))
def test_any_digits_give_an_integer(data):
    total = bcd4(data, 0)
    assert total == int(data[::-1].hex()) if data.hex().isdigit() else total > 1 << 30
    assert isinstance(bcd3_signed(data, 0), int)
