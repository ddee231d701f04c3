"""Whatever comes down the wire, a framer gives the answer, asks for more, or raises one of its typed errors."""

from hypothesis import given, settings
from hypothesis import strategies as st

from drivers.modbus import rare
from drivers.modbus.errors import ExceptionReply, ModbusError
from drivers.modbus.framer import MAX_FRAME
from drivers.modbus.rtu import RtuFramer
from drivers.modbus.tcp import TcpFramer
from tests.drivers.fake_line import crc

FRAMERS = st.sampled_from([RtuFramer, TcpFramer])
UNITS = st.integers(1, 247)
REGISTERS = st.integers(0, 0xFFFF)
WORDS = st.integers(0, 0xFFFF)


# function: fewest and most words of a write.
WRITES = {5: (1, 1), 6: (1, 1), 15: (1, 1968), 16: (1, 123), 22: (2, 2), 23: (1, 121)}


@st.composite
def requests(draw):
    framer = draw(FRAMERS)()
    unit, register = draw(UNITS), draw(REGISTERS)
    function = draw(st.sampled_from([1, 2, 3, 4, 5, 6, 15, 16, 22, 23]))
    if function < 5:
        framer.request_read("d", unit, function, register, draw(st.integers(1, 2000 if function < 3 else 125)))
        return framer
    least, most = WRITES[function]
    words = draw(st.lists(WORDS, min_size=least, max_size=min(most, 130)))
    if function == 23:
        rare.read_write(framer, "d", unit, register, draw(st.integers(1, 125)), draw(REGISTERS), words, len(words))
    else:
        framer.request_write("d", unit, function, register, words, len(words))
    return framer


def feed(framer, data, cuts):
    """The framer's verdict on `data` arriving in pieces that end at `cuts`: an index, or a ModbusError."""
    data = data[:MAX_FRAME]
    have = 0
    for end in sorted({c for c in cuts if 0 < c < len(data)} | {len(data)}):
        framer.rx[have:end] = data[have:end]
        have = end
        if have == 0:
            continue
        try:
            at = framer.take(have)
        except ModbusError as error:
            return error
        if at:
            return at
    return framer.missing(have)


def good_answer(framer, data):
    """A correct answer to the framer's request; reads are filled from `data`."""
    n = reads(framer)
    if n:
        pdu = bytes((framer.function, n)) + data[:n].ljust(n, b"\0")
    else:
        pdu = bytes(framer.tx[framer.HEAD : framer.HEAD + (7 if framer.function == 22 else 5)])
    return pdu, wrap(framer, pdu)


def reads(framer):
    """Data bytes that the request in `tx` asks for, by the standard; 0 for a pure write."""
    if framer.function in (5, 6, 15, 16, 22):
        return 0
    count = framer.tx[framer.HEAD + 3] << 8 | framer.tx[framer.HEAD + 4]
    return -(-count // 8) if framer.function < 3 else 2 * count


def wrap(framer, pdu):
    if isinstance(framer, RtuFramer):
        frame = bytes((framer.unit,)) + pdu
        return frame + crc(frame)
    return bytes(framer.tx[:4]) + (len(pdu) + 1).to_bytes(2, "big") + bytes((framer.unit,)) + pdu


@settings(max_examples=400, deadline=None)
@given(requests(), st.binary(max_size=300), st.lists(st.integers(1, 300), max_size=6))
def test_no_bytes_raise_anything_but_the_typed_errors(framer, data, cuts):
    verdict = feed(framer, data, cuts)
    assert isinstance(verdict, (int, ModbusError))
    if isinstance(verdict, ModbusError):
        assert verdict.device == "d" and verdict.register == framer.register and str(verdict)


@settings(max_examples=300, deadline=None)
@given(requests(), st.binary(max_size=250), st.lists(st.integers(1, 300), max_size=8))
def test_a_good_answer_is_taken_however_it_is_cut(framer, data, cuts):
    pdu, frame = good_answer(framer, data)
    at = feed(framer, frame, cuts)
    assert isinstance(at, int), at
    if reads(framer):
        assert bytes(framer.rx[at : at + reads(framer)]) == pdu[2:]


@settings(max_examples=300, deadline=None)
@given(requests(), st.integers(1, 255))
def test_every_exception_code_is_reported_as_itself(framer, code):
    verdict = feed(framer, wrap(framer, bytes((framer.function | 0x80, code))), [])
    assert isinstance(verdict, ExceptionReply) and verdict.code == code


@settings(max_examples=400, deadline=None)
@given(requests(), st.binary(max_size=250), st.data())
def test_a_good_answer_with_one_changed_byte_is_never_taken_for_another_value(framer, data, draw):
    pdu, frame = good_answer(framer, data)
    place = draw.draw(st.integers(0, len(frame) - 1))
    bad = bytearray(frame)
    bad[place] ^= draw.draw(st.integers(1, 255))
    verdict = feed(framer, bytes(bad), [])
    if isinstance(framer, RtuFramer):
        assert isinstance(verdict, ModbusError), verdict
    elif isinstance(verdict, int) and place < 9:
        raise AssertionError("a damaged header was accepted")  # TCP has no check sum over its data


@settings(max_examples=200, deadline=None)
@given(requests(), requests(), st.binary(max_size=250))
def test_the_answer_to_one_request_is_no_answer_to_a_different_one(asked, other, data):
    if type(asked) is not type(other):
        return
    if isinstance(asked, TcpFramer):
        other.tx[1] = 77  # another transaction
    same = (asked.unit, asked.function, asked.reply_bytes) == (other.unit, other.function, other.reply_bytes)
    _, frame = good_answer(other, data)
    verdict = feed(asked, frame, [])
    if isinstance(asked, TcpFramer) or not same:
        assert isinstance(verdict, ModbusError)
