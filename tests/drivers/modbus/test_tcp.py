# runs on: cpython, micropython
from drivers.modbus.errors import ExceptionReply, ModbusError, ProtocolError, Timeout
from drivers.modbus.tcp import TcpFramer


def receive(framer, data):
    for i, byte in enumerate(data):
        framer.rx[i] = byte
    try:
        return framer.take(len(data)) or framer.missing(len(data))
    except ModbusError as error:
        return error


def reading(transaction=6):
    framer = TcpFramer(transaction)
    framer.request_read("pcs1", 1, 3, 122, 2)
    return framer


GOOD = b"\x00\x07\x00\x00\x00\x07\x01\x03\x04\x12\x34\x56\x78"


def test_a_request_has_the_header_of_the_standard():
    framer = TcpFramer(6)
    n = framer.request_read("pcs1", 1, 3, 122, 2)
    assert bytes(framer.tx[:n]) == b"\x00\x07\x00\x00\x00\x06\x01\x03\x00\x7a\x00\x02"
    n = framer.request_write("gun1", 3, 16, 100, [1, 0x5160], 2)
    assert bytes(framer.tx[:n]) == b"\x00\x08\x00\x00\x00\x0b\x03\x10\x00\x64\x00\x02\x04\x00\x01\x51\x60"


def test_the_longest_frames_fit_the_buffers():
    framer = TcpFramer()
    framer.request_read("d", 1, 3, 0, 125)
    assert framer.reply_bytes == 259
    assert framer.request_write("d", 1, 16, 0, [1] * 123, 123) == 259


def test_the_transaction_id_wraps():
    framer = TcpFramer(0xFFFE)
    seen = []
    for _ in range(4):
        framer.request_read("d", 1, 3, 0, 1)
        seen.append((framer.tx[0], framer.tx[1]))
        answer = bytes(framer.tx[:4]) + b"\x00\x05\x01\x03\x02\x00\x2a"
        assert receive(framer, answer) == 9
    assert seen == [(0xFF, 0xFF), (0, 0), (0, 1), (0, 2)]


def test_a_good_answer_gives_its_data_once_it_is_whole():
    framer = reading()
    for i, byte in enumerate(GOOD):
        framer.rx[i] = byte
        at = framer.take(i + 1)
        assert bool(at) == (i == len(GOOD) - 1), i
    assert bytes(framer.rx[at : at + 4]) == b"\x12\x34\x56\x78"


def test_an_answer_to_another_transaction_is_refused():
    error = receive(reading(transaction=7), GOOD)
    assert isinstance(error, ProtocolError)
    assert error.expected == "transaction 8" and error.found == 7


def test_answers_with_a_wrong_field_are_refused():
    for at, byte in ((2, 1), (3, 9), (5, 6), (5, 8), (6, 2), (7, 4), (8, 2)):
        data = bytearray(GOOD)
        data[at] = byte
        error = receive(reading(), data)
        assert isinstance(error, ProtocolError), (at, error)
        assert error.device == "pcs1" and error.register == 122


def test_two_answers_at_once_are_refused():
    assert isinstance(receive(reading(), GOOD + GOOD), ProtocolError)


def test_an_impossible_length_is_refused_before_it_is_waited_for():
    for length in (0, 2, 255, 0xFFFF):
        data = b"\x00\x07\x00\x00" + bytes((length >> 8, length & 0xFF))
        assert isinstance(receive(reading(), data), ProtocolError), length


def test_an_exception_reply_carries_its_code():
    error = receive(reading(), b"\x00\x07\x00\x00\x00\x03\x01\x83\x06")
    assert isinstance(error, ExceptionReply) and error.code == 6 and not error.is_permanent


def test_silence_and_half_an_answer_are_told_apart():
    assert isinstance(receive(reading(), b""), Timeout)
    error = receive(reading(), GOOD[:9])
    assert isinstance(error, ProtocolError) and "9 bytes" in str(error)
